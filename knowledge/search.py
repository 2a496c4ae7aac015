"""What may be shown for a question on a day, at a place: candidates from the snapshot, checked against the database."""

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents import statute_id
from knowledge.embedding import Embedder
from knowledge.importing.statutes import article_number
from knowledge.index import Index
from knowledge.models import Chunk, Document, DocumentVersion, Kind, Level, Place, VersionStatus
from knowledge.normalise import normalise

# Chosen on bench train and the bank, checked on dev; docs/retrieval.md has the figures and the command.
LEXICAL_WEIGHT = 0.025
# A source counts by its own vector and its questions' together, softly the best of both: temperature 0.02 gave dev R@10 .779 / MRR .661
# where the plain maximum gave .765 / .661 (docs/retrieval.md).
BANK_TEMPERATURE = 0.02
# P(a right source is among the first three) from the best raw score and its lead over the tenth.
CALIBRATION = {"bias": -2.06, "top": 4.2, "lead": 34.44}


@dataclass(frozen=True)
class Passage:
    chunk_id: int
    document_id: str
    kind: Kind
    title: str
    ref: str | None
    heading: str | None
    text: str
    topic: str | None
    place_id: str
    in_force_from: date
    in_force_to: date | None
    promulgated_on: date | None
    score: float  # 0...1, how likely this is a right source
    raw: float  # fused cosine, comparable within one question
    details: dict[str, Any] = field(default_factory=dict)
    content: dict[str, Any] = field(default_factory=dict)
    caution: str | None = None  # what residents must know beside it: the law it rests on changed (`law/standing.py`)

    def __repr__(self) -> str:
        return f"Passage({self.title} {self.ref or ''}, {self.score:.2f})"


def places_serving(session: Session, place: str | None) -> set[str]:
    """The place and all that contain it. Without one: the nation and the county, whose rules hold for everybody here."""
    if place is None:
        return set(session.scalars(select(Place.id).where(Place.level.in_([Level.nation, Level.county]))))
    found: set[str] = set()
    here: str | None = place
    while here and here not in found:
        row = session.get(Place, here)
        if row is None:
            break
        found.add(here)
        here = row.parent_id
    return found | {"nation"}


class Searcher:
    """Joins the live snapshot with an embedder. `live` is asked at each search, so a swapped snapshot is seen at once."""

    def __init__(self, *, embedder: Embedder, live: Callable[[], Index]) -> None:
        self.embedder = embedder
        self.live = live

    def search(self, session: Session, query: str, *, day: date, place: str | None = None, kinds: Collection[Kind] = (), boost: dict[Kind, float] | None = None, k: int = 5) -> list[Passage]:
        """Best first, at most one passage an article, clause or document; empty for an empty question.

        Only what is published, in force on `day` and of this place comes back, whatever the snapshot holds.
        """
        text = normalise(query)
        if not text:
            return []
        vector = self.embedder.encode_queries([text])[0]
        # Filters by kind take away most candidates, so more of them are asked for.
        found = self.live().search(text, vector, width=600 if kinds else 150)
        raw = BANK_TEMPERATURE * np.logaddexp(found.dense / BANK_TEMPERATURE, found.bank / BANK_TEMPERATURE) + LEXICAL_WEIGHT * found.lexical
        order = np.argsort(-raw)[: max(300, 20 * k)]
        allowed = self._allowed(session, [int(found.chunk_ids[i]) for i in order], day=day, place=place, kinds=kinds)
        hits: list[tuple[float, int]] = []
        seen: set[tuple[str, str | None]] = set()
        for i in order:
            chunk_id = int(found.chunk_ids[i])
            kept = allowed.get(chunk_id)
            if kept is None or kept[:2] in seen:
                continue
            seen.add(kept[:2])
            hits.append((float(raw[i]) + (boost or {}).get(kept[2], 0.0), chunk_id))
        named = named_article(text)
        if named and not kinds and (row := article_in_force(session, *named, day)):
            # `民法典第1042条` names its source: it comes first, whatever the vectors say.
            hits = [(1.2, row[0].id), *(h for h in hits if h[1] != row[0].id)]
        hits.sort(key=lambda h: -h[0])
        return _passages(session, hits, k)

    def _allowed(self, session: Session, ids: Sequence[int], *, day: date, place: str | None, kinds: Collection[Kind]) -> dict[int, tuple[str, str | None, Kind]]:
        """Document, article and kind of the chunks that may be shown; whole rows are read for the few that are."""
        statement = (
            select(Chunk.id, Document.id, Chunk.ref, Document.kind)
            .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
            .join(Document)
            .where(Chunk.id.in_(ids), DocumentVersion.status == VersionStatus.published, DocumentVersion.in_force_from <= day)
            .where((DocumentVersion.in_force_to.is_(None)) | (DocumentVersion.in_force_to >= day))
            .where(Document.place_id.in_(places_serving(session, place)))
        )
        if kinds:
            statement = statement.where(Document.kind.in_(list(kinds)))
        return {chunk_id: (document_id, ref, kind) for chunk_id, document_id, ref, kind in session.execute(statement)}


def article_in_force(session: Session, law: str, ref: str, day: date) -> tuple[Chunk, DocumentVersion, Document] | None:
    """The article of a statute (short name) as in force on `day`, or None."""
    row = session.execute(
        select(Chunk, DocumentVersion, Document)
        .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
        .join(Document)
        .where(Document.id == statute_id(law), Chunk.ref == ref, DocumentVersion.status == VersionStatus.published, DocumentVersion.in_force_from <= day)
        .where((DocumentVersion.in_force_to.is_(None)) | (DocumentVersion.in_force_to >= day))
    ).first()
    return (row[0], row[1], row[2]) if row else None


_NAMED = re.compile(r"《?(?:中华人民共和国)?([\u4e00-\u9fff]{1,20}?(?:法典|法|条例))》?第?\s*([0-9]{1,4}|[零一二三四五六七八九十百千]{1,9})\s*条(?:之([一二三四五六七八九十]))?")


def named_article(text: str) -> tuple[str, str] | None:
    """`民法典第1042条`, `《刑法》第二百六十四条` -> (民法典, 第一千零四十二条)."""
    found = _NAMED.search(text)
    if not found:
        return None
    law, number, suffix = found.groups()
    try:
        ref = article_number(number) if number.isdigit() else f"第{number}条"
    except ValueError:
        return None
    law = re.sub(r"^.*?(?=民法典|刑法|劳动合同法)", "", law)
    return law, ref + (f"之{suffix}" if suffix else "")


def _passages(session: Session, hits: list[tuple[float, int]], k: int) -> list[Passage]:
    """The first `k` hits (raw score, chunk id; best first), each with how likely it is that the right source is among what is shown."""
    if not hits:
        return []
    tail = hits[min(9, len(hits) - 1)][0]
    statement = select(Chunk, DocumentVersion, Document).join(DocumentVersion, Chunk.version_id == DocumentVersion.id).join(Document)
    rows = {chunk.id: (chunk, version, document) for chunk, version, document in session.execute(statement.where(Chunk.id.in_([h[1] for h in hits[:k]])))}
    passages = []
    for raw, chunk_id in hits[:k]:
        chunk, version, document = rows[chunk_id]
        logit = CALIBRATION["bias"] + CALIBRATION["top"] * raw + CALIBRATION["lead"] * (raw - tail)
        passages.append(
            Passage(
                chunk_id=chunk.id, document_id=document.id, kind=document.kind, title=document.title, ref=chunk.ref, heading=chunk.heading, text=chunk.text,
                topic=document.topic, place_id=document.place_id, in_force_from=version.in_force_from, in_force_to=version.in_force_to,
                promulgated_on=version.promulgated_on, score=round(1 / (1 + math.exp(-logit)), 4), raw=round(raw, 4), details=chunk.details, content=version.content,
            )
        )  # fmt: skip
    return passages

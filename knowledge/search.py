"""What may be shown for a question on a day, at a place: candidates from the snapshot, checked against the database."""

import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.documents import parse_citation, statute_id
from knowledge.embedding import Embedder
from knowledge.errors import CitationNotFound
from knowledge.importing.statutes import article_number
from knowledge.index import Index
from knowledge.indexing import Draft
from knowledge.models import BankQuestion, Chunk, Document, DocumentVersion, Kind, Level, Place, VersionStatus
from knowledge.normalise import normalise

# Chosen on bench train and the bank, checked on dev; docs/retrieval.md has the figures and the command.
LEXICAL_WEIGHT = 0.025
# A source counts by its own vector and its questions' together, softly the best of both: temperature 0.02 gave dev R@10
# .779 / MRR .661
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
    """The place and all that contain it.

    Without one: the nation and the county, whose rules hold for everybody here.
    """
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
    """Joins the live snapshot with an embedder.

    `live` is asked at each search, so a swapped snapshot is seen at once.
    """

    def __init__(self, *, embedder: Embedder, live: Callable[[], Index]) -> None:
        self.embedder = embedder
        self.live = live

    def search(
        self,
        session: Session,
        query: str,
        *,
        day: date,
        place: str | None = None,
        kinds: Collection[Kind] = (),
        boost: dict[Kind, float] | None = None,
        k: int = 5,
        draft: Draft | None = None,
    ) -> list[Passage]:
        """Best first, at most one passage an article, clause or document; empty for an empty question.

        Only what is published, in force on `day` and of this place comes back, whatever the snapshot holds. With
        `draft`, as if that version were published.
        """
        hits = [
            h
            for h in self._hits(session, query, day=day, place=place, kinds=kinds, boost=boost, k=k, draft=draft)
            if h.reason is None
        ]
        return _passages(session, [(h.raw, h.chunk_id) for h in hits], k)

    def explain(
        self,
        session: Session,
        query: str,
        *,
        day: date,
        place: str | None = None,
        kinds: Collection[Kind] = (),
        boost: dict[Kind, float] | None = None,
        k: int = 10,
        draft: Draft | None = None,
    ) -> list["Explained"]:
        """What `search` weighed: what it shows, the `k` best, and among those whatever scored as high and isn't
        shown, with the reason.
        """
        hits = self._hits(session, query, day=day, place=place, kinds=kinds, boost=boost, k=k, draft=draft)
        known = {h.chunk_id for h in hits}
        hits += [
            h
            for h in self._hits(
                session, query, day=day, place=place, kinds=kinds, boost=boost, k=k, draft=draft, everywhere=True
            )
            if h.chunk_id not in known and h.reason is not None
        ]
        hits.sort(key=lambda h: -h.raw)
        passages = {
            p.chunk_id: p for p in _passages(session, [(h.raw, h.chunk_id) for h in hits if h.reason is None], k)
        }
        least = min((p.raw for p in passages.values()), default=-math.inf)
        hidden = [h for h in hits if h.reason is not None and h.raw >= least][: 2 * k]
        kept = sorted([*hidden, *(h for h in hits if h.chunk_id in passages)], key=lambda h: -h.raw)
        rows = {c.id: (c, v, d) for c, v, d in session.execute(_whole.where(Chunk.id.in_([h.chunk_id for h in kept])))}
        ids = sorted({h.question.decode() for h in kept if h.question})
        asked: dict[bytes, str] = {
            q.id.encode(): q.text for q in session.scalars(select(BankQuestion).where(BankQuestion.id.in_(ids)))
        } | (draft.questions if draft else {})
        found = []
        for h in kept:
            if h.chunk_id in rows:
                chunk, version, document = rows[h.chunk_id]
                found.append(
                    Explained(
                        h.chunk_id,
                        version.id,
                        document.id,
                        document.kind,
                        document.title,
                        chunk.ref,
                        chunk.text,
                        document.place_id,
                        h.raw,
                        h.dense,
                        h.bank,
                        asked.get(h.question),
                        h.lexical,
                        h.is_named,
                        passages[h.chunk_id].score if h.chunk_id in passages else None,
                        h.reason,
                    )
                )
        return found

    def _hits(
        self,
        session: Session,
        query: str,
        *,
        day: date,
        place: str | None,
        kinds: Collection[Kind],
        boost: dict[Kind, float] | None,
        k: int,
        draft: Draft | None,
        everywhere: bool = False,
    ) -> list["_Hit"]:
        """Candidates, best first, those that may not be shown with the reason.

        `everywhere`: other villages' texts among them.
        """
        text = normalise(query)
        if not text:
            return []
        vector = self.embedder.encode_queries([text])[0]
        live, serving = self.live(), places_serving(session, place)
        # Filters by kind take away most candidates, so more of them are asked for.
        found = (live.plus(draft.segment) if draft else live).search(
            text, vector, width=600 if kinds else 150, places=None if everywhere else serving
        )
        raw = (
            BANK_TEMPERATURE * np.logaddexp(found.dense / BANK_TEMPERATURE, found.bank / BANK_TEMPERATURE)
            + LEXICAL_WEIGHT * found.lexical
        )
        order = np.argsort(-raw)[: max(300, 20 * k)]
        rows = _looked_up(session, [int(found.chunk_ids[i]) for i in order])
        hits: list[_Hit] = []
        seen: set[tuple[str, str | None]] = set()
        for i in order:
            row = rows.get(int(found.chunk_ids[i]))
            if row is None:
                continue
            key = (row.document_id, row.ref)
            reason = _reason(row, day=day, serving=serving, kinds=kinds, draft=draft) or (
                "同一条已在前面" if key in seen else None
            )
            if reason is None:
                seen.add(key)
            hits.append(
                _Hit(
                    row.id,
                    float(raw[i]) + (boost or {}).get(row.kind, 0.0),
                    float(found.dense[i]),
                    float(found.bank[i]),
                    bytes(found.questions[i]),
                    float(found.lexical[i]),
                    reason,
                )
            )
        named = named_article(text)
        if named and not kinds and (article := article_in_force(session, *named, day)):
            # `民法典第1042条` names its source: it comes first, whatever the vectors say.
            known = next(
                (h for h in hits if h.chunk_id == article[0].id), _Hit(article[0].id, 0.0, 0.0, 0.0, b"", 0.0, None)
            )
            hits = [
                replace(known, raw=1.2, reason=None, is_named=True),
                *(h for h in hits if h.chunk_id != article[0].id),
            ]
        hits.sort(key=lambda h: -h.raw)
        return hits


@dataclass(frozen=True)
class _Hit:
    chunk_id: int
    raw: float
    dense: float
    bank: float
    question: bytes
    lexical: float
    reason: str | None
    is_named: bool = False


@dataclass(frozen=True)
class Explained:
    """Why a passage stands where it does, or why it isn't shown."""

    chunk_id: int
    version_id: int
    document_id: str
    kind: Kind
    title: str
    ref: str | None
    text: str
    place_id: str
    raw: float  # what the order follows
    dense: float  # cosine of the question to the text
    bank: float  # to the nearest question in the bank that points here, 0 where none was near
    question: str | None  # that question
    lexical: float  # common words, 0...1 of the best
    is_named: bool  # the question names this article
    score: float | None  # 0...1, of what is shown
    reason: str | None  # why it isn't shown, in Chinese; None for what is

    @property
    def is_shown(self) -> bool:
        return self.reason is None

    def __repr__(self) -> str:
        return f"Explained({self.title} {self.ref or ''}, {self.raw:.2f}{', ' + self.reason if self.reason else ''})"


_whole = (
    select(Chunk, DocumentVersion, Document)
    .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
    .join(Document, DocumentVersion.document_id == Document.id)
)


def _looked_up(session: Session, ids: Sequence[int]) -> dict[int, Any]:
    """What `_reason` needs of these chunks; whole rows are read for the few that are shown.

    By id alone: with places among the conditions SQLite begins at all documents of a county (42 ms of 48 at 33,000
    documents).
    """
    columns = select(
        Chunk.id,
        Document.id.label("document_id"),
        Chunk.ref,
        Document.kind,
        Document.place_id,
        DocumentVersion.id.label("version_id"),
        DocumentVersion.status,
        DocumentVersion.in_force_from,
        DocumentVersion.in_force_to,
    )
    asked = columns.join(DocumentVersion, Chunk.version_id == DocumentVersion.id).join(
        Document, DocumentVersion.document_id == Document.id
    )
    return {row.id: row for row in session.execute(asked.where(Chunk.id.in_(ids)))}


def _reason(
    row: Any, *, day: date, serving: Collection[str], kinds: Collection[Kind], draft: Draft | None
) -> str | None:
    """The one rule of what residents may see: None for what is shown, else why it isn't."""
    is_draft = draft is not None and row.version_id == draft.version_id
    if not is_draft and row.status is not VersionStatus.published:
        return _ENDED.get(row.status, "草稿没发布")
    if draft is not None and not is_draft and row.document_id == draft.document_id and draft.is_in_force(day):
        return "正在试的这一版会替代它"
    if row.in_force_from > day:
        return f"还没生效（{row.in_force_from} 起）"
    if row.in_force_to is not None and row.in_force_to < day:
        return f"已过有效期（到 {row.in_force_to}）"
    if row.place_id not in serving:
        return "别的村的"
    return "不在要找的种类里" if kinds and row.kind not in kinds else None


_ENDED = {
    VersionStatus.withdrawn: "已撤回",
    VersionStatus.superseded: "已被新版替代",
    VersionStatus.expired: "已过有效期",
}


def article_in_force(session: Session, law: str, ref: str, day: date) -> tuple[Chunk, DocumentVersion, Document] | None:
    """The article of a statute (short name) as in force on `day`, or None."""
    row = session.execute(
        select(Chunk, DocumentVersion, Document)
        .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
        .join(Document)
        .where(
            Document.id == statute_id(law),
            Chunk.ref == ref,
            DocumentVersion.status == VersionStatus.published,
            DocumentVersion.in_force_from <= day,
        )
        .where((DocumentVersion.in_force_to.is_(None)) | (DocumentVersion.in_force_to >= day))
    ).first()
    return (row[0], row[1], row[2]) if row else None


def cited_articles(
    session: Session, citations: Iterable[str], day: date
) -> Iterator[tuple[Chunk, DocumentVersion, Document]]:
    """The articles that `民法典 1042` and its like name, in their order; what can't be read or isn't in force on
    the day is left out.
    """
    for text in citations:
        law = text.strip().rpartition(" ")[0]
        try:
            target = parse_citation(text)
        except CitationNotFound:
            continue
        if target.ref is not None and (row := article_in_force(session, law, target.ref, day)):
            yield row


_NAMED = re.compile(
    r"《?(?:中华人民共和国)?([\u4e00-\u9fff]{1,20}?(?:法典|法|条例))》?第?\s*([0-9]{1,4}"
    r"|[零一二三四五六七八九十百千]{1,9})\s*条(?:之([一二三四五六七八九十]))?"
)


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
    """The first `k` hits (raw score, chunk id; best first), each with how likely it is that the right source is
    among what is shown.
    """
    if not hits:
        return []
    tail = hits[min(9, len(hits) - 1)][0]
    rows = {
        chunk.id: (chunk, version, document)
        for chunk, version, document in session.execute(_whole.where(Chunk.id.in_([h[1] for h in hits[:k]])))
    }
    passages = []
    for raw, chunk_id in hits[:k]:
        chunk, version, document = rows[chunk_id]
        logit = CALIBRATION["bias"] + CALIBRATION["top"] * raw + CALIBRATION["lead"] * (raw - tail)
        passages.append(
            Passage(
                chunk_id=chunk.id,
                document_id=document.id,
                kind=document.kind,
                title=document.title,
                ref=chunk.ref,
                heading=chunk.heading,
                text=chunk.text,
                topic=document.topic,
                place_id=document.place_id,
                in_force_from=version.in_force_from,
                in_force_to=version.in_force_to,
                promulgated_on=version.promulgated_on,
                score=round(1 / (1 + math.exp(-logit)), 4),
                raw=round(raw, 4),
                details=chunk.details,
                content=version.content,
            )
        )
    return passages

"""A question to passages residents may see."""

import math
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from knowledge.documents.models import BankQuestion, BankTarget, Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.encoder.answer_classifier import UNKNOWN, AnswerClassifier, Chances
from knowledge.encoder.embedding import Embedder
from knowledge.normalise import normalise
from knowledge.places import places_serving
from knowledge.search import fit, lexical, rows
from knowledge.search.articles import ENDED, named_in_force
from knowledge.search.index import SOFTNESS, Candidates, Index
from knowledge.search.passages import Draft, Passage, load_passages, whole_text
from knowledge.statutes.citations import named_article, parse_citation

# Chosen on the ways of asking set aside, checked on bench dev; docs/retrieval.md has the figures and the command.
LEXICAL_WEIGHT = 0.08
# Beside equals a text of the resident's own place comes first: the village's rule, the county's subsidy.
LOCAL = 0.06
# What an article gains by an answer that rests on it, by P(answer); chosen on bench dev (docs/retrieval.md).
_RESTED_ON, _ROOT, _LIKELY = 0.05, 0.3, -5.0
_FIRST_CITED, _LATER_CITED = 4, 0.6
_REMEMBERED = 16  # findings
_AT_ONCE = 32  # candidates asked for at a time
# The last clause of a message is compared alone where it has so many characters and so few stand before it.
_CLAUSE, _OWN_CLAUSE, _BEFORE_IT = re.compile(r"[\s，,。；;！!？?]+"), 8, 8
# Texts whose title is a question, which stands for one of their ways of asking.
_TITLED_BY_A_QUESTION = (Kind.answer, Kind.service_guide)
_SMALL_WORDS = 8  # characters by which one way of asking may be longer in small words: 请问一下…怎么弄呢


class Searcher:
    """Joins the live snapshot with an embedder.

    `live` is asked at each search, so a swapped snapshot is seen at once; so is `classifier`, which may be missing.
    """

    def __init__(
        self,
        *,
        embedder: Embedder,
        live: Callable[[], Index],
        classifier: Callable[[], AnswerClassifier | None] = lambda: None,
        draft: Draft | None = None,
    ) -> None:
        """draft: what every search supposes to be published, unless it brings one of its own."""
        self.embedder = embedder
        self.live = live
        self.classifier = classifier
        self._draft = draft
        self._recent = _Recent()
        self._chunks = rows.Chunks()

    def supposing(self, draft: Draft | None) -> "Searcher":
        """The same, as if this version were published."""
        return Searcher(embedder=self.embedder, live=self.live, classifier=self.classifier, draft=draft)

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
        asked = _Asked(normalise(query), day, place, kinds, boost or {}, draft or self._draft)
        hits = [h for h in self._hits(session, asked, k, is_whole=False) if h.reason is None]
        return _loaded(session, hits, asked.text, k)

    def weigh(self, session: Session, query: str, *, day: date, place: str | None = None) -> list[fit.Weighed]:
        """What the second look weighed, best first."""
        asked = _Asked(normalise(query), day, place, (), {}, self._draft)
        hits = self._hits(session, asked, fit.LOOKED_AT, is_whole=False)
        return [h.weighed for h in hits if h.weighed is not None]

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
        asked = _Asked(normalise(query), day, place, kinds, boost or {}, draft or self._draft)
        hits = self._hits(session, asked, k)
        known = {h.chunk_id for h in hits}
        elsewhere = self._hits(session, asked, k, everywhere=True)
        hits += [h for h in elsewhere if h.chunk_id not in known and h.reason is not None]
        hits.sort(key=lambda h: -h.raw)
        shown = _loaded(session, [h for h in hits if h.reason is None], asked.text, k)
        passages = {p.chunk_id: p for p in shown}
        least = min((p.raw for p in shown), default=-math.inf)
        hidden = [h for h in hits if h.reason is not None and h.raw >= least][: 2 * k]
        kept = sorted([*hidden, *(h for h in hits if h.chunk_id in passages)], key=lambda h: -h.raw)
        return _explained(session, kept, passages, asked.draft.questions if asked.draft else {})

    def _hits(
        self, session: Session, asked: "_Asked", k: int, *, everywhere: bool = False, is_whole: bool = True
    ) -> list["_Hit"]:
        """Candidates, best first, those that may not be shown with the reason.

        `everywhere`: other villages' texts among them; `is_whole`: all, not only as many as hold the `k` best that may
        be shown.
        """
        if not asked.text:
            return []
        live, serving = self.live(), places_serving(session, asked.place)
        found, chances = self._found(asked, live, None if everywhere else frozenset(serving))
        named = None if asked.kinds else named_article(asked.text)
        weighing = _Weighing(session, found, asked, serving, _leans(session, chances), most=max(300, 20 * k))
        hits = weighing.all() if is_whole or named else weighing.best(max(k, fit.LOOKED_AT), self._chunks)
        if named and (article := named_in_force(session, named, asked.day)):
            hits = _first(article[0].id, hits)
        hits.sort(key=lambda h: -h.raw)
        return self._looked_at(session, hits, asked, live, chances)

    def _found(self, asked: "_Asked", live: Index, places: frozenset[str] | None) -> tuple[Candidates, Chances]:
        """What index and classifier say to the words, before the database is asked."""
        # Filters by kind take away most candidates, so more of them are asked for.
        width, classifier = 600 if asked.kinds else 150, self.classifier()

        def find() -> tuple[Candidates, Chances]:
            vector = self.embedder.encode_queries([asked.text])[0]
            index = live.plus(asked.draft.segment) if asked.draft else live
            found = index.search(asked.text, vector, width=width, places=places)
            return found, classifier.by_document(asked.text, vector) if classifier else UNKNOWN

        return find() if asked.draft else self._recent((asked.text, width, places), (live, classifier), find)

    def _looked_at(
        self, session: Session, hits: list["_Hit"], asked: "_Asked", live: Index, chances: Chances
    ) -> list["_Hit"]:
        """The best that may be shown once more, by all that was weighed and by their words; what was named stays
        first. They share their raw scores out anew, so that the order still follows those.
        """
        best = [h for h in hits if h.reason is None and not h.is_named][: fit.LOOKED_AT]
        if not best:
            return hits
        weighed = _weighed_words(session, best, asked, live)
        weighed = [replace(one, likely=chances.of(one.document)) for one in weighed]
        order = np.argsort(-fit.logits(weighed), kind="stable")
        looked = [
            replace(best[i], raw=best[place].raw, weighed=weighed[i], place=place) for place, i in enumerate(order)
        ]
        seen = {h.chunk_id for h in best}
        return sorted([*looked, *(h for h in hits if h.chunk_id not in seen)], key=lambda h: (-h.raw, h.place))


class _Recent:
    """The last findings, of one index and one classifier: within a turn the same words are looked up for what several
    intents would make of them.
    """

    def __init__(self) -> None:
        self._of: tuple[object, ...] = ()
        self._held: OrderedDict[object, tuple[Candidates, Chances]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(
        self, key: object, of: tuple[object, ...], find: Callable[[], tuple[Candidates, Chances]]
    ) -> tuple[Candidates, Chances]:
        with self._lock:
            if [id(one) for one in of] != [id(one) for one in self._of]:
                self._of, self._held = of, OrderedDict()
            held = self._held
            known = held.get(key)
        if known is None:
            known = find()
            if not known[0].is_whole:
                return known  # by words alone: asked once more when the vectors are back
            with self._lock:
                held[key] = known
                while len(held) > _REMEMBERED:
                    held.popitem(last=False)
        return known


@dataclass(frozen=True)
class _Asked:
    text: str  # normalised
    day: date
    place: str | None
    kinds: Collection[Kind]
    boost: dict[Kind, float]
    draft: Draft | None


@dataclass(frozen=True)
class _Hit:
    chunk_id: int
    raw: float
    dense: float
    bank: float
    best: float
    question: bytes
    lexical: float
    document_id: str
    ref: str | None
    kind: str
    reason: str | None
    favour: float = 0.0
    is_named: bool = False
    weighed: fit.Weighed | None = None
    place: int = 0
    about: rows.About | None = None


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


# Built once: to build a statement, and to find out that it was compiled before, takes longer than SQLite's part of it.
# By id alone: with places among the conditions SQLite began at all documents of a county (42 ms of 48 at 33,000).
_CHUNKS = (
    select(
        Chunk.id,
        Document.id.label("document_id"),
        Chunk.ref,
        Chunk.content_hash,
        Document.kind,
        Document.place_id,
        DocumentVersion.id.label("version_id"),
        DocumentVersion.status,
        DocumentVersion.in_force_from,
        DocumentVersion.in_force_to,
    )
    .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
    .join(Document, DocumentVersion.document_id == Document.id)
    .where(Chunk.id.in_(bindparam("ids", expanding=True)))
)


class _Weighing:
    """The `most` nearest candidates of one question, as they are weighed; of one article, clause or document the best
    may be shown. `leans`: what articles gain by the answers that rest on them.
    """

    def __init__(
        self,
        session: Session,
        found: Candidates,
        asked: _Asked,
        serving: Collection[str],
        leans: "_Leans",
        *,
        most: int,
    ) -> None:
        self._session, self._found, self._asked, self._serving, self._leans = session, found, asked, serving, leans
        near = SOFTNESS * np.logaddexp(found.dense / SOFTNESS, found.bank / SOFTNESS)
        self._raw = near + LEXICAL_WEIGHT * found.lexical
        self._order = np.argsort(-self._raw)[:most].tolist()
        self._shown: set[tuple[str, str | None]] = set()

    def all(self) -> list[_Hit]:
        """In no order that counts."""
        self._shown = set()
        return self._hits(self._order)

    def best(self, enough: int, chunks: rows.Chunks) -> list[_Hit]:
        """The beginning of all, best first: until so many may be shown. Where what `chunks` holds of one isn't so any
        more, all of them.
        """
        found = self._found
        marks = {int(found.chunk_ids[i]): int(found.marks[i]) for i in self._order}
        about = chunks(self._session, marks)
        known = [i for i in self._order if int(found.chunk_ids[i]) in about]
        scores = {i: self._score(i, about[int(found.chunk_ids[i])])[0] for i in known}
        order = sorted(known, key=lambda i: -scores[i])
        hits: list[_Hit] = []
        for at in range(0, len(order), _AT_ONCE):
            some = order[at : at + _AT_ONCE]
            fresh = self._hits(some)
            if [h.about for h in fresh] != [about[int(found.chunk_ids[i])] for i in some]:
                chunks.forget()
                return self.all()
            hits += fresh
            if sum(h.reason is None for h in hits) >= enough:
                break
        return hits

    def _score(self, i: int, about: Any) -> tuple[float, float]:
        """With what it gains by the answers that rest on it and by its kind and place; the latter."""
        favour = self._asked.boost.get(about.kind, 0.0) + (LOCAL if about.place_id != "nation" else 0.0)
        return _leaning(float(self._raw[i]) + favour, self._leans.get((about.document_id, about.ref))), favour

    def _hits(self, some: Sequence[int]) -> list[_Hit]:
        ids = [int(self._found.chunk_ids[i]) for i in some]
        looked_up = {row.id: row for row in self._session.execute(_CHUNKS, {"ids": ids})}
        # An id may be another text's: a database of another day lies beside this snapshot.
        known = ((i, row) for i, id in zip(some, ids, strict=True) if (row := looked_up.get(id)) is not None)
        return [self._hit(i, row) for i, row in known if rows.mark(row.content_hash) == int(self._found.marks[i])]

    def _hit(self, i: int, row: Any) -> _Hit:
        found, asked, key = self._found, self._asked, (row.document_id, row.ref)
        reason = _reason(row, day=asked.day, serving=self._serving, kinds=asked.kinds, draft=asked.draft)
        if reason is None and key in self._shown:
            reason = "同一条已在前面"
        if reason is None:
            self._shown.add(key)
        raw, favour = self._score(i, row)
        return _Hit(
            row.id,
            raw,
            float(found.dense[i]),
            float(found.bank[i]),
            float(found.best[i]),
            bytes(found.questions[i]),
            float(found.lexical[i]),
            row.document_id,
            row.ref,
            row.kind.value,
            reason,
            favour,
            about=rows.About(int(found.marks[i]), row.document_id, row.ref, row.kind, row.place_id),
        )


_Leans = dict[tuple[str, str | None], float]
_RESTING = (
    select(DocumentVersion.document_id, Chunk.details)
    .join(Chunk, Chunk.version_id == DocumentVersion.id)
    .where(
        DocumentVersion.document_id.in_(bindparam("documents", expanding=True)),
        DocumentVersion.status == VersionStatus.published,
    )
)


def _leaning(raw: float, lean: float | None) -> float:
    return raw if lean is None else raw + _RESTED_ON * min(1.0, lean) ** _ROOT


def _leans(session: Session, chances: Chances) -> _Leans:
    """How much the likeliest answers rest on each article, which lies nearer by that: a resident's words name no term
    of the statute.
    """
    likely = chances.likely(_LIKELY)
    leans = _Leans()
    if not likely:
        return leans
    for document, details in session.execute(_RESTING, {"documents": list(likely)}):
        for place, cited in enumerate((details or {}).get("basis") or []):
            aim = parse_citation(cited)
            part = likely[document] * (1.0 if place < _FIRST_CITED else _LATER_CITED)
            leans[aim.document_id, aim.ref] = leans.get((aim.document_id, aim.ref), 0.0) + part
    return leans


@lru_cache(maxsize=8192)
def _pairs_of(words: str) -> np.ndarray:
    """The distinct pairs of a text of ours, which many questions find: it is normalised once, not at each of them."""
    return np.unique(lexical.pairs(normalise(words)))


_TEXTS = (
    select(Chunk.id, Chunk.embed_text, Chunk.asked_text, Document.title)
    .join(DocumentVersion, Chunk.version_id == DocumentVersion.id)
    .join(Document, DocumentVersion.document_id == Document.id)
    .where(Chunk.id.in_(bindparam("ids", expanding=True)))
)


def _weighed_words(session: Session, hits: Sequence[_Hit], asked: _Asked, live: Index) -> list[fit.Weighed]:
    """With how much of the question's words each hit holds, in its ways of asking, its text and its title."""
    codes = np.unique(lexical.pairs(asked.text))
    weights = live.idf(codes)
    texts = {row.id: row for row in session.execute(_TEXTS, {"ids": [h.chunk_id for h in hits]})}

    same = _asked_word_for_word(session, hits, asked.text, draft=asked.draft)
    wordings = _wordings(asked.text)
    same |= {h.chunk_id for h in hits if h.kind in _TITLED_BY_A_QUESTION and _bare(texts[h.chunk_id].title) in wordings}

    def share(*texts_of: str | None) -> float:
        held = np.zeros(len(codes), bool)
        for words in texts_of:
            held |= lexical.stand_among(codes, _pairs_of(words or ""))
        return float(weights[held].sum() / weights.sum()) if len(codes) and weights.sum() else 0.0

    weighed = []
    for h in hits:
        text = texts[h.chunk_id]
        weighed.append(
            fit.Weighed(
                raw=h.raw - h.favour,
                dense=h.dense,
                bank=h.bank,
                best=h.best,
                lexical=h.lexical,
                covered=share(text.title, text.asked_text),
                told=share(text.embed_text, text.asked_text),
                titled=share(text.title),
                favour=h.favour,
                document=h.document_id,
                ref=h.ref,
                kind=h.kind,
                is_asked=h.chunk_id in same,
            )
        )
    return weighed


_ASKED = (
    select(BankTarget.document_id, BankTarget.ref, BankQuestion.text)
    .join(BankQuestion, BankTarget.question_id == BankQuestion.id)
    .where(
        BankTarget.document_id.in_(bindparam("documents", expanding=True)),
        BankTarget.rank == 0,
        BankQuestion.set_aside.is_(False),
        func.length(BankQuestion.text).between(bindparam("least"), bindparam("most")),
    )
)


def _asked_word_for_word(session: Session, hits: Sequence[_Hit], text: str, *, draft: Draft | None = None) -> set[int]:
    """Which chunks of the hits have the message among their own questions. Of short questions the vectors are too much
    alike for the nearest one to be it: 加班费怎么算 lay nearer to a longer way of asking. A draft has the questions
    that it brings, not those of the version it would replace.
    """
    wanted = _wordings(text)
    if not wanted:
        return set()
    drafted = {int(chunk) for chunk in draft.segment.chunk_ids} if draft else set()
    ours = draft.questions if draft else {}
    found = {h.chunk_id for h in hits if h.chunk_id in drafted and _bare(ours.get(h.question, "")) in wanted}
    published = {(h.document_id, h.ref): h.chunk_id for h in hits if h.chunk_id not in drafted}
    asked = {
        "documents": list({document for document, _ in published}),
        "least": min(map(len, wanted)) - _SMALL_WORDS,
        "most": max(len(text), *map(len, wanted)) + _SMALL_WORDS,
    }
    same = {(document, ref) for document, ref, words in session.execute(_ASKED, asked) if _bare(words) in wanted}
    return found | {chunk for key, chunk in published.items() if key in same}


def _wordings(text: str) -> frozenset[str]:
    """The message as it is compared, and its last clause where that is a question of its own and little stands before:
    老公打我 怎么申请人身安全保护令. Not a short one, whose case the words before it tell: 没领证，彩礼能退吗.
    """
    whole = _bare(text)
    last = next((_bare(clause) for clause in reversed(_CLAUSE.split(text)) if clause), "")
    is_asked = len(last) >= _OWN_CLAUSE and len(whole) - len(last) <= _BEFORE_IT
    return frozenset({whole, last} if is_asked else {whole} if whole else ())


# One way of asking said in other small words: what begins and ends a question, 咋 for 怎么, 可以 for 能.
_SAME = (
    (re.compile(r"^(?:请问(?:一下)?|我?想问(?:一下|问)?|问(?:一下|下)|那个)"), ""),
    (re.compile(r"咋(?:办|整|弄|搞)|怎么[弄搞整]|如何办理?"), "怎么办"),
    (re.compile(r"咋样|怎样"), "怎么样"),
    (re.compile(r"咋|如何"), "怎么"),
    (re.compile(r"啥"), "什么"),
    (re.compile(r"俺"), "我"),
    (re.compile(r"能不能|可不可以|能否|是否可以|可以"), "能"),
    (re.compile(r"(?<=[^不没])(?:吗|嘛|呢|啊|呀|吧|不|没有?|行不行|中不中|可以吗|行吗)+$"), ""),
)


@lru_cache(maxsize=65_536)
def _bare(text: str) -> str:
    """A question as it is compared with one of ours: 彩礼可以退吗, 彩礼能退不 and 彩礼能退吗 are one."""
    said = "".join(c for c in normalise(text) if c.isalnum())
    for words, plain in _SAME:
        said = words.sub(plain, said)
    return said


def _loaded(session: Session, hits: list[_Hit], question: str, k: int) -> list[Passage]:
    """What is named by its number is what was meant, whatever else lies near; what got no second look is none."""
    looked = [h.weighed for h in hits if h.weighed is not None]
    scores = iter(fit.scores(looked, question))
    sure = [1.0 if h.is_named else next(scores) if h.weighed is not None else 0.0 for h in hits]
    return load_passages(session, [(h.raw, h.chunk_id) for h in hits], k, scores=sure)


def _first(chunk_id: int, hits: list[_Hit]) -> list[_Hit]:
    """`民法典第1042条` names its source: it comes first, whatever the vectors say."""
    unseen = _Hit(chunk_id, 0.0, 0.0, 0.0, 0.0, b"", 0.0, "", None, Kind.statute.value, None)
    known = next((h for h in hits if h.chunk_id == chunk_id), unseen)
    return [replace(known, raw=1.2, reason=None, is_named=True), *(h for h in hits if h.chunk_id != chunk_id)]


def _explained(
    session: Session, hits: list[_Hit], passages: dict[int, Passage], own: dict[bytes, str]
) -> list["Explained"]:
    """`own`: questions of a draft, which the bank doesn't have."""
    whole = session.execute(whole_text.where(Chunk.id.in_([h.chunk_id for h in hits])))
    known = {chunk.id: (chunk, version, document) for chunk, version, document in whole}
    ids = sorted({h.question.decode() for h in hits if h.question})
    bank = session.scalars(select(BankQuestion).where(BankQuestion.id.in_(ids)))
    asked = {q.id.encode(): q.text for q in bank} | own
    found = []
    for h in hits:
        if h.chunk_id in known:
            chunk, version, document = known[h.chunk_id]
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


def _reason(
    row: Any, *, day: date, serving: Collection[str], kinds: Collection[Kind], draft: Draft | None
) -> str | None:
    """The one rule of what residents may see: None for what is shown, else why it isn't."""
    is_draft = draft is not None and row.version_id == draft.version_id
    if not is_draft and row.status is not VersionStatus.published:
        return ENDED.get(row.status, "草稿没发布")
    if draft is not None and not is_draft and row.document_id == draft.document_id and draft.is_in_force(day):
        return "正在试的这一版会替代它"
    if row.in_force_from > day:
        return f"还没生效（{row.in_force_from} 起）"
    if row.in_force_to is not None and row.in_force_to < day:
        return f"已过有效期（到 {row.in_force_to}）"
    if row.place_id not in serving:
        return "别的村的"
    return "不在要找的种类里" if kinds and row.kind not in kinds else None

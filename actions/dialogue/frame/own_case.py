"""Which case of what was told is the resident's own: 他那年才十六, after what holds for who isn't of age yet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from actions.dialogue.frame.answering import Answering
from actions.dialogue.frame.base import Turn
from knowledge.answering.told import Answer, Citation, cite_row
from knowledge.documents.kinds.answer import cases_in
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionStatus
from knowledge.search.passages import whole_text

# Sums of two cosines: the words to a case's condition, and to the condition with what holds then. Of 144 second
# messages that two others wrote, each for one case of an answer, .75 lie nearest to it and .93 have it among the
# nearest two; told from .6 on .45 were told the right case and .03 a wrong one, but of an unseen set's five two were
# wrong, at .61 and .76: from .8 on it is a fifth fewer right ones (2026-12-02). A condition lies near to its denial
# (证没扯, 领了证): what is less ahead is only offered.
_SURE_FROM, _AHEAD = 0.8, 0.2
# Of 20 second messages to which the last answer was told once more, eleven had a line from here on, and six of those
# were to the point; of the nine with less none was (2026-12-03).
_MAYBE_FROM = 0.8
# The nearest of question, title, answer and cases: of 216 second messages on the same matter .84 lie so near or nearer,
# of 44 on another one .05.
_ABOUT_FROM = 0.3
_MOST_DOCUMENTS = 3
# Of 18 pairs in which what lies nearest to both messages stood in the list before, it was the better one in three and
# the nearest to the second message alone in one, which was .11 ahead (2026-12-02).
_NEAREST_AHEAD = 0.1
# 纸上就三个字担保人，别的啥都没有 isn't 写了担保到某年某月.
_DENIED = re.compile(
    r"(?:没|冇|未)(?:有|得)?(?:写|签|约|说|办|领|扯|定|分|给)|(?:啥|什么|别的|一样)(?:都|也)?(?:没|冇)|空白"
)
_HOLDS = re.compile(r"写(?:了|明|的)|签(?:了|的)|约(?:了|定)|办了|领了|说好|分了|给了|有(?:约定|合同|借条|书面)")


@dataclass(frozen=True)
class Told:
    """An answer of ours that the resident has been told, or was offered."""

    document: str
    title: str
    details: dict[str, Any]
    source: Citation


@dataclass(frozen=True)
class Case:
    told: Told
    when: str
    then: str
    score: float = 0.0

    @property
    def line(self) -> str:
        return f"{self.when}：{self.then}"


def offered(answering: Answering, turn: Turn) -> list[Told]:
    """The answers that stood there to be chosen from."""
    ids = turn.slot("last_offered")
    named = [one for one in ids if isinstance(one, str)] if isinstance(ids, list) else []
    return load(answering, named[:_MOST_DOCUMENTS]) if named else []


def load(answering: Answering, documents: Sequence[str], *kinds: Kind) -> list[Told]:
    """In this order; what isn't published any more is left out. `kinds`: answers of ours where none is given."""
    with answering.services.sessions() as session:
        rows = session.execute(
            whole_text.where(
                Document.id.in_(documents),
                Document.kind.in_(kinds or (Kind.answer,)),
                DocumentVersion.status == VersionStatus.published,
            )
        ).all()
        found = {
            document.id: Told(document.id, document.title, dict(chunk.details), cite_row((chunk, version, document)))
            for chunk, version, document in rows
        }
    return [found[document] for document in documents if document in found]


def cases_of(told: Told) -> list[Case]:
    return [Case(told, when, then) for when, then in cases_in(list(told.details.get("cases") or []))]


def ranked(answering: Answering, text: str, told: Sequence[Told]) -> list[Case]:
    """Every case of these answers, the nearest to the words first."""
    cases = [case for one in told for case in cases_of(one)]
    if not cases:
        return []
    words = [text, *(case.when for case in cases), *(case.line for case in cases)]
    vectors = answering.services.searcher.embedder.encode_queries(words)
    whens, lines = vectors[1 : len(cases) + 1], vectors[len(cases) + 1 :]
    scores = whens @ vectors[0] + lines @ vectors[0]
    rated = [replace(case, score=float(score)) for case, score in zip(cases, scores, strict=True)]
    return sorted(rated, key=lambda case: -case.score)


def is_about(answering: Answering, text: str, told: Told, asked: str) -> bool:
    """Whether these words may be of the matter of this answer at all; `asked`: the question that it was told to.

    我家老头子天天喝酒骂我, after what 低保 asks for, isn't.
    """
    return are_about(answering, text, [told], asked)


def are_about(answering: Answering, text: str, told: Sequence[Told], asked: str) -> bool:
    """The same of several answers that were offered."""
    return _nearness(answering, text, [asked, *(line for one in told for line in _lines(one))]) >= _ABOUT_FROM


def nearest(answering: Answering, text: str, told: Sequence[Told], *, first: Told | None = None) -> Told | None:
    """Of several answers the one that these words are most likely about; None where they are of none. `first`: what
    lies nearest to these words and those before them, which gives way only to one that is well ahead: 告村委还是告小组
    names neither matter.
    """
    scored = [(_nearness(answering, text, _lines(one)), one) for one in told]
    best, found = max(scored, key=lambda one: one[0], default=(0.0, None))
    if best < _ABOUT_FROM:
        return None
    of_first = next((score for score, one in scored if one is first), 0.0)
    return first if first is not None and best < of_first + _NEAREST_AHEAD else found


def _lines(told: Told) -> list[str]:
    return [told.title, told.details["answer"], *(case.line for case in cases_of(told))]


def _nearness(answering: Answering, text: str, lines: Sequence[str]) -> float:
    """The cosine of the nearest line."""
    vectors = answering.services.searcher.embedder.encode_queries([text, *lines])
    return float((vectors[1:] @ vectors[0]).max())


def sure(cases: Sequence[Case], text: str) -> Case | None:
    """The first, where it is near and ahead of the next, and doesn't say what these words deny; `cases`: the nearest
    first.
    """
    if not cases or cases[0].score < _SURE_FROM or is_denied(cases[0], text):
        return None
    return cases[0] if len(cases) == 1 or cases[0].score - cases[1].score >= _AHEAD else None


def is_denied(case: Case, text: str) -> bool:
    """Whether these words say that it isn't so: 我在婆家那边没分到地 isn't 婆家村已经给您分了地."""
    return bool(_DENIED.search(text) and _HOLDS.search(case.when))


def likely(cases: Sequence[Case], text: str) -> list[Case]:
    """The two that may be meant, none where nothing is near."""
    return [case for case in cases[:2] if case.score >= _MAYBE_FROM and not is_denied(case, text)]


def first(answer: Answer, case: Case) -> Answer:
    """This case before everything else that the answer says."""
    rest = answer.text.replace(f"\n· {case.line}", "", 1)
    return replace(answer, text=f"{case.line}\n{rest}") if rest != answer.text else answer

"""What our documents tell residents, text by text, so that two of them can be held against each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from knowledge.documents.building import DocumentText, corpus_files, read_document
from knowledge.documents.kinds.base import ChunkText, Question
from knowledge.documents.kinds.registry import Kind
from knowledge.errors import CitationNotFound
from knowledge.statutes.citations import arabic, parse_citation

EVERYWHERE = "nation"


@dataclass(frozen=True)
class Told:
    """`id`: of the document, with the article or clause where it has several; `asked`: its title and the ways people
    ask; `says`: its sentences; `rests_on`: articles and other sources, each in one spelling.
    """

    id: str
    kind: str
    title: str
    asked: str
    says: tuple[str, ...]
    rests_on: frozenset[str]
    place: str = EVERYWHERE
    begins: date = date.min
    ends: date | None = None

    @property
    def document(self) -> str:
        return self.id.partition(" ")[0]

    def meets(self, other: "Told") -> bool:
        """Whether somebody can be told both: on one day, in one village, by two documents."""
        is_one_time = (self.ends is None or other.begins < self.ends) and (
            other.ends is None or self.begins < other.ends
        )
        is_one_place = self.place == other.place or EVERYWHERE in (self.place, other.place)
        return is_one_time and is_one_place and self.document != other.document


def read_texts(corpus: Path) -> list[Told]:
    """Of every document of ours. Raises CorpusError."""
    return [told for path in corpus_files(corpus) for told in _texts_of(*read_document(path))]


def source_name(cited: str) -> str:
    """`劳动争议调解仲裁法 第二十七条` and `劳动争议调解仲裁法 27` are one."""
    try:
        return str(parse_citation(cited))
    except CitationNotFound:
        return cited.replace(" ", "")


def _texts_of(document: DocumentText, questions: list[Question]) -> Iterator[Told]:
    content = document.content
    cited = [*(content.get("legal_basis") or []), *(content.get("other_sources") or [])]
    if document.kind is Kind.case_story:
        cited += content.get("articles") or []
    for chunk in document.chunks:
        asked = [q.text for q in questions if any(target.ref == chunk.ref for target in q.targets)]
        own = [_name(document, chunk.ref)] if document.kind is Kind.regulation and chunk.ref else []
        yield Told(
            id=f"{document.id} {chunk.ref}" if chunk.ref else document.id,
            kind=document.kind.value,
            title=document.title,
            asked=" ".join([document.title, *asked]),
            says=tuple(dict.fromkeys(s.strip() for s in _sentences(document, chunk) if s and s.strip())),
            rests_on=frozenset(map(source_name, [*cited, *own])),
            place=document.place_id,
            begins=document.in_force_from,
            ends=document.in_force_to,
        )


def _name(regulation: DocumentText, ref: str) -> str:
    """As an answer cites it."""
    try:
        return f"{regulation.title} {arabic(ref)}"
    except CitationNotFound:
        return f"{regulation.title} {ref}"


def _sentences(document: DocumentText, chunk: ChunkText) -> list[str]:
    """A story's facts are somebody's life, no rule."""
    content = document.content
    if document.kind is Kind.answer:
        return chunk.text.split("\n")
    if document.kind is Kind.case_story:
        return [content["answer"], content.get("lesson") or ""]
    if chunk.ref:
        return [chunk.text, str(chunk.details.get("answer") or "")]
    sections = (content.get("sections") or {}).values()
    told = ["\n".join(s) if isinstance(s, list) else str(s) for s in sections]
    return [content.get("answer") or "", content.get("next") or "", *told]

"""Our corpus on disk, as YAML that a legal worker can edit: read, checked, and turned into documents with chunks.

Each kind's fields stand in docs/corpus.md. A malformed file raises CorpusError naming file and field.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from knowledge.errors import CitationNotFound, CorpusError
from knowledge.importing.statutes import StatuteVersion, article_number, short_name
from knowledge.models import Kind

TOPICS = (
    "婚姻家庭",
    "土地承包与宅基地",
    "邻里相邻",
    "劳动用工",
    "社会保障与救助",
    "借贷债务",
    "合同纠纷",
    "消费与市场",
    "房屋与物业",
    "征收拆迁",
    "城乡建设与公共设施",
    "环境卫生",
    "交通出行与事故",
    "医疗卫生",
    "教育文体",
    "人身损害",
    "治安刑事",
    "村务与行政",
    "其他",
)

_FOLDERS = ("guides", "regulations", "village_rules", "stories")
# columns of Document and DocumentVersion; the rest is `content`
ROW_FIELDS = ("id", "kind", "place", "in_force_from", "in_force_to", "reviewed_on")


@dataclass(frozen=True)
class ChunkText:
    ref: str | None
    heading: str | None
    text: str
    embed_text: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    document_id: str
    ref: str | None


@dataclass(frozen=True)
class Question:
    text: str
    topic: str | None
    targets: tuple[Target, ...]
    source: str

    @property
    def id(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def is_set_aside(self) -> bool:
        """A quarter, by hash, so that it was fixed before anything was tuned and never moves."""
        return int(self.id[:2], 16) < 64


@dataclass(frozen=True)
class DocumentText:
    id: str
    kind: Kind
    title: str
    place_id: str
    topic: str | None
    in_force_from: date
    in_force_to: date | None
    reviewed_on: date | None
    content: dict[str, Any]
    chunks: tuple[ChunkText, ...]
    promulgated_on: date | None = None
    flag: str | None = None


def statute_id(law: str) -> str:
    return "law-" + hashlib.sha256(law.encode()).hexdigest()[:12]


def parse_citation(citation: str) -> Target:
    """`民法典 1042` -> the statute's document and 第一千零四十二条; anything without a number is a document's id.

    Raises CitationNotFound for a citation of neither form.
    """
    name, _, number = citation.strip().rpartition(" ")
    if not name:
        return Target(citation.strip(), None)
    try:
        return Target(statute_id(name), article_number(number))
    except ValueError as error:
        raise CitationNotFound(citation) from error


def statute_document(version: StatuteVersion) -> DocumentText:
    chunks = []
    for article in version.articles:
        context = " ".join(part for part in (short_name(version.law), article.chapter, article.section) if part)
        chunks.append(
            ChunkText(
                article.number, article.section or article.chapter or None, article.text, f"{context} {article.text}"
            )
        )
    return DocumentText(
        id=statute_id(short_name(version.law)),
        kind=Kind.statute,
        title=version.law,
        place_id="nation",
        topic=None,
        in_force_from=version.in_force_from,
        in_force_to=version.in_force_to,
        reviewed_on=None,
        promulgated_on=version.version_date,
        flag=version.flag,
        content={"effective_from": version.effective_from.isoformat()},
        chunks=tuple(chunks),
    )


def corpus_files(corpus: Path) -> list[Path]:
    return sorted(path for folder in _FOLDERS for path in (corpus / folder).glob("*.yml"))


def read_document(path: Path) -> tuple[DocumentText, list[Question]]:
    """One file of ours. Raises CorpusError."""
    data = _load(path)
    found = build(data, source=path.name)
    for clause in data.get("clauses") or []:
        if clause["status"] == "conflicts" and not (clause.get("conflict") or {}).get("articles"):
            raise CorpusError(f"{path.name}: {clause['number']} conflicts but names no article")
    return found


def build(data: dict[str, Any], *, source: str) -> tuple[DocumentText, list[Question]]:
    """A document with its chunks and questions from the mapping that its file, or its editor in the console, holds.

    All fields but those of the row itself become `content`, so a version can be edited and written out again as it was.
    Raises CorpusError, naming `source` and the field.
    """
    try:
        kind = Kind(data["kind"])
        chunks, questions = _BUILDERS[kind](data, source)
        return (
            DocumentText(
                id=data["id"],
                kind=kind,
                title=data["title"],
                place_id=data["place"],
                topic=data.get("topic"),
                in_force_from=_day(data["in_force_from"]),
                in_force_to=_day(data["in_force_to"]) if data.get("in_force_to") else None,
                reviewed_on=_day(data["reviewed_on"]) if data.get("reviewed_on") else None,
                content={k: _plain(v) for k, v in data.items() if k not in ROW_FIELDS},
                chunks=tuple(chunks),
            ),
            questions,
        )
    except (KeyError, TypeError, ValueError, AttributeError, CitationNotFound) as error:
        raise CorpusError(f"{source}: {type(error).__name__}: {error}") from error


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _plain(value: Any) -> Any:
    """YAML's values as JSON has them."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def read_question_bank(corpus: Path) -> list[Question]:
    """Questions over statutes. A text that stands twice is kept once."""
    found: dict[str, Question] = {}
    for path in sorted((corpus / "questions").glob("*.yml")):
        try:
            for group in _load(path):
                targets = tuple(parse_citation(c) for c in group["for"])
                for text in group["ask"]:
                    found.setdefault(text, Question(text, group.get("topic"), targets, path.name))
        except (KeyError, TypeError, CitationNotFound) as error:
            raise CorpusError(f"{path.name}: {type(error).__name__}: {error}") from error
    return list(found.values())


def _load(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path.name}: {error}") from error


def _questions(texts: list[str] | None, topic: str | None, target: Target, source: str) -> list[Question]:
    return [Question(text, topic, (target,), source) for text in texts or []]


def _guide(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    sections = {
        k: "\n".join(v) if isinstance(v, list) else str(v).strip() for k, v in (data.get("sections") or {}).items()
    }
    shown = "\n".join([data["answer"].strip(), *(f"【{name}】{text}" for name, text in sections.items())])
    embed = f"{data['title']}。{data['answer'].strip()} {' '.join(sections.values())}"
    details = {
        "answer": data["answer"].strip(),
        "next": (data.get("next") or "").strip(),
        "basis": data.get("legal_basis") or [],
    }
    return [ChunkText(None, None, shown, embed, details)], _questions(
        data.get("questions"), data.get("topic"), Target(data["id"], None), source
    )


def _regulation(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    chunks, questions = [], []
    for article in data["articles"]:
        number = str(article["number"])
        details = {
            "answer": article["answer"].strip(),
            "basis": data.get("legal_basis") or [],
            "summary": True,
            "number": data.get("number"),
        }
        chunks.append(
            ChunkText(
                number,
                None,
                article["text"].strip(),
                f"{data['title']} {article['text'].strip()} {article['answer'].strip()}",
                details,
            )
        )
        questions += _questions(article.get("questions"), data.get("topic"), Target(data["id"], number), source)
    return chunks, questions


def _village_rule(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    chunks, questions = [], []
    for clause in data["clauses"]:
        number = str(clause["number"])
        details = {"answer": clause["answer"].strip(), "status": clause["status"], "conflict": clause.get("conflict")}
        chunks.append(
            ChunkText(
                number,
                clause.get("heading"),
                clause["text"].strip(),
                f"{data['title']} {clause.get('heading') or ''} {clause['text'].strip()}",
                details,
            )
        )
        questions += _questions(clause.get("questions"), clause.get("topic"), Target(data["id"], number), source)
    return chunks, questions


def _story(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    shown = f"{data['facts'].strip()}\n{data['handling'].strip()}\n{data['lesson'].strip()}"
    details = {"answer": data["answer"].strip(), "basis": data.get("articles") or []}
    chunk = ChunkText(None, None, shown, f"案例 {data['title']}。{shown}", details)
    return [chunk], _questions(data.get("questions"), data.get("topic"), Target(data["id"], None), source)


_BUILDERS = {
    Kind.service_guide: _guide,
    Kind.policy: _guide,
    Kind.regulation: _regulation,
    Kind.village_rule: _village_rule,
    Kind.case_story: _story,
}

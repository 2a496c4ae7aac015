"""A shaped text made into chunks and questions."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from knowledge.data_files import LOADER
from knowledge.documents.kinds.base import ChunkText, Question
from knowledge.documents.kinds.registry import KINDS, Kind
from knowledge.errors import CitationNotFound, CorpusError
from knowledge.statutes.citations import Target, parse_citation, short_name, statute_id
from knowledge.statutes.reading import StatuteVersion

# columns of Document and DocumentVersion; the rest is `content`
ROW_FIELDS = ("id", "kind", "place", "in_force_from", "in_force_to", "reviewed_on")


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
    folders = {spec.folder for spec in KINDS.values() if spec.is_ours}
    return sorted(path for folder in folders for path in (corpus / folder).glob("*.yml"))


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
        chunks, questions = KINDS[kind].build(data, source)
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


def read_set_aside(corpus: Path) -> list[Question]:
    """Questions that answers of ours are measured with, and that are never indexed: `set_aside.yml`, by document."""
    path = corpus / "set_aside.yml"
    if not path.exists():
        return []
    return [
        Question(text, None, (Target(document, None),), path.name, is_held=True)
        for document, texts in (_load(path) or {}).items()
        for text in texts
    ]


def _load(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path.name}: {error}") from error

"""What a kind of document is: fields, checks, chunks; one registry."""

import hashlib
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from knowledge.documents.models import Kind
from knowledge.statutes.citations import Target


@dataclass(frozen=True)
class ChunkText:
    ref: str | None
    heading: str | None
    text: str
    embed_text: str
    details: dict[str, Any] = field(default_factory=dict)


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


def questions_in(texts: list[str] | None, topic: str | None, target: Target, source: str) -> list[Question]:
    return [Question(text, topic, (target,), source) for text in texts or []]


TITLE_MOST, LINE_MOST, TEXT_MOST = 200, 300, 20_000
MOST_PARTS, MOST_QUESTIONS = 300, 60
REF = 40  # Chunk.ref and BankTarget.ref


def clean(value: Any) -> str:
    """Without what a database can't hold or a page can't show: control characters, halves of surrogate pairs,
    invisible marks.
    """
    return "".join(c for c in str(value or "") if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cf"))


def line_in(value: Any, most: int = LINE_MOST) -> str:
    return " ".join(clean(value).split())[:most]


def text_in(value: Any, most: int = TEXT_MOST) -> str:
    return "\n".join(line.rstrip() for line in clean(value).split("\n")).strip()[:most]


def lines_in(value: Any, most: int = MOST_QUESTIONS) -> list[str]:
    """A list, or a text with one entry a line; each once."""
    given = value if isinstance(value, list) else str(value or "").split("\n")
    return list(dict.fromkeys(line for v in given if (line := line_in(v))))[:most]


def date_in(value: Any) -> str | None:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        return None


def parts_in(value: Any) -> list[dict[str, Any]]:
    return [p for p in value if isinstance(p, dict)][:MOST_PARTS] if isinstance(value, list) else []


def needed(content: dict[str, Any], **names: str) -> list[str]:
    return [f"请写{label}。" for name, label in names.items() if not content[name]]


def check_numbered(parts: list[dict[str, Any]], what: str) -> list[str]:
    found = [] if parts else [f"一条{what}也没有。"]
    numbers = [p["number"] for p in parts]
    found += [
        f"{n}出现了不止一次，{what}的编号不能重复。" for n in dict.fromkeys(numbers) if n and numbers.count(n) > 1
    ]
    for place, part in enumerate(parts, 1):
        name = part["number"] or f"第 {place} 条{what}"
        if not part["number"]:
            found.append(f"{name}没有编号。")
        found += [
            f"{name}没有写{label}。" for field, label in (("text", "内容"), ("answer", "给居民的话")) if not part[field]
        ]
    return found

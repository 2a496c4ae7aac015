"""What a kind of document is, written once in a file of its own: its names, its fields, its checks, its chunks."""

import enum
import hashlib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypedDict, Unpack

from knowledge.statutes.citations import Target

TITLE_MOST, LINE_MOST, TEXT_MOST, ANSWER_MOST = 200, 300, 20_000, 2_000
MOST_PARTS, MOST_QUESTIONS = 300, 60
REF = 40  # Chunk.ref and BankTarget.ref

Content = dict[str, Any]


@dataclass(frozen=True)
class ChunkText:
    ref: str | None
    heading: str | None
    text: str
    embed_text: str
    details: dict[str, Any] = field(default_factory=dict)
    asked_text: str | None = None  # the ways people ask, for the search by words


@dataclass(frozen=True)
class Question:
    text: str
    topic: str | None
    targets: tuple[Target, ...]
    source: str
    is_held: bool | None = None  # set aside by somebody's choice; None: by its hash

    @property
    def id(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def is_set_aside(self) -> bool:
        """A quarter, by hash, so that it was fixed before anything was tuned and never moves.

        The phrasings of an answer are all indexed; what is set aside of those stands in a file of its own.
        """
        if self.is_held is not None:
            return self.is_held
        return int(self.id[:2], 16) < 64


class Form(enum.Enum):
    """How a field is asked for and kept."""

    line = enum.auto()
    text = enum.auto()
    lines = enum.auto()  # one entry a line
    articles = enum.auto()  # of laws, one a line: 民法典 1042
    day = enum.auto()
    choice = enum.auto()
    flag = enum.auto()
    sections = enum.auto()  # texts under headings of their own
    group = enum.auto()  # the fields of `of`, once
    parts = enum.auto()  # the fields of `of`, many times: clauses, articles
    fixed = enum.auto()  # the same in every document, never asked for


@dataclass(frozen=True)
class FieldSpec:
    """One field of a content; made by the functions below."""

    name: str
    label: str  # in comparisons and checks; what the editor asks stands in `asks` where it differs
    form: Form
    shape: Callable[[Any], Any]  # anything to a value of this field's type and length, the empty one for nonsense
    asks: str = ""
    hint: str = ""
    example: str = ""  # one entry, where an entry has a form of its own
    is_needed: bool = False
    is_prose: bool = False  # sentences for residents, in contrast to numbers, choices, lists of articles
    choices: Mapping[str, str] = field(default_factory=dict)
    of: tuple["FieldSpec", ...] = ()

    @property
    def question(self) -> str:
        return self.asks or self.label

    def shown(self, value: Any) -> str:
        if self.form is Form.choice:
            return self.choices.get(value, "")
        if self.form is Form.flag:
            return "是" if value else ""
        return "\n".join(str(v) for v in value) if isinstance(value, list) else str(value or "")


@dataclass(frozen=True)
class KindSpec:
    """All that is to be known of one kind of document. `knowledge/documents/kinds/registry.py` lists them.

    `build` turns a shaped content, with the fields of its row, into chunks and questions; a chunk's `details` hold
    `answer`, what a resident is told, and may hold `next` and `basis`.
    """

    name: str  # 村规民约: in the console
    label: str  # 村规: beside a source that a resident is shown
    about: str = ""  # 村规民约，一条一条: what goes in here, where the console asks of which kind a new document is
    folder: str = ""  # of the corpus and of exports; kinds may share one
    prefix: str = ""  # of the ids of new documents
    words: tuple[str, ...] = ()  # a folder or file that has one of them in its name holds documents of this kind
    fields: tuple[FieldSpec, ...] = ()  # in the order of a content, after title and topic
    build: Callable[[Content, str], tuple[list[ChunkText], list[Question]]] = lambda data, source: ([], [])
    check: Callable[[Content], list[str]] = lambda content: []  # what else is missing, in the legal worker's words
    is_summary: bool = False  # our words, not the original's
    is_masked: bool = False  # about real people: whoever could be recognised is shown to the author
    # said to a resident where the document says nothing of it
    next_step: str = "想问清自己这件事怎么办，可以拨打 12348 免费问律师，或到镇司法所。"

    @property
    def is_ours(self) -> bool:
        """Written and reviewed in the console, in contrast to what comes with a package."""
        return bool(self.fields)

    @property
    def parts(self) -> FieldSpec | None:
        """The field that holds clauses or articles, for a kind that is cited by them."""
        return next((f for f in self.fields if f.form is Form.parts), None)

    def shape(self, content: Content) -> Content:
        return {f.name: f.shape(content.get(f.name)) for f in self.fields}

    def missing(self, content: Content) -> list[str]:
        found = [f"请写{f.question}。" for f in self.fields if f.is_needed and not content[f.name]]
        return found + self.check(content)


class _More(TypedDict, total=False):
    asks: str
    hint: str
    example: str
    is_needed: bool


def line(
    name: str,
    label: str,
    *,
    most: int = LINE_MOST,
    is_none: bool = False,
    is_prose: bool = False,
    **more: Unpack[_More],
) -> FieldSpec:
    """`is_none`: an empty one is kept as None."""

    def shape(value: Any) -> str | None:
        return line_in(value, most) or (None if is_none else "")

    return FieldSpec(name, label, Form.line, shape, is_prose=is_prose, **more)


def text(name: str, label: str, *, most: int = TEXT_MOST, **more: Unpack[_More]) -> FieldSpec:
    return FieldSpec(name, label, Form.text, lambda v: text_in(v, most), is_prose=True, **more)


def lines(name: str, label: str, **more: Unpack[_More]) -> FieldSpec:
    return FieldSpec(name, label, Form.lines, lines_in, **more)


def articles(name: str, label: str, *, most: int = MOST_QUESTIONS, **more: Unpack[_More]) -> FieldSpec:
    return FieldSpec(name, label, Form.articles, lambda v: lines_in(v, most), **more)


def day(name: str, label: str, **more: Unpack[_More]) -> FieldSpec:
    return FieldSpec(name, label, Form.day, date_in, **more)


def choice(
    name: str, label: str, choices: Mapping[str, str], *, default: str | None = None, **more: Unpack[_More]
) -> FieldSpec:
    def shape(value: Any) -> str | None:
        return value if isinstance(value, str) and value in choices else default

    return FieldSpec(name, label, Form.choice, shape, choices=choices, **more)


def flag(name: str, label: str, **more: Unpack[_More]) -> FieldSpec:
    return FieldSpec(name, label, Form.flag, bool, **more)


def fixed(name: str, value: Any) -> FieldSpec:
    return FieldSpec(name, "", Form.fixed, lambda _: value)


def parts(name: str, label: str, of: tuple[FieldSpec, ...]) -> FieldSpec:
    """`label`: what one is called (村规, 条文)."""

    def shape(value: Any) -> list[Content]:
        return [{f.name: f.shape(part.get(f.name)) for f in of} for part in parts_in(value)]

    return FieldSpec(name, label, Form.parts, shape, of=of)


def questions_in(
    texts: list[str] | None, topic: str | None, target: Target, source: str, *, is_held: bool | None = None
) -> list[Question]:
    return [Question(text, topic, (target,), source, is_held) for text in texts or []]


def clean(value: Any) -> str:
    """Without what a database can't hold or a page can't show: control characters, halves of surrogate pairs,
    invisible marks.
    """
    return "".join(c for c in str(value or "") if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cf"))


def line_in(value: Any, most: int = LINE_MOST) -> str:
    return " ".join(clean(value).split())[:most].rstrip()


def text_in(value: Any, most: int = TEXT_MOST) -> str:
    return "\n".join(line.rstrip() for line in clean(value).split("\n")).strip()[:most].rstrip()


def lines_in(value: Any, most: int = MOST_QUESTIONS) -> list[str]:
    """A list, or a text with one entry a line; each once."""
    given = value if isinstance(value, list) else str(value or "").split("\n")
    return list(dict.fromkeys(line for v in given if (line := line_in(v))))[:most]


def date_in(value: Any) -> str | None:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        return None


def parts_in(value: Any) -> list[Content]:
    return [p for p in value if isinstance(p, dict)][:MOST_PARTS] if isinstance(value, list) else []


def check_numbered(parts: list[Content], what: str) -> list[str]:
    """Of clauses or articles: each has a number of its own, a text, and what a resident is told."""
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


QUESTIONS = lines("questions", "居民会这样问", hint="一行一句，用居民自己的话，多写几种问法")

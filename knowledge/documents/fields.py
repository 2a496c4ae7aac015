"""Every text of a document under the name its editor shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.documents.kinds.base import FieldSpec, Form, line
from knowledge.documents.kinds.registry import KINDS, Kind

# Of every kind.
_HEAD = (line("title", "标题", is_prose=True), line("topic", "类别"))


@dataclass(frozen=True)
class Field:
    name: str  # "answer", "sections.带什么", "clauses.2.text": where it stands in the content
    label: str
    text: str
    is_prose: bool  # sentences for residents, in contrast to numbers, choices, lists of articles


def fields(kind: Kind, content: dict[str, Any]) -> list[Field]:
    """All of a shaped content, in the order in which its editor shows it; empty ones are left out."""
    return [f for f in _walk([*_HEAD, *KINDS[kind].fields], content) if f.text]


def _walk(specs: Sequence[FieldSpec], content: dict[str, Any], *, at: str = "", within: str = "") -> Iterator[Field]:
    """`at`, `within`: where these fields stand, as their names and labels begin."""
    for spec in specs:
        value = content.get(spec.name)
        if spec.form is Form.parts:
            for place, part in enumerate(value or []):
                called = str(part.get("number") or f"第 {place + 1} 项")
                # the number is what the others are called by
                inner = [f for f in spec.of if f.name != "number"]
                yield from _walk(inner, part, at=f"{at}{spec.name}.{place}.", within=f"{called} · ")
        elif spec.form is Form.group:
            yield from _walk(spec.of, value or {}, at=f"{at}{spec.name}.", within=within)
        elif spec.form is Form.sections:
            yield from (Field(f"{at}{spec.name}.{k}", k, str(v), spec.is_prose) for k, v in (value or {}).items())
        elif spec.form is not Form.fixed:
            yield Field(at + spec.name, within + spec.label, spec.shown(value), spec.is_prose)

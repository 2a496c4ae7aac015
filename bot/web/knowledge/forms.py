"""What was typed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.datastructures import FormData

from bot.web.staff.typed import int_of, text_of
from knowledge.documents.kinds.base import Form
from knowledge.documents.kinds.registry import KINDS
from knowledge.documents.kinds.service_guide import SECTIONS
from knowledge.documents.kinds.village_rule import CLAUSE_STATUSES
from knowledge.documents.models import DocumentVersion, Kind
from knowledge.documents.shape import shaped
from knowledge.importing.files import read_pasted
from knowledge.importing.recognising.document import recognise
from knowledge.search.lexical import character_pairs
from knowledge.village_rules.check import check_clause, suggested_conflict

MOST_PARTS, MOST_SECTIONS = 300, 20
MOST_PASTED = 200_000
MOST_FIELDS = 4000  # three hundred clauses of twelve fields
_TEXT = 20_000


@dataclass(frozen=True)
class Typed:
    """What a form holds: shaped content, the dates as typed, and what is wrong with those."""

    content: dict[str, Any]
    dates: dict[str, str]  # as typed, to be shown again
    days: dict[str, date | None]
    problem: str | None
    former: date  # the day the stored text begins: stands in for one that can't be read

    @property
    def in_force_from(self) -> date:
        return self.days["in_force_from"] or self.former

    @property
    def in_force_to(self) -> date | None:
        return self.days["in_force_to"]


def stored(version: DocumentVersion) -> Typed:
    days = {
        "in_force_from": version.in_force_from,
        "in_force_to": version.in_force_to,
        "reviewed_on": version.reviewed_on,
    }
    return Typed(
        shaped(version.document.kind, version.content),
        {k: v.isoformat() if v else "" for k, v in days.items()},
        days,
        None,
        version.in_force_from,
    )


def typed(sent: FormData, version: DocumentVersion, *, by: str, today: date) -> Typed:
    """What was typed, with who decided on which clause."""
    kind = version.document.kind
    found: dict[str, Any] = {name: text_of(sent, name, _TEXT) for name in ("title", "topic")}
    for field in KINDS[kind].fields:
        if field.form is Form.flag:
            found[field.name] = text_of(sent, field.name, 1) == "1"
        elif field.form is Form.sections:
            found[field.name] = _sections(sent)
        elif field.form is Form.parts:
            count = min(int_of(sent, "parts") or 0, MOST_PARTS)
            found[field.name] = [_part(sent, i, kind, version, by=by, today=today) for i in range(count)]
        else:
            found[field.name] = text_of(sent, field.name, _TEXT)
    dates = {name: text_of(sent, name, 10) for name in ("in_force_from", "in_force_to", "reviewed_on")}
    days, problem = _days(dates)
    return Typed(shaped(kind, found), dates, days, problem, version.in_force_from)


def act(content: dict[str, Any], kind: Kind, do: str) -> dict[str, Any]:
    """The content after one of the buttons `add`, `remove-3`, `up-3`, `down-3` of clauses or articles; any other
    changes nothing.
    """
    field = KINDS[kind].parts
    if field is None:
        return content
    parts, (what, _, at) = list(content[field.name]), do.partition("-")
    place = int(at) if at.isascii() and at.isdigit() and len(at) <= 3 else -1
    if what == "add" and len(parts) < MOST_PARTS:
        parts.append({})
    elif what in ("remove", "up", "down") and 0 <= place < len(parts):
        moved = parts.pop(place)
        if what != "remove":
            parts.insert(max(0, place + (-1 if what == "up" else 1)), moved)
    return shaped(kind, {**content, field.name: parts})


def with_question(kind: Kind, content: dict[str, Any], ask: str) -> dict[str, Any]:
    """The content with one more way of asking; of a rule or regulation the part that has most of its words gets it."""
    field = KINDS[kind].parts
    if field is None:
        return {**content, "questions": list(dict.fromkeys([*(content.get("questions") or []), ask]))}
    pairs, parts = set(character_pairs(ask)), [dict(part) for part in content.get(field.name) or []]
    if parts:
        told = (f"{p.get('heading')} {p.get('text')} {p.get('answer')} {p.get('questions')}" for p in parts)
        shared = [len(pairs & set(character_pairs(words))) for words in told]
        best = parts[shared.index(max(shared))]
        best["questions"] = list(dict.fromkeys([*(best.get("questions") or []), ask]))
    return {**content, field.name: parts}


def with_pasted(content: dict[str, Any], kind: Kind, whole: str) -> tuple[dict[str, Any], str | None]:
    """The content with the clauses of this text: those of a number that is there get its words, the others follow.

    Also what there is to say of it, where nothing could be taken apart. Raises FileRefused.
    """
    field = KINDS[kind].parts
    if field is None:
        return content, None
    found = recognise(read_pasted(whole), kind=kind).content.get(field.name) or []
    if not found:
        return content, "没认出一条一条的来。请让每一条以“第一条”“1.”这样的编号另起一行，再贴一次；您贴的还在下面。"
    held = {part["number"]: part for part in content[field.name] if part["text"].strip() or part["answer"].strip()}
    for part in found:
        held[part["number"]] = _renewed(held.get(part["number"], part), part)
    return shaped(kind, {**content, field.name: list(held.values())[:MOST_PARTS]}), None


def _renewed(former: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """With other words it has to be looked at again whether a clause agrees with the law."""
    if former["text"] == part["text"]:
        return former
    heading = part.get("heading") or former.get("heading")
    kept = {name: value for name, value in former.items() if name not in ("decided_by", "decided_on")}
    return {**kept, "text": part["text"], "heading": heading, **({"status": "unclear"} if "status" in kept else {})}


def sections(content: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Name, text, and whether it is one of ours: those that are written in their order, then the empty ones, then a
    free one.
    """
    held: dict[str, str] = content.get("sections") or {}
    return [
        *((n, t, n in SECTIONS) for n, t in held.items()),
        *((n, "", True) for n in SECTIONS if n not in held),
        ("", "", False),
    ][:MOST_SECTIONS]


def _sections(sent: FormData) -> dict[str, str]:
    return {
        name: text_of(sent, f"section-{i}-text", _TEXT)
        for i in range(MOST_SECTIONS)
        if (name := text_of(sent, f"section-{i}-name", 20))
    }


def _days(dates: dict[str, str]) -> tuple[dict[str, date | None], str | None]:
    days: dict[str, date | None] = {}
    names = {"in_force_from": "从哪天起用", "in_force_to": "用到哪天", "reviewed_on": "上次核对的日期"}
    problem = None
    for name, value in dates.items():
        days[name] = None
        if value:
            try:
                day = date.fromisoformat(value)
            except ValueError:
                day = date.min
            days[name] = day if 1949 <= day.year <= 2200 else None
        if (value and days[name] is None) or (name == "in_force_from" and not value):
            problem = f"“{names[name]}”要填一个日期，比如 2026-01-01。还没有保存，您写的都在下面。"
    return days, problem


def _part(sent: FormData, i: int, kind: Kind, version: DocumentVersion, *, by: str, today: date) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: text_of(sent, f"part-{i}-{name}", _TEXT)
        for name in ("number", "heading", "topic", "text", "answer", "questions")
    }
    if kind is not Kind.village_rule:
        return found
    chosen, was = text_of(sent, f"part-{i}-status", 20), text_of(sent, f"part-{i}-was", 20)
    found["status"] = chosen if chosen in CLAUSE_STATUSES else "unclear"
    found["conflict"] = {
        "articles": text_of(sent, f"part-{i}-conflicts_with", _TEXT),
        "says": text_of(sent, f"part-{i}-says", _TEXT),
    }
    if found["status"] == "conflicts" and not found["conflict"]["articles"] and not found["conflict"]["says"]:
        found["conflict"] = suggested_conflict(
            check_clause(found["text"], day=max(today, version.in_force_from or today))
        )
    if chosen in CLAUSE_STATUSES and (chosen != was or text_of(sent, f"part-{i}-confirm", 1) == "1"):
        return found | {"decided_by": by, "decided_on": today.isoformat()}
    # A decision is about a wording: with other words it has to be made again.
    same = shaped(kind, {"clauses": [found]})["clauses"][0]
    former: dict[str, Any] = next(
        (
            c
            for c in version.content.get("clauses") or []
            if c.get("text") == same["text"] and c.get("status") == same["status"]
        ),
        {},
    )
    return found | {name: former[name] for name in ("decided_by", "decided_on") if former.get(name)}

"""What came of the statements, counted once at the close: each statement's numbers, groups where they are no chance.

The numbers stay inside; what everybody reads goes through the rules of `tally`, and of a group no number is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.topics.counting import sealing
from actions.topics.counting import tally as public
from actions.topics.models import Opinion, Topic
from actions.topics.statements import groups
from actions.topics.statements.choices import AGREE, DISAGREE, PASS, shown, unpacked
from actions.topics.statements.models import StatementResult
from actions.topics.statements.writing import SEED

_WHY_NOT = {
    "people": f"答满{groups.LEAST_ANSWERS}句的不到{groups.LEAST_PEOPLE}人，人少了分不准，就不分组。",
    "statements": f"大家都答过的不到{groups.LEAST_STATEMENTS}句，分不准，就不分组。",
    "noise": "看不出有几种成套的想法：大家在这一句上同意，在另一句上未必，所以不分组。",
    "small": f"有一种想法的人不到{groups.LEAST_GROUP}个，分出来容易猜到是谁，就不分组。",
    "circle": f"这件事问的不到{public.LEAST_CIRCLE}人，一分就猜得出是谁，不分组。",
}


def counted(session: Session, topic: Topic, ids: Sequence[int]) -> dict[str, Any]:
    """Of these statements, from the voices that the seal holds; the same on every machine. No words stand in it: who
    said one may take it back, and the numbers still come out again.
    """
    voices = sorted(sealing.standing(session, topic), key=lambda ballot: ballot.receipt)
    answers = [unpacked(ballot.choice) for ballot in voices]
    table = np.array([[answer.get(id, np.nan) for id in ids] for answer in answers], dtype=float)
    table = table.reshape(len(answers), len(ids))
    is_small = topic.circle_size is not None and topic.circle_size < public.LEAST_CIRCLE
    found = groups.Found("circle") if is_small else groups.find(table, seed=topic.seal)
    return {
        "people": len(voices),
        "rows": [{"id": id, "counts": _counts(table[:, n])} for n, id in enumerate(ids)],
        "why_not": found.why_not,
        "common": [_said(ids, said) for said in found.common],
        "groups": [{"size": g.size, "own": [_said(ids, said) for said in g.own]} for g in found.groups],
    }


def _counts(column: groups.Table) -> list[int]:
    return [int((column == said).sum()) for said in (AGREE, DISAGREE, PASS)]


def _said(ids: Sequence[int], said: groups.Said) -> dict[str, Any]:
    return {"id": ids[said.column], "agrees": said.agrees}


def keep(session: Session, topic: Topic, *, now: datetime) -> None:
    """With the tally; once more where a voice was taken out before the result. The caller commits."""
    row = session.get(StatementResult, topic.id) or StatementResult(topic_id=topic.id)
    ids = [one["id"] for one in row.found["rows"]] if row.found else [one.id for one in shown(session, topic)]
    row.found, row.counted_at = counted(session, topic, ids), now
    session.add(row)


def fault_of(session: Session, topic: Topic) -> str:
    """What doesn't come out of the voices again, in words for staff; "" where all does."""
    if topic.method != "statements" or topic.tallied_at is None:
        return ""
    row = session.get(StatementResult, topic.id)
    if row is None or row.found != counted(session, topic, [one["id"] for one in row.found["rows"]]):
        return "逐句的数和当时的不一样"
    return ""


# --- what everybody reads


@dataclass(frozen=True)
class Line:
    text: str
    told: str  # 同意30人 不同意12人 跳过6人
    is_own: bool  # the village's


@dataclass(frozen=True)
class Camp:
    """Of a group only words: a number of one would tell what its last member said."""

    letter: str
    size: str
    own: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    lines: tuple[Line, ...]
    common: tuple[str, ...]
    camps: tuple[Camp, ...]
    why_not: str


def told(session: Session, topic: Topic) -> Shown | None:
    """None while it is open, and where so few answered that nothing may be told."""
    row = session.get(StatementResult, topic.id)
    if row is None or row.found["people"] < public.FEW:
        return None
    found = row.found
    of = _opinions(session, topic)
    lines = sorted(found["rows"], key=lambda one: (-_floor(one["counts"][0]), one["id"]))
    camps = [
        Camp("ABC"[n], f"{_floor(group['size'])}人以上", tuple(_words(said, of) for said in group["own"]))
        for n, group in enumerate(found["groups"])
    ]
    common = tuple(_words(said, of) for said in found["common"])
    return Shown(
        tuple(
            Line(_text(one["id"], of), _told(one["counts"]), one["id"] in of and of[one["id"]].source == SEED)
            for one in lines
        ),
        common,
        tuple(camps),
        _WHY_NOT.get(found["why_not"], ""),
    )


def _opinions(session: Session, topic: Topic) -> dict[int, Opinion]:
    return {one.id: one for one in session.scalars(select(Opinion).where(Opinion.topic_id == topic.id))}


def _floor(count: int) -> int:
    return count // public.FEW * public.FEW


def _words(said: dict[str, Any], of: Mapping[int, Opinion]) -> str:
    return f"多数{'同意' if said['agrees'] else '不同意'}“{_text(said['id'], of)}”"


def _text(id: int, of: Mapping[int, Opinion]) -> str:
    return of[id].text if id in of else "（说的人收回了）"


def _told(counts: list[int]) -> str:
    """同意, 不同意, 跳过 of one statement, by the rules of every count."""
    people = sum(counts)
    if people < public.FEW:
        return f"表态的少于{public.FEW}人，不公布"
    if max(counts) == people:
        return ("没有人反对", "没有人同意", "大家都跳过了")[counts.index(people)]
    told = public.shown(counts, people, is_single=True)
    names = ("同意", "不同意", "跳过")
    return "，".join(
        f"没有人{name}" if cell == "没有人选" else f"{name}{cell}" for name, cell in zip(names, told.cells, strict=True)
    )


def lines(session: Session, topic: Topic) -> list[str]:
    """For the one publication of the numbers: how many, and what all agree on."""
    row = session.get(StatementResult, topic.id)
    if row is None or topic.tally is None:
        return []
    people, loose = row.found["people"], topic.tally["unverified_voters"]
    said = [f"{people}人逐句表了态" if people >= public.LEAST_RUNNING else "表态的不到10人"]
    said += [f"几种想法的人都{_words(one, _opinions(session, topic))}" for one in row.found["common"][:3]]
    if loose >= public.LEAST_RUNNING:
        said.append(f"没用参与码的另有{_floor(loose)}人以上，不计入上面")
    return said

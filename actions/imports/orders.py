"""Orders of another system that has no interface: a table in, under its own names of columns, each line once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from actions.errors import ActionError, InvalidInput
from actions.exchange import incoming
from actions.exchange.mapping import FIELDS, field_in, profile_of, read_order
from actions.exchange.models import ExternalSystem
from actions.imports.tables import Line, Lines, Outcome, is_phone

_FIELDS = FIELDS[:7]


@dataclass(frozen=True)
class Imported:
    lines: tuple[Line, ...]

    def count(self, outcome: Outcome) -> int:
        return sum(line.outcome is outcome for line in self.lines)


def carry_out(session: Session, system: ExternalSystem, lines: Lines, *, now: datetime) -> Imported:
    """Each line a case; one that came before changes nothing, so the same file twice does nothing twice. Commits line
    by line: cut short, the next try goes on. Raises InvalidInput where the first line isn't right.
    """
    head = _head(system, lines)
    told = []
    for number, cells in lines[1:]:
        raw = dict(zip(head, cells, strict=False))
        try:
            told.append(_line(session, system, number, raw, now))
        except ActionError as error:
            session.rollback()
            told.append(Line(number, Outcome.bad, error.message_zh))
    return Imported(tuple(told))


def _line(session: Session, system: ExternalSystem, number: int, raw: dict[str, str], now: datetime) -> Line:
    profile = profile_of(system.profile)
    order = read_order(profile, raw)
    status, reply = field_in(profile, raw, "status"), field_in(profile, raw, "reply")
    if order.phone and not is_phone(order.phone.replace(" ", "")):
        order = replace(order, phone="")  # 见附件, 无: no number to call
    taken = incoming.take(session, system, order, now=now)
    if not taken.is_new and status and profile.status_of(status) in incoming.HEARD:
        heard = profile.status_of(status)
        if taken.ref.said != heard.value:
            key = f"table-{heard.value}-{reply}"
            incoming.hear(session, system, order.number, status=heard, reply=reply, key=key, now=now)
            return Line(number, Outcome.changed, f"{order.number}：{status}")
    outcome = Outcome.new if taken.is_new else Outcome.same
    return Line(number, outcome, f"{order.number}：{order.what[:20]}")


def _head(system: ExternalSystem, lines: Lines) -> Sequence[str]:
    """The first line. Raises InvalidInput where number or words have no column, or two columns mean the same."""
    profile = profile_of(system.profile)
    head = [cell.replace(" ", "") for cell in lines[0][1]] if lines else []
    for field in _FIELDS:
        there = [name for name in head if name in profile.fields[field]]
        if len(there) > 1:
            raise InvalidInput(f"“{there[0][:20]}”和“{there[1][:20]}”是同一样，请只留一栏。")
        if field in ("number", "what") and not there:
            names = "、".join(profile.fields[field])
            raise InvalidInput(f"第 1 行要有这一栏：{names}（写其中一个）。对照表是“{profile.name}”。")
    return head

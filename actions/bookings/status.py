"""The life of an appointment: one table of allowed moves."""

import enum

from actions.errors import NotAllowed


class AppointmentStatus(enum.StrEnum):
    waiting = "waiting"  # on the waiting list
    booked = "booked"
    cancelled = "cancelled"
    attended = "attended"
    no_show = "no_show"


LABELS = {
    AppointmentStatus.waiting: "候补中",
    AppointmentStatus.booked: "已约好",
    AppointmentStatus.cancelled: "已取消",
    AppointmentStatus.attended: "已见面",
    AppointmentStatus.no_show: "没有来",
}
_S = AppointmentStatus
MOVES: dict[AppointmentStatus, frozenset[AppointmentStatus]] = {
    _S.waiting: frozenset({_S.booked, _S.cancelled}),
    _S.booked: frozenset({_S.cancelled, _S.attended, _S.no_show}),
    _S.no_show: frozenset({_S.attended}),  # came late, was noted wrongly
    _S.attended: frozenset({_S.no_show}),
    _S.cancelled: frozenset(),
}


def check(start: AppointmentStatus, to: AppointmentStatus) -> None:
    if to not in MOVES[start]:
        raise NotAllowed(f"“{LABELS[start]}”的预约不能改成“{LABELS[to]}”。")

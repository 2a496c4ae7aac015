"""How an event is spoken of: on the page, in the chat."""

from datetime import datetime

from actions.bookings.appointments import Status, label, own_label
from actions.bookings.models import Appointment, Opening
from actions.calendar.dates import day_label
from actions.events.kinds import known_kind
from actions.events.signing_up import spaced
from knowledge.clock import SHANGHAI


def kind_name(event: Opening) -> str:
    return known_kind(event.kind).name


def when(event: Opening) -> str:
    """12月5日（周六）19:00到21:00."""
    starts, ends = event.starts_at.astimezone(SHANGHAI), event.ends_at.astimezone(SHANGHAI)
    until = f"{ends:%H:%M}" if starts.date() == ends.date() else f"第二天{ends:%H:%M}"
    return f"{day_label(event.starts_at)}{starts:%H:%M}到{until}"


def places_left(event: Opening) -> int:
    return max(0, event.capacity - event.taken)


def stands(event: Opening, now: datetime) -> str:
    """How it stands with places, in a few words."""
    if event.is_cancelled:
        return "不外借了" if known_kind(event.kind).is_lent else "不办了"
    if event.ends_at <= now:
        return "办完了"
    if event.starts_at <= now and not known_kind(event.kind).is_lent:
        return "正在办"
    if event.capacity == 0:
        return "这一天不外借" if known_kind(event.kind).is_lent else "不用报名，来就行"
    if known_kind(event.kind).is_lent:
        return f"按钟点借，坐得下{event.capacity}个人"
    left = places_left(event)
    return f"还有{left}个位子" if left else "报满了，可以候补"


def line(event: Opening, now: datetime) -> str:
    """For a list in the chat."""
    return f"· {when(event)} {event.title}，{event.address}（{stands(event, now)}）"


def signed_up(row: Appointment, *, in_chat: bool) -> str:
    """What somebody hears who has signed up; a page can't tell anybody anything later."""
    event = row.opening
    if row.lent_from is not None:
        return _lent(row)
    who = f"{row.name}，{row.party}个人" if row.party > 1 else row.name
    if row.status is Status.waiting:
        told = "，轮到了我就在这里告诉您" if in_chat else ""
        return f"位子不够了，给您排上候补：{label(event)}（{who}）。有人不来就轮到您{told}。"
    note = f"{event.note.rstrip('。')}。" if event.note else ""
    return (
        f"报上了：{label(event)}（{who}）。地点：{event.address}。{note}到了报名字，或者给看报名码 {spaced(row.code)}。"
    )


def _lent(row: Appointment) -> str:
    note = f"{row.opening.note.rstrip('。')}。" if row.opening.note else ""
    return (
        f"借好了：{own_label(row)}（{row.name}，{row.party}个人，{row.item}）。地点：{row.opening.address}。{note}"
        f"用完请收拾好、关好门窗。借用码 {spaced(row.code)}，开门的时候给看。"
    )

"""Booking a consultation: openings as buttons, the matter in a sentence, read back, booked on yes.

Change and cancel likewise.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rasa_sdk.events import FollowupAction
from sqlalchemy.orm import Session

from actions.bookings import appointments, openings
from actions.bookings.models import MODE_LABELS, Appointment, Mode, Opening
from actions.bookings.status import LABELS, AppointmentStatus
from actions.calendar import dates
from actions.dialogue.dispute import go_on_buttons
from actions.dialogue.frame.base import ASKS, NOTHING, CustomAction, Said, Turn, keep, said_before, say, slots
from actions.dialogue.frame.forms import AGAIN, TO_THE_RULES, Ask, Form
from actions.dialogue.hearing import asides, commands, phrases
from actions.dialogue.hearing import dispute as words
from actions.errors import ActionError, BusyThen, NotFound, OpeningTaken
from actions.persons import threads_of
from actions.replies import Button, Reply, ReplyKind, phone_links
from knowledge import clock, places

INTENTS = {  # what staff read
    "book_consultation": "预约咨询",
    "check_booking": "查预约",
    "cancel_booking": "取消预约",
}
STEPS = ("opening", "matter", "contact", "confirm")
# intents the form reads itself
_OWN = frozenset({"book_consultation", "change_place", "supplement_case", "rate_case", "withdraw_case"})
_STOP = re.compile(r"不约|不见了|不去了|不咨询|不排了|不候补|别约")
_CHOICE = re.compile(r"(约|候补)(\d{1,9})号时段")
_NTH = re.compile(r"第([一二三四五1-5])(?:个|场|次|条)?|^([1-5])[号个]?$")
_FIRST = re.compile(r"最早|最近|头一个|最前|随便|都行|都可以|哪个都|越早越好|越快越好")
_THIS = re.compile(
    r"^(?:那|就|行|好|中|可以|[，, ])*(?:约|选|要|定)?(?:这个|这天|这时候|它|他)(?:吧|了|嘛|时间|时段)*$|^就(?:这|它)"
)
_MODES = (
    (Mode.video, re.compile(r"视频")),
    (Mode.phone, re.compile(r"(?:约|用|打|改成|要)(?:个|一个)?电话|电话(?:的|咨询|里|上)|通电话|打电话")),
    (Mode.visit, re.compile(r"到村|来村|村里坐班|上门")),
    (Mode.office, re.compile(r"到所里|去所里|司法所见")),
)
_MATTER = re.compile(r"(?:咨询|问一?下|问问|想问|因为|关于|说说|谈谈)(?!律师|法律|时间|预约|一下$)[，,]?(.{2,80})$")


_TROUBLE = re.compile(r"因为|关于|被|欠|打(?!工)|离婚|土地|工资|纠纷|官司|赔")
_CHANGE = re.compile(r"改(?:约|期|时间|到|个|成)|换(?:个|一个)?(?:时间|时段|日子)")
_HALF = re.compile(r"上午|中午|下午|早上|晚上|傍晚")
_OTHER_TIME = re.compile(r"(?:换|改)(?:个|一个|到|成)?(?:时间|时段|日子|天)|时间(?:不对|不行|要改|改)")
# words that mean a command elsewhere, but may well be what somebody wants to ask a lawyer
_MATTERS_TOO = frozenset({"check_case", "ask_capabilities", "check_legal_aid", "ask_deadline"})
_MODE_SAID = {Mode.phone: "电话的", Mode.video: "视频的", Mode.visit: "到村", Mode.office: "到所里"}

_NO_SUCH = "没有这个时段，请重新选一个。"

_SHOWN, _LOOKED_AT = 5, 60

_FORM = "booking_form"
_IN_CHAT = Button("在这里联系就行", "在这里联系")
_STOPS = Button("不约了", "不约了，取消")


def _now() -> datetime:
    return datetime.now(UTC)


def _asking(text: str, *buttons: Button, form: str = "") -> Reply:
    return Reply(ReplyKind.asking, text, buttons=buttons, form=form)


def _told(text: str, *buttons: Button) -> Reply:
    return Reply(ReplyKind.booking, text, buttons=buttons)


def farewell(turn: Turn) -> Reply:
    kept = "原来约的时间没有变。" if turn.slot("booking_change") else ""
    text = f"好，先不约。什么时候想约，说“想约律师”就行。{kept}"
    return Reply(ReplyKind.smalltalk, text, buttons=go_on_buttons(turn))


def held_by(session: Session, turn: Turn) -> list[Appointment]:
    """What this resident still has before them, the nearest first."""
    return appointments.held_by(session, *threads_of(session, turn.conversation_id), now=_now())


class StartBooking(CustomAction):
    names = ("action_start_booking",)

    def do(self, turn: Turn) -> Said:
        text, is_change = turn.text, bool(_CHANGE.search(turn.text))
        started = self._change(turn) if is_change else NOTHING
        choice = _CHOICE.search(text)
        filled = self._named(turn, choice) if choice else {}
        if not is_change and (matter := _matter_in(text)):
            filled["booking_matter"] = matter
        elif not is_change and "刚才对过" in text and (checked := turn.slot("check_summary")):
            filled["booking_matter"] = checked[:500]  # what the resident held against a list, as the button says
        return say(
            *started.replies,
            events=[
                *ValidateBooking.empty(),
                *slots(
                    booking_when=text,
                    booking_id=f"{turn.conversation_id}:{turn.message or _now().timestamp()}",
                    booking_message=turn.message,
                    **filled,
                ),
                *started.events,
                FollowupAction(_FORM),
            ],
        )

    def _named(self, turn: Turn, choice: re.Match[str]) -> dict[str, Any]:
        with self.services.sessions() as session:
            return _slots_of(session, turn, choice.group(2), choice.group(1))

    def _change(self, turn: Turn) -> Said:
        """Another time for the appointment that stands."""
        with self.services.sessions() as session:
            held = held_by(session, turn)
            booked = next((a for a in held if a.status is AppointmentStatus.booked), None)
            if booked is None:
                return say(_asking(_NOT_HELD))
            asked = _same_day(turn.text, booked.opening)
            when = "" if dates.find_future(asked, now=_now()) else "换到什么时候？"
            return say(
                _asking(f"您现在约的是 {appointments.label(booked.opening)}。{when}"),
                events=slots(
                    booking_matter=booked.summary,
                    booking_contact=booked.phone or "在这里联系",
                    booking_change=booked.id,
                    booking_when=asked,
                ),
            )


def _same_day(text: str, opening: Opening) -> str:
    """能不能改到下午 means the day that stands, whatever day it is said on."""
    found = dates.find_future(text, now=_now()) or dates.find_past(text, now=_now())
    if found is None or not _HALF.match(found.said):
        return text
    day = dates.day_label(opening.starts_at).split("（")[0]
    return text.replace(found.said, f"{day}{found.said}", 1)


_NOT_HELD = (
    "我在这段对话里没有查到您约好的时间。用别的手机或者打电话约的，说“转人工”，请工作人员改；要重新约，接着选就行。"
)


def _matter_in(text: str) -> str:
    """What somebody who wants to book wants to ask, where they say it at once."""
    if told := _MATTER.search(text):
        return told.group(1).strip("，,。的事吗？? ")
    is_told = len(text) >= 14 and not _CHOICE.search(text) and _TROUBLE.search(text)
    return text if is_told else ""


class ValidateBooking(Form):
    names = ("validate_booking_form",)
    prefix = "booking"
    fields = (*STEPS, "when", "id", "change", "message", "kind", "hint")
    aside_table = asides.BOOKING

    def is_stopped(self, turn: Turn) -> bool:
        return super().is_stopped(turn) or bool(_STOP.search(turn.text))

    def farewell(self, turn: Turn) -> Reply:
        return farewell(turn)

    def leave(self, turn: Turn) -> Said | None:
        if (stopped := super().leave(turn)) is not None:
            return stopped
        if phrases.is_resume(turn.text) and (buttons := go_on_buttons(turn)):
            text = "先把预约定下来，再接着报刚才的事；不想约了就说“不约了”。"
            return say(Reply(ReplyKind.smalltalk, text, buttons=buttons), events=self.mark(turn))
        return None

    def at_any_step(self, turn: Turn, step: str) -> Said | None:
        if choice := _CHOICE.search(turn.text):
            with self.services.sessions() as session:
                return say(events=slots(**_slots_of(session, turn, choice.group(2), choice.group(1))))
        if phrases.is_back(turn.text):
            filled = [s for s in STEPS if turn.slot(f"booking_{s}")]
            return say(events=slots(**{f"booking_{filled[-1]}": None})) if filled else AGAIN
        return None

    def read_step(self, turn: Turn, step: str) -> Said:
        is_time = step == "confirm" and dates.find_future(turn.text, now=_now())
        if step == "opening" or is_time or (step in STEPS and _OTHER_TIME.search(turn.text)):
            return self._opening(turn, step)
        if step == "contact" and (heard := self._contact(turn)) is not None:
            return heard
        own = _OWN | (_MATTERS_TOO if step == "matter" else frozenset())
        if commands.is_meant(turn.text, turn.intent, turn.sure, but=own):
            return TO_THE_RULES
        if step == "matter":
            return self._matter(turn)
        if step == "confirm" and (heard := self._confirm(turn)) is not None:
            return heard
        if phrases.is_question(turn.text) and len(turn.text) >= 4 and turn.intent in ASKS:
            return TO_THE_RULES
        if step != "contact":
            return AGAIN
        return say(events=slots(booking_hint="留个手机号就行；不方便留，就说“在这里联系”。"))

    def _contact(self, turn: Turn) -> Said | None:
        if value := words.read_step("contact", turn.text, now=_now()):
            is_number = value[:1].isdigit()
            if not is_number and not turn.slot("booking_hint") and self._is_by_phone(turn):
                return say(events=slots(booking_hint="电话咨询要打给您，得留个号码才打得通。手机、座机都行。"))
            contact = "在这里联系" if value in ("匿名", "在这里回复") else value
            return say(events=slots(booking_contact=contact))
        if count := phrases.odd_number_in(turn.text):
            hint = f"手机号是 11 位，您发的是 {count} 位，麻烦核对一下号码再发一次。不方便留，就说“在这里联系”。"
            return say(events=slots(booking_hint=hint))
        return None

    def _is_by_phone(self, turn: Turn) -> bool:
        with self.services.sessions() as session:
            opening = session.get(Opening, int(turn.slot("booking_opening") or 0))
            return opening is not None and opening.mode is Mode.phone

    def _matter(self, turn: Turn) -> Said:
        head = r"^(?:就)?(?:想)?(?:咨询|问问|问一下|问|说说)(?:一下)?(?=.{2})"
        matter = re.sub(head, "", turn.text).strip("，,。 ")
        is_empty = len(re.sub(r"[^\u4e00-\u9fffA-Za-z]", "", matter)) < 2
        if is_empty or phrases.yes_or_no(turn.text) is not None:
            return say(events=slots(booking_hint="想咨询什么事？大概说一句就行，比如“离婚”“地被占了”。"))
        return say(events=slots(booking_matter=phrases.tidy(matter[:500])))

    def _confirm(self, turn: Turn) -> Said | None:
        answer = phrases.yes_or_no(turn.text)
        if answer is True or (turn.intent == "affirm" and turn.sure >= 0.8 and len(turn.text) <= 8):
            return say(events=slots(booking_confirm="yes"))
        if answer is False or turn.intent == "deny":
            return say(
                _asking("要改哪一项？", Button("换时间", "换个时间"), _STOPS),
                events=slots(booking_confirm=None, requested_slot="booking_confirm"),
            )
        if phone := phrases.phone_in(turn.text):
            return say(events=slots(booking_contact=phone, booking_confirm=None))
        return AGAIN if asides.is_about_place(turn.text) else None  # the place stands in what is read back again

    def _opening(self, turn: Turn, step: str) -> Said:
        if (taken := self._offered(turn)) is not None:
            return taken
        text = turn.text
        if no_day := dates.find_impossible(text, now=_now()):
            hint = f"“{no_day}”这一天，日历上没有。点一个时间，或者再说一次您方便哪天："
            return say(events=slots(booking_hint=hint))
        wanted, mode = dates.find_future(text, now=_now()), _mode(text)
        if wanted or mode or _is_past(text) or dates.find_unwanted(text, now=_now()).days:
            before = None if mode else _mode(turn.slot("booking_when") or "")
            when = f"{text} {_MODE_SAID[before]}" if before else text
            return say(events=slots(booking_when=when, booking_opening=None, booking_confirm=None))
        if step != "opening":
            return say(events=slots(booking_opening=None, booking_when=None, booking_confirm=None))
        is_asked = phrases.is_question(text) and len(text) >= 4 and turn.intent in ASKS
        if is_asked or commands.is_meant(text, turn.intent, turn.sure, but=_OWN):
            return TO_THE_RULES
        hint = "没听明白您要哪一个。点一个时间，说“第一个”，或者说您方便哪天："
        return say(events=slots(booking_hint=hint))

    def _offered(self, turn: Turn) -> Said | None:
        """One of those that were offered, or the waiting list of a full one."""
        with self.services.sessions() as session:
            shown, full = _offers(session, turn)
            if full and re.search(r"候补|排队", turn.text):
                return say(events=slots(**_taking(turn, full[0], "候补")))
            if shown and (chosen := _chosen(turn.text, shown)) is not None:
                return say(events=slots(**_taking(turn, chosen, "约")))
        return None


def _taking(turn: Turn, opening: Opening, kind: str) -> dict[str, Any]:
    """The slots of a choice; nobody waits where there is room. Who moves to a telephone hour is asked for a number."""
    is_full = opening.taken >= opening.capacity
    lacks_number = opening.mode is Mode.phone and turn.slot("booking_contact") == "在这里联系"
    return {
        "booking_opening": str(opening.id),
        "booking_kind": kind if is_full else "约",
        "booking_confirm": None,
        **({"booking_contact": None} if lacks_number else {}),
    }


def _slots_of(session: Session, turn: Turn, number: str, kind: str) -> dict[str, Any]:
    """Of an opening named by its number, as the buttons do; words may name any, so only what residents of this place
    may take and what is still to come counts.
    """
    opening = session.get(Opening, int(number))
    is_here = opening is not None and (not turn.place or opening.place_id in places.above(session, turn.place))
    if opening is None or opening.kind or not is_here or opening.is_cancelled or opening.starts_at <= _now():
        return {"booking_opening": None, "booking_confirm": None, "booking_hint": _NO_SUCH}
    if opening.taken >= opening.capacity and kind == "约":
        return {"booking_opening": None, "booking_confirm": None, "booking_hint": OpeningTaken.message_zh}
    return _taking(turn, opening, kind)


def _chosen(text: str, shown: list[Opening]) -> Opening | None:
    """第二个, 就最早的, 就这个 where only one is offered, or the day and hour of one that is."""
    if nth := _NTH.search(text):
        i = (
            "一二三四五".find(nth.group(1))
            if nth.group(1) and nth.group(1) in "一二三四五"
            else int(nth.group(1) or nth.group(2)) - 1
        )
        return shown[i] if i < len(shown) else None
    if "最后一个" in text or "最后那个" in text:
        return shown[-1]
    if _FIRST.search(text) or (len(shown) == 1 and (_THIS.search(text) or phrases.yes_or_no(text))):
        return shown[0]
    hour = re.search(r"(?<!\d)(\d{1,2})(?:[:：]\d{2}|点)", text)
    fits = [
        o
        for o in shown
        if hour and o.starts_at.astimezone(clock.SHANGHAI).hour in (int(hour.group(1)), int(hour.group(1)) + 12)
    ]
    return fits[0] if len(fits) == 1 and dates.find_future(text, now=_now()) is None else None


def _mode(text: str) -> Mode | None:
    return next((mode for mode, pattern in _MODES if pattern.search(text)), None)


def _is_past(text: str) -> bool:
    """A day that is over, and none to come: 上周三, 昨天."""
    past = dates.find_past(text, now=_now())
    return dates.find_future(text, now=_now()) is None and past is not None and past.end < _now()


def _offers(session: Session, turn: Turn) -> tuple[list[Opening], list[Opening]]:
    """On the day and in the way asked for; where there is none, the nearest of that way, then of any. And full ones,
    where few are left.
    """
    asked, place, now = turn.slot("booking_when") or "", turn.place, _now()
    wanted, mode = dates.find_future(asked, now=now), _mode(asked)
    unwanted = dates.find_unwanted(asked, now=now)
    mine = held_by(session, turn)
    held = {a.opening_id for a in mine}
    busy = [a.opening for a in mine if a.id != turn.slot("booking_change")]
    a_minute = timedelta(minutes=1)

    def is_free(opening: Opening) -> bool:
        return not any(appointments.meet(other, opening.starts_at, opening.ends_at) for other in busy)

    def fitting(**like: Any) -> list[Opening]:
        found = openings.offers(session, now=now, place=place, limit=_LOOKED_AT, **like)
        return [o for o in found if not unwanted.covers(o.starts_at) and is_free(o)][:_SHOWN]

    found: list[Opening] = []
    if wanted:
        found = fitting(after=wanted.start - a_minute, before=wanted.end + a_minute, mode=mode)
    found = found or fitting(mode=mode) or fitting()
    shown = [o for o in found if o.id not in held]
    full = openings.full_ones(session, now=now, place=place) if len(shown) < 3 else []
    return shown, [o for o in full if not unwanted.covers(o.starts_at) and o.id not in held and is_free(o)]


class AskOpening(Ask):
    names = ("action_ask_booking_opening",)

    def ask(self, turn: Turn) -> Said:
        with self.services.sessions() as session:
            shown, full = _offers(session, turn)
            buttons = [Button(appointments.offered(o), f"约{o.id}号时段") for o in shown]
            buttons += [Button(f"候补：{appointments.offered(o)}", f"候补{o.id}号时段") for o in full]
            text = turn.slot("booking_hint") or _head(turn.slot("booking_when") or "", shown)
        if buttons:
            return say(_asking(text, *buttons, form="booking"))
        lacks = "没有这个时段。" if text == _NO_SUCH else ""
        none = Reply(
            ReplyKind.smalltalk,
            f"{lacks}现在没有可约的时间。您想问的事、哪天方便，可以说给工作人员，请他们安排好再回您；"
            "和我们的律师见面不收费。",
            next="见面带上身份证，还有合同、欠条、通知书这些纸。急着问，可以拨打 12348，免费；也可以直接去镇司法所。",
            buttons=(Button("请工作人员帮我约", "转人工"),),
            links=phone_links("12348"),
        )
        return say(none, events=(*slots(requested_slot=None), *ValidateBooking.empty()))


def _head(asked: str, shown: list[Opening]) -> str:
    """What is said above the openings."""
    wanted, mode = dates.find_future(asked, now=_now()), _mode(asked)
    unwanted = dates.find_unwanted(asked, now=_now()).days
    lacks = f"{MODE_LABELS[mode]}的暂时没有。" if mode and not any(o.mode is mode for o in shown) else ""
    if not shown:
        return f"{lacks}现在都约满了，可以排候补，有人退号就轮到您："
    if wanted:
        fits = wanted.start - timedelta(minutes=2) <= shown[0].starts_at <= wanted.end
        there = f"您说的是{wanted.label}，有这些时间："
        return lacks + (there if fits else f"{wanted.label}没有可约的，最近的是这些：")
    if unwanted:
        return f"{lacks}{'、'.join(day.said for day in unwanted)}不排，别的时间有这些："
    if _is_past(asked):
        return f"{lacks}您说的日子已经过去了，往后可以约的时间有这些："
    return f"{lacks}最近可以约的时间有这些，点一个，或者说您方便哪天："


class AskMatter(Ask):
    names = ("action_ask_booking_matter",)

    def ask(self, turn: Turn) -> Said:
        text = "想咨询什么事？一两句话就行，只有约见的法律工作者能看到。"
        return say(_asking(turn.slot("booking_hint") or text, form="booking"))


class AskContact(Ask):
    names = ("action_ask_booking_contact",)

    def ask(self, turn: Turn) -> Said:
        text = "留个手机号，有变动好通知您。不方便留，也可以在这里联系。"
        return say(_asking(turn.slot("booking_hint") or text, _IN_CHAT, form="booking"))


class AskConfirm(Ask):
    names = ("action_ask_booking_confirm",)

    def ask(self, turn: Turn) -> Said:
        waits = turn.slot("booking_kind") == "候补"
        with self.services.sessions() as session:
            opening = session.get(Opening, int(turn.slot("booking_opening") or 0))
            if opening is None:
                again = (*slots(booking_opening=None), FollowupAction(_FORM))
                return say(_asking("没有这个时段，请重新选一个。"), events=again)
            lines = [
                f"时间：{appointments.label(opening)}{'（排候补）' if waits else ''}",
                *([f"地点：{opening.address}"] if opening.address else ()),
                *([f"说明：{opening.note}"] if opening.note else ()),
                f"想问：{turn.slot('booking_matter')}",
                f"联系：{turn.slot('booking_contact')}",
                f"要带：{appointments.brought(opening)}",
            ]
        yes = "对，改到这个时间" if turn.slot("booking_change") else "对，排候补" if waits else "对，约上"
        text = "您看对不对：\n" + "\n".join(lines)
        return say(_asking(text, Button(yes, "对"), Button("换个时间", "换个时间"), _STOPS, form="booking"))


class Book(CustomAction):
    names = ("action_book",)

    def do(self, turn: Turn) -> Said:
        if turn.slot("booking_confirm") != "yes":
            return NOTHING
        with self.services.sessions() as session:
            if (before := said_before(session, turn)) is not None:
                return before + say(events=ValidateBooking.empty())
            try:
                held = self._held(session, turn)
            except (OpeningTaken, BusyThen, NotFound) as error:
                session.rollback()
                return self._again(session, turn, error)
            except ActionError as error:
                return say(_told(error.message_zh), events=ValidateBooking.empty())
            reply = replace(appointments.booked_reply(held), buttons=go_on_buttons(turn))
        return say(reply, events=ValidateBooking.empty())

    def _again(self, session: Session, turn: Turn, error: ActionError) -> Said:
        """Another one is asked for; who wanted one that is full by now is first offered its waiting list."""
        wanted = session.get(Opening, int(turn.slot("booking_opening")))
        is_full = wanted is not None and not wanted.is_cancelled and wanted.taken >= wanted.capacity
        if isinstance(error, OpeningTaken) and is_full and not turn.slot("booking_change"):
            events = slots(booking_kind="候补", booking_confirm=None)
            text = "这个时段刚刚约满了。可以排候补，有人退号就轮到您；也可以换个时间。"
            return say(_asking(text), events=(*events, FollowupAction(_FORM)))
        again = (*slots(booking_opening=None, booking_confirm=None), FollowupAction(_FORM))
        return say(_asking(error.message_zh), events=again)

    def _held(self, session: Session, turn: Turn) -> Appointment:
        """Waited for, changed or booked. Raises as `appointments.book`."""
        opening, key = int(turn.slot("booking_opening")), f"booking:{turn.slot('booking_id')}"
        is_waiting = turn.slot("booking_kind") == "候补"
        change = turn.slot("booking_change")
        contact = turn.slot("booking_contact") or ""
        if change and not is_waiting:
            return appointments.change(
                session,
                int(change),
                opening,
                request_key=key,
                phone=contact if contact[:1].isdigit() else None,
                place=turn.place or None,
                now=_now(),
                message_id=turn.message,
            )
        return (appointments.wait if is_waiting else appointments.book)(
            session,
            opening,
            conversation_id=turn.conversation_id,
            request_key=key,
            summary=turn.slot("booking_matter") or "",
            phone=contact if contact[:1].isdigit() else None,
            place=turn.place or None,
            now=_now(),
            message_id=turn.message,
        )


class CheckBooking(CustomAction):
    names = ("action_check_booking",)

    def do(self, turn: Turn) -> Said:
        with self.services.sessions() as session:
            lines = [
                f"{LABELS[a.status]}：{appointments.label(a.opening)}，{appointments.where(a.opening, a.phone)}"
                for a in held_by(session, turn)
            ]
        if not lines:
            return say(_told("您现在没有预约。", Button("约一个", "想约律师")))
        return say(_told("\n".join(lines), Button("改时间", "预约改时间"), Button("取消预约", "取消预约")))


class CancelBooking(CustomAction):
    names = ("action_cancel_booking",)

    def do(self, turn: Turn) -> Said:
        with self.services.sessions() as session:
            if (before := said_before(session, turn)) is not None:
                return before
            held = held_by(session, turn)
            if named := re.search(r"确认取消(\d{1,9})号预约", turn.text):
                return self._cancel(session, turn, next((a for a in held if a.id == int(named.group(1))), None))
            if not held:
                return say(_told("您现在没有预约，不用取消。"))
            meant = re.search(r"取消(\d{1,9})号预约", turn.text)
            return self._ask(turn, [a for a in held if meant and a.id == int(meant.group(1))] or held)

    def _cancel(self, session: Session, turn: Turn, mine: Appointment | None) -> Said:
        if mine is None:
            return say(_told("这个预约已经不在了。"))
        done = _told("取消好了，位置让给别人了。想再约，随时说。")
        keep(session, turn, done)
        appointments.cancel(session, mine.id, now=_now())
        return say(done)

    def _ask(self, turn: Turn, held: list[Appointment]) -> Said:
        buttons = [Button(f"取消：{appointments.label(a.opening)}", f"确认取消{a.id}号预约") for a in held[:5]]
        text = "取消哪一个？" if len(held) > 1 else "确定取消这个预约吗？"
        waits = slots(awaits=turn.waiting_for(buttons[0].payload)) if len(held) == 1 else ()
        return say(_asking(text, *buttons, Button("不取消", "先不用")), events=waits)


class StopBooking(CustomAction):
    names = ("action_stop_booking",)

    def do(self, turn: Turn) -> Said:
        if re.search(r"取消\d{1,9}号预约$", turn.text):  # one that stands, not the one being made
            return CancelBooking(self.services).do(turn) + say(events=ValidateBooking.empty())
        return say(farewell(turn), events=ValidateBooking.empty())

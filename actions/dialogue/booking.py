"""Booking a consultation: openings as buttons, the matter in a sentence, read back, booked on yes.

Change and cancel likewise.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.bookings import appointments, openings
from actions.bookings.models import MODE_LABELS, Mode, Opening
from actions.bookings.status import LABELS, AppointmentStatus
from actions.calendar import dates
from actions.dialogue.base import ASKS, Services, keep, message_of, place_of, said_before
from actions.dialogue.forms import intent_of, said, unfinished, waiting_for
from actions.dialogue.hearing import asides, commands, phrases
from actions.dialogue.hearing import dispute as words
from actions.errors import ActionError, OpeningTaken
from actions.persons import threads_of
from knowledge import clock

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


def empty() -> list[EventType]:
    return [SlotSet(f"booking_{s}", None) for s in (*STEPS, "when", "id", "change", "message", "kind", "hint")]


def _now() -> datetime:
    return datetime.now(UTC)


class _Booking(Action):
    def __init__(self, services: Services) -> None:
        self.services = services

    def say(self, dispatcher: CollectingDispatcher, text: str, *, kind: str = "asking", **more: Any) -> None:
        dispatcher.utter_message(json_message={"kind": kind, "text": text, **more})


class StartBooking(_Booking):
    def name(self) -> str:
        return "action_start_booking"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        is_change = bool(re.search(r"改(?:约|期|时间|到|个|成)|换(?:个|一个)?(?:时间|时段|日子)", text))
        with self.services.sessions() as session:
            held = appointments.held_by(session, *threads_of(session, tracker.sender_id), now=_now())
            booked = [a for a in held if a.status is AppointmentStatus.booked]
            change = booked[0] if is_change and booked else None
            more = (
                [
                    SlotSet("booking_matter", change.summary),
                    SlotSet("booking_contact", change.phone or "在这里联系"),
                    SlotSet("booking_change", change.id),
                ]
                if change
                else []
            )
            if change:
                self.say(
                    dispatcher,
                    f"您现在约的是 {appointments.label(change.opening)}。"
                    + ("" if dates.find_future(text, now=_now()) else "换到什么时候？"),
                )
            elif is_change:
                self.say(dispatcher, "您现在没有约好的时间，我们重新约一个。")
        choice = _CHOICE.search(text)
        matter = (
            text
            if len(text) >= 14
            and not choice
            and not is_change
            and re.search(r"因为|关于|被|欠|打(?!工)|离婚|土地|工资|纠纷|官司|赔", text)
            else None
        )
        if not is_change and (told := _MATTER.search(text)):
            matter = told.group(1).strip("，,。的事吗？? ") or None
        return [
            *empty(),
            *more,
            SlotSet("booking_when", text),
            *([SlotSet("booking_matter", matter)] if matter else []),
            *(
                [SlotSet("booking_opening", choice.group(2)), SlotSet("booking_kind", choice.group(1))]
                if choice
                else []
            ),
            SlotSet("booking_id", f"{tracker.sender_id}:{message_of(tracker) or _now().timestamp()}"),
            SlotSet("booking_message", message_of(tracker)),
            FollowupAction("booking_form"),
        ]


class ValidateBooking(_Booking):
    def name(self) -> str:
        return "validate_booking_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        message = message_of(tracker)
        mark = SlotSet("booking_message", message)
        if message is not None and message == tracker.get_slot("booking_message"):
            return [mark]
        text, (intent, sure) = said(tracker), intent_of(tracker)
        if phrases.is_drop(text) or phrases.is_pause(text) or _STOP.search(text):
            self.say(dispatcher, stop_words(tracker), kind="smalltalk", **unfinished(tracker))
            return [*empty(), SlotSet("requested_slot", None)]
        if phrases.is_resume(text) and (more := unfinished(tracker)):
            self.say(dispatcher, "先把预约定下来，再接着报刚才的事；不想约了就说“不约了”。", kind="smalltalk", **more)
            return [mark]
        found = self.read(
            dispatcher, tracker, (tracker.get_slot("requested_slot") or "").removeprefix("booking_"), text, intent, sure
        )
        return [SlotSet("booking_hint", None), *found, mark] if found is not None else []

    def read(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, step: str, text: str, intent: str, sure: float
    ) -> list[EventType] | None:
        """Slots for what was said; [] asks the same again, None leaves the message to the rules."""
        if choice := _CHOICE.search(text):
            return [
                SlotSet("booking_opening", choice.group(2)),
                SlotSet("booking_kind", choice.group(1)),
                SlotSet("booking_confirm", None),
            ]
        if phrases.is_back(text):
            filled = [s for s in STEPS if tracker.get_slot(f"booking_{s}")]
            return [SlotSet(f"booking_{filled[-1]}", None)] if filled else []
        if aside := asides.find(text, asides.BOOKING):
            self.say(dispatcher, aside, kind="smalltalk")
            return []
        if (
            step == "opening"
            or (
                step in ("confirm", "contact", "matter")
                and re.search(r"(?:换|改)(?:个|一个|到|成)?(?:时间|时段|日子|天)|时间(?:不对|不行|要改|改)", text)
            )
            or (step == "confirm" and dates.find_future(text, now=_now()))
        ):
            return self.read_opening(dispatcher, tracker, step, text, intent, sure)
        if step == "contact":
            if value := words.read_step("contact", text, now=_now()):
                with self.services.sessions() as session:
                    opening = session.get(Opening, int(tracker.get_slot("booking_opening") or 0))
                if (
                    opening
                    and opening.mode is Mode.phone
                    and not value[:1].isdigit()
                    and not tracker.get_slot("booking_hint")
                ):
                    return [SlotSet("booking_hint", "电话咨询要打给您，得留个号码才打得通。手机、座机都行。")]
                return [SlotSet("booking_contact", "在这里联系" if value in ("匿名", "在这里回复") else value)]
            if count := phrases.odd_number_in(text):
                return [
                    SlotSet(
                        "booking_hint",
                        f"手机号是 11 位，您发的是 {count} 位，麻烦核对一下号码再发一次。不方便留，就说“在这里联系”。",
                    )
                ]
        if commands.is_meant(
            text,
            intent,
            sure,
            but=_OWN
            | (
                {"check_case", "ask_capabilities", "check_legal_aid", "ask_deadline"}
                if step == "matter"
                else frozenset()
            ),
        ):
            return None
        if step == "matter":
            matter = re.sub(r"^(?:就)?(?:想)?(?:咨询|问问|问一下|问|说说)(?:一下)?(?=.{2})", "", text).strip("，,。 ")
            if phrases.yes_or_no(text) is not None or len(re.sub(r"[^\u4e00-\u9fffA-Za-z]", "", matter)) < 2:
                return [SlotSet("booking_hint", "想咨询什么事？大概说一句就行，比如“离婚”“地被占了”。")]
            return [SlotSet("booking_matter", phrases.tidy(matter[:500]))]
        if step == "confirm":
            answer = phrases.yes_or_no(text)
            if answer is True or (intent == "affirm" and sure >= 0.8 and len(text) <= 8):
                return [SlotSet("booking_confirm", "yes")]
            if answer is False or intent == "deny":
                self.say(
                    dispatcher,
                    "要改哪一项？",
                    buttons=[
                        {"title": "换时间", "payload": "换个时间"},
                        {"title": "不约了", "payload": "不约了，取消"},
                    ],
                )
                return [SlotSet("booking_confirm", None), SlotSet("requested_slot", "booking_confirm")]
            if phone := phrases.phone_in(text):
                return [SlotSet("booking_contact", phone), SlotSet("booking_confirm", None)]
            if asides.is_about_place(text):
                return []  # the place stands in what is read back again
        if phrases.is_question(text) and len(text) >= 4 and intent in ASKS:
            return None
        return [SlotSet("booking_hint", "留个手机号就行；不方便留，就说“在这里联系”。")] if step == "contact" else []

    def read_opening(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, step: str, text: str, intent: str, sure: float
    ) -> list[EventType] | None:
        with self.services.sessions() as session:
            shown = _offers(session, self.services, tracker)
            full = openings.full_ones(session, now=_now(), place=place_of(tracker)) if len(shown) < 3 else []
            if re.search(r"候补|排队", text) and full:
                return [
                    SlotSet("booking_opening", str(full[0].id)),
                    SlotSet("booking_kind", "候补"),
                    SlotSet("booking_confirm", None),
                ]
            if shown and (taken := _chosen(text, shown)) is not None:
                return [
                    SlotSet("booking_opening", str(taken.id)),
                    SlotSet("booking_kind", "约"),
                    SlotSet("booking_confirm", None),
                ]
        wanted, before = dates.find_future(text, now=_now()), tracker.get_slot("booking_when") or ""
        if wanted or _mode(text) or _is_past(text):
            mode = _mode(before)
            kept = (
                ""
                if _mode(text) or mode is None
                else {Mode.phone: "电话的", Mode.video: "视频的", Mode.visit: "到村", Mode.office: "到所里"}[mode]
            )
            return [
                SlotSet("booking_when", f"{text} {kept}".strip()),
                SlotSet("booking_opening", None),
                SlotSet("booking_confirm", None),
            ]
        if step != "opening":
            return [SlotSet("booking_opening", None), SlotSet("booking_when", None), SlotSet("booking_confirm", None)]
        if commands.is_meant(text, intent, sure, but=_OWN):
            return None
        if phrases.is_question(text) and len(text) >= 4 and intent in ASKS:
            return None
        return [SlotSet("booking_hint", "没听明白您要哪一个。点一个时间，说“第一个”，或者说您方便哪天：")]


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


def stop_words(tracker: Tracker) -> str:
    return "好，先不约。什么时候想约，说“想约律师”就行。" + (
        "原来约的时间没有变。" if tracker.get_slot("booking_change") else ""
    )


def _offers(session: Session, services: Services, tracker: Tracker) -> list[Opening]:
    """On the day and in the way asked for; where there is none, the nearest of that way, then of any."""
    asked, place = tracker.get_slot("booking_when") or "", place_of(tracker)
    wanted, mode = dates.find_future(asked, now=_now()), _mode(asked)
    held = {a.opening_id for a in appointments.held_by(session, *threads_of(session, tracker.sender_id), now=_now())}
    near = (
        openings.offers(
            session,
            now=_now(),
            place=place,
            after=wanted.start - timedelta(minutes=1),
            before=wanted.end + timedelta(minutes=1),
            mode=mode,
        )
        if wanted
        else []
    )
    found = (
        near
        or openings.offers(session, now=_now(), place=place, mode=mode)
        or openings.offers(session, now=_now(), place=place)
    )
    return [o for o in found if o.id not in held]


class AskOpening(_Booking):
    def name(self) -> str:
        return "action_ask_booking_opening"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if commands.hands_over(tracker):
            return []
        asked = tracker.get_slot("booking_when") or ""
        wanted, mode = dates.find_future(asked, now=_now()), _mode(asked)
        with self.services.sessions() as session:
            shown = _offers(session, self.services, tracker)
            full = openings.full_ones(session, now=_now(), place=place_of(tracker)) if len(shown) < 3 else []
            buttons = [{"title": appointments.label(o), "payload": f"约{o.id}号时段"} for o in shown]
            buttons += [{"title": f"候补：{appointments.label(o)}", "payload": f"候补{o.id}号时段"} for o in full]
        if not buttons:
            self.say(
                dispatcher,
                "现在没有可约的时间。",
                kind="smalltalk",
                next="急着问，可以拨打 12348，免费；也可以直接去镇司法所。",
                links=[{"label": "拨打 12348", "href": "tel:12348"}],
            )
            return [SlotSet("requested_slot", None), *empty()]
        fits = wanted and shown and wanted.start - timedelta(minutes=2) <= shown[0].starts_at <= wanted.end
        lacks = f"{MODE_LABELS[mode]}的暂时没有。" if mode and not any(o.mode is mode for o in shown) else ""
        if not shown:
            head = "现在都约满了，可以排候补，有人退号就轮到您："
        elif wanted:
            head = f"您说的是{wanted.label}，有这些时间：" if fits else f"{wanted.label}没有可约的，最近的是这些："
        elif _is_past(asked):
            head = "您说的日子已经过去了，往后可以约的时间有这些："
        else:
            head = "最近可以约的时间有这些，点一个，或者说您方便哪天："
        self.say(dispatcher, tracker.get_slot("booking_hint") or lacks + head, buttons=buttons, form="booking")
        return []


class AskBooking(_Booking):
    def __init__(self, services: Services, step: str) -> None:
        super().__init__(services)
        self.step = step

    def name(self) -> str:
        return f"action_ask_booking_{self.step}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if commands.hands_over(tracker):
            return []
        if (hint := tracker.get_slot("booking_hint")) and self.step != "confirm":
            self.say(
                dispatcher,
                hint,
                buttons=[{"title": "在这里联系就行", "payload": "在这里联系"}] if self.step == "contact" else [],
                form="booking",
            )
        elif self.step == "matter":
            self.say(dispatcher, "想咨询什么事？一两句话就行，只有约见的法律工作者能看到。", form="booking")
        elif self.step == "contact":
            self.say(
                dispatcher,
                "留个手机号，有变动好通知您。不方便留，也可以在这里联系。",
                buttons=[{"title": "在这里联系就行", "payload": "在这里联系"}],
                form="booking",
            )
        else:
            with self.services.sessions() as session:
                opening = session.get(Opening, int(tracker.get_slot("booking_opening") or 0))
                if opening is None:
                    self.say(dispatcher, "没有这个时段，请重新选一个。")
                    return [SlotSet("booking_opening", None), FollowupAction("booking_form")]
                waits = tracker.get_slot("booking_kind") == "候补"
                lines = [
                    f"时间：{appointments.label(opening)}{'（排候补）' if waits else ''}",
                    f"地点：{opening.address or '工作人员联系您'}",
                    f"想问：{tracker.get_slot('booking_matter')}",
                    f"联系：{tracker.get_slot('booking_contact')}",
                    f"要带：{appointments.BRING}",
                ]
            yes = "对，改到这个时间" if tracker.get_slot("booking_change") else "对，排候补" if waits else "对，约上"
            self.say(
                dispatcher,
                "您看对不对：\n" + "\n".join(lines),
                buttons=[
                    {"title": yes, "payload": "对"},
                    {"title": "换个时间", "payload": "换个时间"},
                    {"title": "不约了", "payload": "不约了，取消"},
                ],
                form="booking",
            )
        return []


class Book(_Booking):
    def name(self) -> str:
        return "action_book"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if tracker.get_slot("booking_confirm") != "yes":
            return []
        opening, contact = int(tracker.get_slot("booking_opening")), tracker.get_slot("booking_contact") or ""
        key = f"booking:{tracker.get_slot('booking_id')}"
        phone = contact if contact[:1].isdigit() else None
        matter = tracker.get_slot("booking_matter") or ""
        change = tracker.get_slot("booking_change")
        with self.services.sessions() as session:
            if said_before(session, tracker, dispatcher):
                return empty()
            try:
                if tracker.get_slot("booking_kind") == "候补":
                    held = appointments.wait(
                        session,
                        opening,
                        conversation_id=tracker.sender_id,
                        request_key=key,
                        summary=matter,
                        phone=phone,
                        now=_now(),
                        message_id=message_of(tracker),
                    )
                elif change:
                    held = appointments.change(
                        session, int(change), opening, request_key=key, now=_now(), message_id=message_of(tracker)
                    )
                else:
                    held = appointments.book(
                        session,
                        opening,
                        conversation_id=tracker.sender_id,
                        request_key=key,
                        summary=matter,
                        phone=phone,
                        now=_now(),
                        message_id=message_of(tracker),
                    )
            except OpeningTaken as error:
                self.say(dispatcher, error.message_zh)
                return [
                    SlotSet("booking_opening", None),
                    SlotSet("booking_confirm", None),
                    FollowupAction("booking_form"),
                ]
            except ActionError as error:
                self.say(dispatcher, error.message_zh, kind="booking")
                return empty()
            dispatcher.utter_message(json_message={**appointments.booked_reply(held), **unfinished(tracker)})
        return empty()


class CheckBooking(_Booking):
    def name(self) -> str:
        return "action_check_booking"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        with self.services.sessions() as session:
            held = appointments.held_by(session, *threads_of(session, tracker.sender_id), now=_now())
            lines = [
                f"{LABELS[a.status]}：{appointments.label(a.opening)}，地点：{a.opening.address or '等电话'}"
                for a in held
            ]
        if not lines:
            self.say(
                dispatcher, "您现在没有预约。", kind="booking", buttons=[{"title": "约一个", "payload": "想约律师"}]
            )
        else:
            self.say(
                dispatcher,
                "\n".join(lines),
                kind="booking",
                buttons=[{"title": "改时间", "payload": "预约改时间"}, {"title": "取消预约", "payload": "取消预约"}],
            )
        return []


class CancelBooking(_Booking):
    def name(self) -> str:
        return "action_cancel_booking"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        with self.services.sessions() as session:
            if said_before(session, tracker, dispatcher):
                return []
            held = appointments.held_by(session, *threads_of(session, tracker.sender_id), now=_now())
            named = re.search(r"确认取消(\d{1,9})号预约", text)
            if named:
                mine = next((a for a in held if a.id == int(named.group(1))), None)
                if mine:
                    done = {"kind": "booking", "text": "取消好了，位置让给别人了。想再约，随时说。"}
                    keep(session, tracker, done)
                    appointments.cancel(session, mine.id, now=_now())
                    dispatcher.utter_message(json_message=done)
                else:
                    self.say(dispatcher, "这个预约已经不在了。", kind="booking")
            elif not held:
                self.say(dispatcher, "您现在没有预约，不用取消。", kind="booking")
            else:
                waits = (
                    [SlotSet("awaits", waiting_for(tracker, f"确认取消{held[0].id}号预约"))] if len(held) == 1 else []
                )
                self.say(
                    dispatcher,
                    "取消哪一个？" if len(held) > 1 else "确定取消这个预约吗？",
                    buttons=[
                        *(
                            {"title": f"取消：{appointments.label(a.opening)}", "payload": f"确认取消{a.id}号预约"}
                            for a in held[:5]
                        ),
                        {"title": "不取消", "payload": "先不用"},
                    ],
                )
                return waits
        return []


class StopBooking(_Booking):
    def name(self) -> str:
        return "action_stop_booking"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        self.say(dispatcher, stop_words(tracker), kind="smalltalk", **unfinished(tracker))
        return empty()


def actions(services: Services) -> list[Action]:
    kinds = (StartBooking, ValidateBooking, AskOpening, Book, CheckBooking, CancelBooking, StopBooking)
    return [*(kind(services) for kind in kinds), *(AskBooking(services, s) for s in ("matter", "contact", "confirm"))]

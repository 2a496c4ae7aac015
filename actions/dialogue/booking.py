"""Booking a consultation: openings as buttons, the matter in a sentence, read back, booked on yes. Change and cancel likewise."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import dates
from actions.bookings import service
from actions.bookings.models import Opening
from actions.bookings.status import LABELS, AppointmentStatus
from actions.dialogue import dispute_text as words
from actions.dialogue.dispute import intent_of, said
from actions.dialogue.knowledge import Services, _place
from actions.dialogue.outcomes import keep, message_of, said_before
from actions.errors import ActionError, OpeningTaken

STEPS = ("opening", "matter", "contact", "confirm")
_CHOICE = re.compile(r"(约|候补)(\d{1,9})号时段")
_NTH = re.compile(r"第([一二三四五12345])个|^([1-5])$|(最早|最近)")
_COMMANDS = {"human_handoff", "check_case", "report_dispute", "stop", "thanks", "goodbye", "ask_capabilities", "greet", "cancel_booking"}


def empty() -> list[EventType]:
    return [SlotSet(f"booking_{s}", None) for s in (*STEPS, "when", "id", "change", "message", "kind")]


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
        is_change = bool(re.search(r"改(?:约|期|时间|到|个)|换(?:个|一个)?(?:时间|时段|日子)", text))
        with self.services.sessions() as session:
            held = service.held_by(session, tracker.sender_id, now=_now())
            booked = [a for a in held if a.status is AppointmentStatus.booked]
            change = booked[0] if is_change and booked else None
            more = [SlotSet("booking_matter", change.summary), SlotSet("booking_contact", change.phone or "在这里联系"), SlotSet("booking_change", change.id)] if change else []
            if change:
                self.say(dispatcher, f"您现在约的是 {service.label(change.opening)}。换到什么时候？")
            elif is_change:
                self.say(dispatcher, "您现在没有约好的时间，我们重新约一个。")
        choice = _CHOICE.search(text)
        matter = text if len(text) >= 14 and not choice and not is_change and re.search(r"因为|关于|被|欠|打|离婚|土地|工资|纠纷|官司|赔", text) else None
        return [
            *empty(),
            *more,
            SlotSet("booking_when", text),
            *([SlotSet("booking_matter", matter)] if matter else []),
            *([SlotSet("booking_opening", choice.group(2)), SlotSet("booking_kind", choice.group(1))] if choice else []),
            SlotSet("booking_id", f"{tracker.sender_id}:{message_of(tracker) or _now().timestamp()}"),
            SlotSet("booking_message", message_of(tracker)),
            FollowupAction("booking_form"),
        ]


class ValidateBooking(_Booking):
    def name(self) -> str:
        return "validate_booking_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        message = message_of(tracker)
        if message is not None and message == tracker.get_slot("booking_message"):
            return [SlotSet("booking_message", message)]
        found = self.read(dispatcher, tracker, (tracker.get_slot("requested_slot") or "").removeprefix("booking_"), said(tracker), *intent_of(tracker))
        return [*found, SlotSet("booking_message", message)] if found else []

    def read(self, dispatcher: CollectingDispatcher, tracker: Tracker, step: str, text: str, intent: str, sure: float) -> list[EventType]:
        if words.is_drop(text) or words.is_pause(text):
            return []
        if choice := _CHOICE.search(text):
            return [SlotSet("booking_opening", choice.group(2)), SlotSet("booking_kind", choice.group(1)), SlotSet("booking_confirm", None)]
        if words.is_back(text):
            filled = [s for s in STEPS if tracker.get_slot(f"booking_{s}")]
            return [SlotSet(f"booking_{filled[-1]}", None)] if filled else []
        if step == "opening" or (step == "confirm" and re.search(r"时间|换|改", text)):
            with self.services.sessions() as session:
                shown = _offers(session, self.services, tracker)
            if (nth := _NTH.search(text)) and shown:
                i = 0 if nth.group(3) else "一二三四五".find(nth.group(1) or "") if (nth.group(1) or "") in "一二三四五" and nth.group(1) else int(nth.group(1) or nth.group(2)) - 1
                if 0 <= i < len(shown):
                    return [SlotSet("booking_opening", str(shown[i].id)), SlotSet("booking_kind", "约"), SlotSet("booking_confirm", None)]
            if dates.find_future(text, now=_now()):
                return [SlotSet("booking_when", text), SlotSet("booking_opening", None), SlotSet("booking_confirm", None)]
            if step == "confirm":
                return [SlotSet("booking_opening", None), SlotSet("booking_confirm", None)]
            return []
        if step == "contact" and intent not in ("human_handoff", "cancel_booking") and (value := words.read_step("contact", text, now=_now())):
            return [SlotSet("booking_contact", "在这里联系" if value == "匿名" else value)]
        if intent in _COMMANDS and sure >= 0.6 and not (step == "matter" and intent == "report_dispute"):
            return []
        if step == "matter":
            if words.is_question(text) and intent.startswith("ask_") and len(text) < 10:
                return []
            return [SlotSet("booking_matter", text[:500])] if len(text) >= 2 else []
        if step == "confirm":
            answer = words.yes_or_no(text)
            if answer is True or (intent == "affirm" and sure >= 0.8 and len(text) <= 8):
                return [SlotSet("booking_confirm", "yes")]
            if answer is False:
                self.say(dispatcher, "要改哪一项？", buttons=[{"title": "换时间", "payload": "换个时间"}, {"title": "不约了", "payload": "不约了，取消"}])
                return [SlotSet("booking_confirm", None), SlotSet("requested_slot", "booking_confirm")]
        return []


def _offers(session: Any, services: Services, tracker: Tracker) -> list[Opening]:
    wanted = dates.find_future(tracker.get_slot("booking_when") or "", now=_now())
    place = _place(tracker)
    near = service.offers(session, now=_now(), place=place, after=wanted.start - timedelta(minutes=1), before=wanted.end + timedelta(minutes=1)) if wanted else []
    return near or service.offers(session, now=_now(), place=place)


class AskOpening(_Booking):
    def name(self) -> str:
        return "action_ask_booking_opening"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        wanted = dates.find_future(tracker.get_slot("booking_when") or "", now=_now())
        with self.services.sessions() as session:
            shown = _offers(session, self.services, tracker)
            full = service.full_ones(session, now=_now(), place=_place(tracker)) if len(shown) < 3 else []
            buttons = [{"title": service.label(o), "payload": f"约{o.id}号时段"} for o in shown]
            buttons += [{"title": f"候补：{service.label(o)}", "payload": f"候补{o.id}号时段"} for o in full]
        if not buttons:
            self.say(dispatcher, "现在没有可约的时间。", kind="smalltalk", next="急着问，可以拨打 12348，免费；也可以直接去镇司法所。", links=[{"label": "拨打 12348", "href": "tel:12348"}])
            return [SlotSet("requested_slot", None), *empty()]
        fits = wanted and shown and wanted.start - timedelta(minutes=2) <= shown[0].starts_at <= wanted.end
        head = f"您说的是{wanted.label}，有这些时间：" if wanted and fits else f"{wanted.label}没有空的了，最近的是这些：" if wanted else "最近可以约的时间有这些，点一个，或者说您方便哪天："
        self.say(dispatcher, head, buttons=buttons, form="booking")
        return []


class AskBooking(_Booking):
    def __init__(self, services: Services, step: str) -> None:
        super().__init__(services)
        self.step = step

    def name(self) -> str:
        return f"action_ask_booking_{self.step}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if self.step == "matter":
            self.say(dispatcher, "想咨询什么事？一两句话就行，只有约见的法律工作者能看到。", form="booking")
        elif self.step == "contact":
            self.say(dispatcher, "留个手机号，有变动好通知您。不方便留，也可以在这里联系。", buttons=[{"title": "在这里联系就行", "payload": "在这里联系"}], form="booking")
        else:
            with self.services.sessions() as session:
                opening = session.get(Opening, int(tracker.get_slot("booking_opening") or 0))
                if opening is None:
                    self.say(dispatcher, "没有这个时段，请重新选一个。")
                    return [SlotSet("booking_opening", None), FollowupAction("booking_form")]
                waits = tracker.get_slot("booking_kind") == "候补"
                lines = [f"时间：{service.label(opening)}{'（排候补）' if waits else ''}", f"地点：{opening.address or '工作人员联系您'}", f"想问：{tracker.get_slot('booking_matter')}", f"联系：{tracker.get_slot('booking_contact')}", f"要带：{service.BRING}"]
            yes = "对，改到这个时间" if tracker.get_slot("booking_change") else "对，排候补" if waits else "对，约上"
            self.say(dispatcher, "您看对不对：\n" + "\n".join(lines), buttons=[{"title": yes, "payload": "对"}, {"title": "换个时间", "payload": "换个时间"}, {"title": "不约了", "payload": "不约了，取消"}], form="booking")
        return []


class Book(_Booking):
    def name(self) -> str:
        return "action_book"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if tracker.get_slot("booking_confirm") != "yes":
            return []
        opening, contact = int(tracker.get_slot("booking_opening")), tracker.get_slot("booking_contact") or ""
        key, phone, matter = f"booking:{tracker.get_slot('booking_id')}", contact if contact[:1].isdigit() else None, tracker.get_slot("booking_matter") or ""
        change = tracker.get_slot("booking_change")
        with self.services.sessions() as session:
            if said_before(session, tracker, dispatcher):
                return empty()
            try:
                if tracker.get_slot("booking_kind") == "候补":
                    held = service.wait(session, opening, conversation_id=tracker.sender_id, request_key=key, summary=matter, phone=phone, now=_now(), message_id=message_of(tracker))
                elif change:
                    held = service.change(session, int(change), opening, request_key=key, now=_now(), message_id=message_of(tracker))
                else:
                    held = service.book(session, opening, conversation_id=tracker.sender_id, request_key=key, summary=matter, phone=phone, now=_now(), message_id=message_of(tracker))
            except OpeningTaken as error:
                self.say(dispatcher, error.message_zh)
                return [SlotSet("booking_opening", None), SlotSet("booking_confirm", None), FollowupAction("booking_form")]
            except ActionError as error:
                self.say(dispatcher, error.message_zh, kind="booking")
                return empty()
            dispatcher.utter_message(json_message=service.booked_reply(held))
        return empty()


class CheckBooking(_Booking):
    def name(self) -> str:
        return "action_check_booking"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        with self.services.sessions() as session:
            held = service.held_by(session, tracker.sender_id, now=_now())
            lines = [f"{LABELS[a.status]}：{service.label(a.opening)}，地点：{a.opening.address or '等电话'}" for a in held]
        if not lines:
            self.say(dispatcher, "您现在没有预约。", kind="booking", buttons=[{"title": "约一个", "payload": "想约律师"}])
        else:
            self.say(dispatcher, "\n".join(lines), kind="booking", buttons=[{"title": "改时间", "payload": "预约改时间"}, {"title": "取消预约", "payload": "取消预约"}])
        return []


class CancelBooking(_Booking):
    def name(self) -> str:
        return "action_cancel_booking"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        with self.services.sessions() as session:
            if said_before(session, tracker, dispatcher):
                return []
            held = service.held_by(session, tracker.sender_id, now=_now())
            named = re.search(r"确认取消(\d{1,9})号预约", text)
            if named:
                mine = next((a for a in held if a.id == int(named.group(1))), None)
                if mine:
                    done = {"kind": "booking", "text": "取消好了，位置让给别人了。想再约，随时说。"}
                    keep(session, tracker, done)
                    service.cancel(session, mine.id, now=_now())
                    dispatcher.utter_message(json_message=done)
                else:
                    self.say(dispatcher, "这个预约已经不在了。", kind="booking")
            elif not held:
                self.say(dispatcher, "您现在没有预约，不用取消。", kind="booking")
            else:
                self.say(dispatcher, "取消哪一个？" if len(held) > 1 else "确定取消这个预约吗？", buttons=[*({"title": f"取消：{service.label(a.opening)}", "payload": f"确认取消{a.id}号预约"} for a in held[:5]), {"title": "不取消", "payload": "先不用"}])
        return []


class StopBooking(_Booking):
    def name(self) -> str:
        return "action_stop_booking"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        self.say(dispatcher, "好，先不约。什么时候想约，说“想约律师”就行。" + ("原来约的时间没有变。" if tracker.get_slot("booking_change") else ""), kind="smalltalk")
        return empty()


def actions(services: Services) -> list[Action]:
    kinds = (StartBooking, ValidateBooking, AskOpening, Book, CheckBooking, CancelBooking, StopBooking)
    return [*(kind(services) for kind in kinds), *(AskBooking(services, s) for s in ("matter", "contact", "confirm"))]

"""A filed case in the conversation: where it stands, what is added, solved or not, withdrawn."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.cases import finding, links, moves, numbers
from actions.cases import moves as cases_moves
from actions.cases.models import Case
from actions.cases.status import MOVES, OPEN, CaseStatus
from actions.dialogue.base import Services, keep, message_of, place_of, said_before
from actions.dialogue.forms import awaited, previous_message, said, waiting_for
from actions.errors import ActionError, NotFound
from actions.offices import routing

_TAIL = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_LINE = [{"label": "拨打 12345", "href": "tel:12345"}]

_UNSOLVED = re.compile(
    r"^(?:还)?没(?:有|呢)?[啊呀呢嘛的。，,]*$|[没未](?:有)?(?:真|完全|彻底)?(?:解决|办|处理|用|动|人|来|见|修|给|还"
    r"|拆|看到|消息)|不(?:算)?(?:解决|满意|同意)|又(?:犯|来|开始|堵|占|砌|漏|响|闹|欠|挖|放|吵)|还(?:是|在|有|没)"
    r"|老样子|白跑|光说|重新?办|鬼影"
)
_SOLVED = re.compile(r"解决|好了|妥|[通拆扒修清退还赔到]了|修好|结清|拿到|满意|办结|可以了|了了")
_MARKS = (
    (5, re.compile(r"(?:很|非常|特别|十分|相当|太|最)满意|满分|好评|[好棒]极了")),
    (1, re.compile(r"(?:很|非常|特别|十分|极)不满意|太差|差评")),
    (2, re.compile(r"不(?:太|怎么)?满意")),
    (4, re.compile(r"满意|挺好|不错")),
    (3, re.compile(r"一般|还行|凑合|过得去")),
)


def verdict(text: str) -> bool | None:
    """Solved or not, in the resident's words; None where they say neither."""
    if _UNSOLVED.search(text):
        return False
    return True if _SOLVED.search(text) else None


def stars(text: str) -> int | None:
    """打5分, 五分, 很满意."""
    if found := re.search(r"[1-5]|[一二三四五两](?=分|星|颗)", text):
        return (
            int(found.group())
            if found.group().isdigit()
            else {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5}[found.group()]
        )
    return next((n for n, pattern in _MARKS if pattern.search(text)), None)


LOOK_UP, MARK = "查 ", "打分"  # for the slot `awaits`: the phone's last digits, a mark
_WORD = "解决了没有 "  # for the slot `awaits`


def asking(session: Session, tracker: Tracker) -> Case | None:
    """The case whose question (解决了吗) is the last thing the resident heard."""
    _, said_at = previous_message(tracker)
    number = (awaited(tracker) or "").removeprefix(_WORD)
    for case in finding.of_conversation(session, tracker.sender_id):
        asked = next((e for e in reversed(case.events) if e.say and e.buttons == moves.CONFIRM_BUTTONS), None)
        if ((asked and asked.at.timestamp() > said_at) or case.number == number) and case.status in (
            CaseStatus.answered,
            CaseStatus.closed,
        ):
            return case
    return None


class CaseAction(Action):
    def __init__(self, services: Services) -> None:
        self.services = services

    def say(self, dispatcher: CollectingDispatcher, text: str, **more: Any) -> list[EventType]:
        dispatcher.utter_message(json_message={"kind": "case", "text": text, **more})
        return []

    def say_with(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        session: Session,
        deed: Callable[[], object],
        text: str,
        **more: Any,
    ) -> list[EventType]:
        """Say it together with the deed: both are stored, or neither. The deed may raise ActionError."""
        keep(session, tracker, {"kind": "case", "text": text, **more})
        deed()
        return self.say(dispatcher, text, **more)

    def key(self, tracker: Tracker, what: str) -> str:
        return f"m{message_of(tracker) or datetime.now(UTC).timestamp()}-{what}"

    def one_of(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        session: Session,
        *,
        status: tuple[CaseStatus, ...],
        verb: str,
        is_merged_too: bool = False,
    ) -> Case | None:
        """The case meant: the one named, or the only one in question; otherwise the resident is asked which.

        is_merged_too: a merged case counts with the status of the case in which it goes on.
        """
        digits, _ = numbers.find(said(tracker))
        own = [
            c
            for c in finding.of_person(session, tracker.sender_id)
            if (finding.lead(session, c) if is_merged_too else c).status in status and digits in (None, c.number)
        ]
        if len(own) == 1:
            return own[0]
        if own:
            self.say(
                dispatcher,
                "您说的是哪一件？",
                buttons=[
                    {
                        "title": f"{c.what[:12]}（{numbers.spoken(c.number)}）",
                        "payload": f"{numbers.spoken(c.number)} {verb}",
                    }
                    for c in own[:5]
                ],
            )
        else:
            self.say(
                dispatcher,
                "我这里没有您登记的、能这样办的事。在别处报的，请告诉当时的经办人，或者拨打 12345。",
                links=_LINE,
            )
        return None


class CheckCase(CaseAction):
    def name(self) -> str:
        return "action_check_case"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = said(tracker)
        digits, fits = numbers.find(text)
        with self.services.sessions() as session:
            own = finding.of_person(session, tracker.sender_id)
            if re.search(r"链接|网址", text):
                return self._link(dispatcher, session, [c for c in own if digits in (None, c.number)])
            if digits is None:
                if not own:
                    return self.say(
                        dispatcher,
                        (
                            "这段对话里还没有登记过的事。在别处登记的，请把编号和手机号后四位一起发给我，比如："
                            "261124-001-05 1234。"
                        ),
                        next="打过 12345 的，再拨 12345 报上工单号就能查。",
                        links=_LINE,
                    )
                shown = [
                    c for c in own if finding.lead(session, c).status in OPEN or c.status is CaseStatus.returned
                ] or own[:1]
                self.say(
                    dispatcher,
                    "\n\n".join(finding.progress(session, c) for c in shown[:3]),
                    buttons=_buttons(shown[0]) if len(shown) == 1 else [],
                )
                return (
                    [SlotSet("awaits", waiting_for(tracker, _WORD + shown[0].number))]
                    if len(shown) == 1 and shown[0].status is CaseStatus.answered
                    else []
                )
            if not fits:
                return self.say(dispatcher, "这个编号好像有一位不对，请再核对一下。")
            mine = next((c for c in own if c.number == digits), None)
            if mine:
                return self.say(dispatcher, finding.progress(session, mine), buttons=_buttons(mine))
            spoken = numbers.spoken(digits)
            tail = _TAIL.search(text.replace(spoken, "").replace(digits, ""))
            if tail is None:
                self.say(dispatcher, f"请把编号和登记时留的手机号后四位一起发给我，比如：{spoken} 1234。")
                return [SlotSet("awaits", waiting_for(tracker, LOOK_UP + spoken))]
            try:
                return self.say(
                    dispatcher,
                    finding.progress(session, finding.look_up(session, digits, tail.group(1), now=datetime.now(UTC))),
                )
            except NotFound as error:
                return self.say(
                    dispatcher,
                    error.message_zh,
                    next="匿名登记的只能在当时的对话里查。查不到可以拨打 12345。",
                    links=_LINE,
                )

    def _link(self, dispatcher: CollectingDispatcher, session: Session, own: list[Case]) -> list[EventType]:
        """Only in the conversation of the case; the newest, where no number is named."""
        if not own:
            return self.say(dispatcher, "链接只能在当时登记的那段对话里要。您可以把编号和手机号后四位一起发给我来查。")
        token = links.make(session, own[0].id, now=datetime.now(UTC))
        session.commit()
        return self.say(
            dispatcher,
            (
                f"{numbers.spoken(own[0].number)} 的进度链接在下面，只能打开一次，{links.LASTS.days} 天内有效。"
                "谁拿到都能看，请只发给自己或信得过的人。"
            ),
            links=[{"label": "打开看进度（只能打开一次）", "href": f"/progress/{token}"}],
        )


def _buttons(case: Case) -> list[dict[str, str]]:
    if case.status is CaseStatus.answered:
        return moves.CONFIRM_BUTTONS
    return (
        [{"title": "撤回这件事", "payload": f"{numbers.spoken(case.number)} 我要撤回"}]
        if CaseStatus.withdrawn in MOVES[case.status]
        else []
    )


class ConfirmCase(CaseAction):
    """解决了 or 没解决, in answer to a reply or to the look back."""

    def name(self) -> str:
        return "action_confirm_case"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        solved = verdict(said(tracker))
        if solved is None and numbers.find(said(tracker))[0]:
            # a number alone asks how it stands, whatever its digits look like
            return CheckCase(self.services).run(dispatcher, tracker, domain)
        status = (CaseStatus.answered, CaseStatus.closed)
        with self.services.sessions() as session:
            if said_before(session, tracker, dispatcher):
                return []
            own = finding.of_person(session, tracker.sender_id)
            at = {c.id: finding.lead(session, c).status for c in own}
            if solved is None and not any(at[c.id] in status for c in own):
                return self.say(dispatcher, "好的。还有什么想问的，直接说就行。")
            if solved is None:
                first = next(c for c in own if at[c.id] in status)
                return self.say(dispatcher, "那这件事算解决了，还是没解决？", buttons=moves.CONFIRM_BUTTONS) or [
                    SlotSet("awaits", waiting_for(tracker, _WORD + first.number))
                ]
            if CaseStatus.answered in at.values():
                status = (CaseStatus.answered,)
            case = self.one_of(
                dispatcher, tracker, session, status=status, verb="解决了" if solved else "没解决", is_merged_too=True
            )
            if case is None:
                return []
            reported, case = case, finding.lead(session, case)
            if solved and reported is not case:
                # Only who reported it can end it; the word of the others is kept.
                word = partial(
                    moves.note,
                    session,
                    case.id,
                    f"并案的居民（{numbers.spoken(reported.number)}）说解决了。",
                    actor=moves.RESIDENT,
                    key=self.key(tracker, "confirm"),
                    now=datetime.now(UTC),
                )
                return self.say_with(
                    dispatcher,
                    tracker,
                    session,
                    word,
                    "记下了，谢谢您告诉我。这件事是和别人反映的并在一起办的，等那一位也确认了就办结。",
                )
            if solved and case.status is CaseStatus.closed:
                return self.say(dispatcher, "那太好了。以后又有问题，随时告诉我。")
            to = CaseStatus.closed if solved else CaseStatus.reopened
            text = MOVES[case.status][to].say or ""
            more: dict[str, Any] = {"next": "还有哪里没解决，可以回复“补充：……”告诉办事的人。"}
            if solved:
                more = {
                    "next": "给这次办理打个分吧，1 分最差，5 分最好。",
                    "buttons": [{"title": f"{n} 分", "payload": f"打{n}分"} for n in (5, 4, 3, 2, 1)],
                }
            move = partial(
                moves.move,
                session,
                case.id,
                to,
                actor=moves.RESIDENT,
                key=self.key(tracker, "confirm"),
                now=datetime.now(UTC),
                note=said(tracker)[:500],
            )
            try:
                self.say_with(dispatcher, tracker, session, move, text, **more)
            except ActionError as error:
                return self.say(dispatcher, error.message_zh)
            return [SlotSet("awaits", waiting_for(tracker, MARK))] if solved else []


class RateCase(CaseAction):
    def name(self) -> str:
        return "action_rate_case"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        mark = stars(said(tracker))
        with self.services.sessions() as session:
            own = finding.of_person(session, tracker.sender_id)
            if any(c.status is CaseStatus.answered for c in own) and not re.search(r"分", said(tracker)):
                return ConfirmCase(self.services).run(dispatcher, tracker, domain)
            case = next((c for c in own if c.status is CaseStatus.closed), None)
            if case is None or mark is None:
                return self.say(dispatcher, "谢谢您的评价。")
            moves.rate(session, case.id, mark, now=datetime.now(UTC))
        return self.say(dispatcher, "记下了，谢谢您。")


class SupplementCase(CaseAction):
    def name(self) -> str:
        return "action_supplement_case"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        text = re.sub(r"^.{0,16}补充(?:一下|情况|说明)?[：:，, ]*", "", said(tracker)).strip()
        with self.services.sessions() as session:
            if said_before(session, tracker, dispatcher):
                return []
            case = self.one_of(
                dispatcher, tracker, session, status=tuple(OPEN | {CaseStatus.returned}), verb=f"补充：{text}"[:180]
            )
            if case is None:
                return []
            if len(text) < 2:
                return self.say(dispatcher, "要补充什么？请回复“补充：”后面写上情况。")
            add = partial(
                moves.supplement,
                session,
                case.id,
                text[:1000],
                key=self.key(tracker, "supplement"),
                now=datetime.now(UTC),
            )
            return self.say_with(
                dispatcher, tracker, session, add, f"补充进去了（{numbers.spoken(case.number)}），办事的人看得到。"
            )


class WithdrawCase(CaseAction):
    def name(self) -> str:
        return "action_withdraw_case"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        with self.services.sessions() as session:
            if said_before(session, tracker, dispatcher):
                return []
            can = tuple(s for s, moves in MOVES.items() if CaseStatus.withdrawn in moves)
            case = self.one_of(dispatcher, tracker, session, status=can, verb="我要撤回")
            if case is None:
                return []
            if "确认撤回" not in said(tracker):
                number = numbers.spoken(case.number)
                return self.say(
                    dispatcher,
                    f"撤回以后就没人再办了。确定撤回“{case.what[:20]}”吗？",
                    buttons=[
                        {"title": "确定撤回", "payload": f"{number} 确认撤回"},
                        {"title": "先不撤", "payload": "先不用"},
                    ],
                ) or [SlotSet("awaits", waiting_for(tracker, f"{number} 确认撤回"))]
            text = MOVES[case.status][CaseStatus.withdrawn].say or ""
            move = partial(
                cases_moves.move,
                session,
                case.id,
                CaseStatus.withdrawn,
                actor=cases_moves.RESIDENT,
                key=self.key(tracker, "withdraw"),
                now=datetime.now(UTC),
            )
            return self.say_with(dispatcher, tracker, session, move, text)


class GridWorkers(CaseAction):
    """我的网格员是谁."""

    def name(self) -> str:
        return "action_grid_worker"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        with self.services.sessions() as session:
            found = routing.grid_workers(session, place_of(tracker))
        if not place_of(tracker):
            return self.say(dispatcher, "您是哪个村的？在“设置”里选一下，或者说“我是某某村的”，再问我一次。")
        if not found:
            return self.say(dispatcher, "这个村的网格员名单我这里还没有，可以问村委会，或者拨打 12345。", links=_LINE)
        return self.say(
            dispatcher,
            "\n".join(f"{w.area}：{w.name}，电话 {w.phone}" for w in found[:10]),
            links=[{"label": f"打给{w.name}", "href": f"tel:{w.phone}"} for w in found[:3]],
        )


def actions(services: Services) -> list[Action]:
    return [kind(services) for kind in (ConfirmCase, RateCase, SupplementCase, WithdrawCase, GridWorkers)]

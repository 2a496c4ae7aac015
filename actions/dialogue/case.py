"""A filed case in the conversation: where it stands, what is added, solved or not, withdrawn."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.orm import Session

from actions.calendar.workdays import local
from actions.cases import finding, links, moves, numbers
from actions.cases.models import Case
from actions.cases.status import LABELS, MOVES, OPEN, TIMED, CaseStatus
from actions.dialogue.frame.base import CustomAction, Said, Turn, keep, said_at, said_before, say, slots
from actions.dialogue.hearing import phrases
from actions.errors import ActionError, NotFound
from actions.replies import Button, Link, Reply, ReplyKind, phone_links

INTENTS = {  # what staff read
    "check_case": "查登记的事",
    "confirm_case": "说事情解决了没有",
    "rate_case": "打分",
    "supplement_case": "给登记的事补充",
    "withdraw_case": "撤回登记的事",
    "ask_grid_worker": "找网格员",
}
_TAIL = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_LINE = phone_links("12345")

_UNSOLVED = re.compile(
    r"^(?:还)?没(?:有|呢)?[啊呀呢嘛的。，,]*$|[没未](?:有)?(?:真|完全|彻底)?(?:解决|办|处理|用|动|人|来|见|修|给|还"
    r"|拆|看到|消息)|不(?:算)?(?:解决|满意|同意)|又(?:犯|来|开始|堵|占|砌|漏|响|闹|欠|挖|放|吵)|还(?:是|在|有|没)"
    r"|老样子|白跑|光说|重新?办|鬼影"
)
_SOLVED = re.compile(r"解决|好了|妥|[通拆扒修清退还赔到]了|修好|结清|拿到|满意|办结|可以了|了了")
_FIGURES = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5}
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
        return _FIGURES.get(found.group()) or int(found.group())
    return next((n for n, pattern in _MARKS if pattern.search(text)), None)


EARLIER = "补充刚才那句话"  # with a case's number before it: the message before this one belongs to it
LOOK_UP, MARK = "查 ", "打分"  # for the slot `awaits`: the phone's last digits, a mark
_WORD = "解决了没有 "  # for the slot `awaits`
SETTLED = (CaseStatus.answered, CaseStatus.closed)
# 1 first: WeChat numbers the buttons, and who answers 5 there means five.
_WHICH_MARK = tuple(Button(f"{n} 分", f"打{n}分") for n in range(1, 6))


def asking(session: Session, turn: Turn) -> Case | None:
    """The case whose question (解决了吗) is the last thing the resident heard."""
    spoken_at = said_at(turn.before) if turn.before else 0.0
    number = turn.awaited.removeprefix(_WORD)
    for case in finding.of_conversation(session, turn.conversation_id):
        asked = next((e for e in reversed(case.events) if e.say and moves.asks_whether_solved(e)), None)
        is_last = asked is not None and asked.at.timestamp() > spoken_at
        if (is_last or case.number == number) and case.status in SETTLED:
            return case
    return None


def said_earlier(turn: Turn) -> str:
    """The resident's words before these; "" where there are none."""
    return str(turn.before.get("text") or "") if turn.before else ""


def case_reply(text: str, *, next: str = "", buttons: Sequence[Button] = (), links: Sequence[Link] = ()) -> Reply:
    return Reply(ReplyKind.case, text, next=next, buttons=tuple(buttons), links=tuple(links))


class CaseAction(CustomAction):
    """What speaks of a filed case."""

    def say_with(self, session: Session, turn: Turn, deed: Callable[[], object], reply: Reply) -> Said:
        """Say it together with the deed: both are stored, or neither. The deed may raise ActionError."""
        keep(session, turn, reply)
        deed()
        return say(reply)

    def key(self, turn: Turn, what: str) -> str:
        return f"m{turn.message or datetime.now(UTC).timestamp()}-{what}"

    def one_of(
        self,
        session: Session,
        turn: Turn,
        *,
        status: tuple[CaseStatus, ...],
        verb: str,
        is_merged_too: bool = False,
    ) -> Case | Said:
        """The case meant: the one named, or the only one in question; otherwise the resident is asked which.

        is_merged_too: a merged case counts with the status of the case in which it goes on.
        """
        digits, _ = numbers.find(turn.text)
        own = [
            c
            for c in finding.of_person(session, turn.conversation_id)
            if (finding.lead(session, c) if is_merged_too else c).status in status and digits in (None, c.number)
        ]
        if len(own) == 1:
            return own[0]
        if own:
            named = [(c.what[:12], numbers.spoken(c.number)) for c in own[:5]]
            buttons = [Button(f"{what}（{number}）", f"{number} {verb}") for what, number in named]
            return say(case_reply("您说的是哪一件？", buttons=buttons))
        if theirs := [c for c in finding.of_person(session, turn.conversation_id) if digits in (None, c.number)]:
            return _as_it_stands(session, theirs[0], verb)
        text = "我这里没有您登记的、能这样办的事。在别处报的，请告诉当时的经办人，或者拨打 12345。"
        return say(case_reply(text, links=_LINE))


class CheckCase(CaseAction):
    """Called by `control`, which looks first whether the words answer something else."""

    def do(self, turn: Turn) -> Said:
        digits, fits = numbers.find(turn.text)
        with self.services.sessions() as session:
            own = finding.of_person(session, turn.conversation_id)
            if re.search(r"链接|网址", turn.text):
                return self._link(session, [c for c in own if digits in (None, c.number)])
            timed = [c for c in own if digits in (None, c.number) and finding.lead(session, c).status in TIMED]
            if timed and "催" in turn.text:
                return self._urge(session, turn)
            if digits is None:
                return self._all(session, turn, own)
            if not fits:
                return say(case_reply("这个编号好像有一位不对，请再核对一下。"))
            mine = next((c for c in own if c.number == digits), None)
            if mine:
                return say(case_reply(finding.progress(session, mine), buttons=_buttons(mine)))
            return self._from_elsewhere(session, turn, digits)

    def _all(self, session: Session, turn: Turn, own: list[Case]) -> Said:
        """Where the resident's cases stand that aren't over, or the newest."""
        if not own:
            return say(
                case_reply(
                    "这段对话里还没有登记过的事。在别处登记的，请把编号和手机号后四位一起发给我，比如："
                    "261124-001-05 1234。",
                    next="打过 12345 的，再拨 12345 报上工单号就能查。",
                    links=_LINE,
                )
            )
        shown = [c for c in own if finding.lead(session, c).status in OPEN or c.status is CaseStatus.returned] or own[
            :1
        ]
        text = "\n\n".join(finding.progress(session, c) for c in shown[:3])
        if len(shown) > 1:
            return say(case_reply(text))
        waits = slots(awaits=turn.waiting_for(_WORD + shown[0].number))
        is_answered = shown[0].status is CaseStatus.answered
        return say(case_reply(text, buttons=_buttons(shown[0])), events=waits if is_answered else ())

    def _from_elsewhere(self, session: Session, turn: Turn, digits: str) -> Said:
        if self.services.is_tried:  # no limit holds here, and ten thousand tails are few
            return say(case_reply("试的时候不查别处登记的事。"))
        spoken = numbers.spoken(digits)
        tail = _TAIL.search(turn.text.replace(spoken, "").replace(digits, ""))
        if tail is None:
            asked = case_reply(f"请把编号和登记时留的手机号后四位一起发给我，比如：{spoken} 1234。")
            return say(asked, events=slots(awaits=turn.waiting_for(LOOK_UP + spoken)))
        try:
            found = finding.look_up(session, digits, tail.group(1), now=datetime.now(UTC), asker=turn.conversation_id)
        except NotFound as error:
            hint = "匿名登记的只能在当时的对话里查。查不到可以拨打 12345。"
            return say(case_reply(error.message_zh, next=hint, links=_LINE))
        return say(case_reply(finding.progress(session, found)))

    def _urge(self, session: Session, turn: Turn) -> Said:
        """催一下: whoever is at it sees it in the record."""
        if (before := said_before(session, turn)) is not None:
            return before
        case = self.one_of(session, turn, status=tuple(TIMED), verb="催一下", is_merged_too=True)
        if isinstance(case, Said):
            return case
        now, where = datetime.now(UTC), finding.lead(session, case)
        if where.paused_at:
            text = f"{numbers.spoken(case.number)} 现在正等您补充情况，您补上了就接着办。"
            return say(case_reply(text, next="回复“补充：”，后面写上情况就行。"))
        if moves.is_urged(session, case, now=now):
            return say(case_reply(f"今天已经替您催过了，办事的人看得到。{_stands(where)}", links=_LINE))
        text = f"替您催了（{numbers.spoken(case.number)}），办事的人看得到您在等。{_stands(where)}"
        reply = case_reply(text, next="急的话，也可以拨打 12345 催办，报上编号。", links=_LINE)
        return self.say_with(session, turn, partial(moves.urge, session, case.id, now=now), reply)

    def _link(self, session: Session, own: list[Case]) -> Said:
        """Only in the conversation of the case; the newest, where no number is named."""
        if not own:
            text = "链接只能在当时登记的那段对话里要。您可以把编号和手机号后四位一起发给我来查。"
            return say(case_reply(text))
        token = links.make(session, own[0].id, now=datetime.now(UTC))
        session.commit()
        return say(
            case_reply(
                f"{numbers.spoken(own[0].number)} 的进度链接在下面，{links.LASTS.days} 天内随时能打开。"
                "谁拿到都能看，请只发给自己或信得过的人；不想让人看了，打开后按“收回这个链接”。",
                links=[Link("打开看进度", f"/progress/{token}")],
            )
        )


def _as_it_stands(session: Session, case: Case, verb: str) -> Said:
    """What was wished can't be done with it now: where it stands, and what can be. 怎么还没人来, of a case under
    way, was told that there is none.
    """
    status = finding.known_status(finding.known_lead(session, case))
    why = next((why for word, why in _NOT_NOW.items() if verb.startswith(word)), "") if status in TIMED else ""
    if not why:
        why = "这件事现在是这样："
    urge = (Button("催一下", f"{numbers.spoken(case.number)} 催一下"),) if status in TIMED else ()
    return say(case_reply(f"{why}\n{finding.progress(session, case)}", buttons=(*urge, *_buttons(case))))


_NOT_NOW = {
    "没解决": "您的事还没有答复，我记着呢。",
    "解决了": "这件事还没有答复下来，先不算办完。真的已经解决了，可以撤回。",
    "我要撤回": "办到这一步撤不回来了，不想办了请告诉办事的人。",
}


def _stands(case: Case) -> str:
    due = f"，最晚 {local(case.due_at)} 前答复" if case.due_at else ""
    return f"现在是“{LABELS[case.status]}”{due}。"


def _buttons(case: Case) -> tuple[Button, ...]:
    if case.status is CaseStatus.answered:
        return moves.CONFIRM_BUTTONS
    if CaseStatus.withdrawn not in MOVES[case.status]:
        return ()
    return (Button("撤回这件事", f"{numbers.spoken(case.number)} 我要撤回"),)


class ConfirmCase(CaseAction):
    """解决了 or 没解决, in answer to a reply or to the look back."""

    names = ("action_confirm_case",)

    def do(self, turn: Turn) -> Said:
        solved = verdict(turn.text)
        if solved is None and numbers.find(turn.text)[0]:
            # a number alone asks how it stands, whatever its digits look like
            return CheckCase(self.services).do(turn)
        with self.services.sessions() as session:
            if (before := said_before(session, turn)) is not None:
                return before
            own = finding.of_person(session, turn.conversation_id)
            at = {c.id: finding.lead(session, c).status for c in own}
            if solved is None:
                return self._ask(turn, [c for c in own if at[c.id] in SETTLED])
            status = (CaseStatus.answered,) if CaseStatus.answered in at.values() else SETTLED
            verb = "解决了" if solved else "没解决"
            reported = self.one_of(session, turn, status=status, verb=verb, is_merged_too=True)
            if isinstance(reported, Said):
                return reported
            case = finding.lead(session, reported)
            if solved and reported is not case:
                return self._tell(session, turn, reported, case)
            if solved and case.status is CaseStatus.closed:
                return say(case_reply("那太好了。以后又有问题，随时告诉我。"))
            try:
                return self._close(session, turn, case) if solved else self._reopen(session, turn, case)
            except ActionError as error:
                return say(case_reply(error.message_zh))

    def _ask(self, turn: Turn, settled: list[Case]) -> Said:
        if not settled:
            return say(case_reply("好的。还有什么想问的，直接说就行。"))
        asked = case_reply("那这件事算解决了，还是没解决？", buttons=moves.CONFIRM_BUTTONS)
        return say(asked, events=slots(awaits=turn.waiting_for(_WORD + settled[0].number)))

    def _tell(self, session: Session, turn: Turn, reported: Case, case: Case) -> Said:
        """Only who reported it can end it; the word of the others is kept."""
        word = partial(
            moves.note,
            session,
            case.id,
            f"并案的居民（{numbers.spoken(reported.number)}）说解决了。",
            actor=moves.RESIDENT,
            key=self.key(turn, "confirm"),
            now=datetime.now(UTC),
        )
        text = "记下了，谢谢您告诉我。这件事是和别人反映的并在一起办的，等那一位也确认了就办结。"
        return self.say_with(session, turn, word, case_reply(text))

    def _close(self, session: Session, turn: Turn, case: Case) -> Said:
        reply = case_reply(
            MOVES[case.status][CaseStatus.closed].say or "",
            next="给这次办理打个分吧，1 分最差，5 分最好。",
            buttons=_WHICH_MARK,
        )
        said = self.say_with(session, turn, self._move(session, turn, case, CaseStatus.closed), reply)
        return said + say(events=slots(awaits=turn.waiting_for(MARK)))

    def _reopen(self, session: Session, turn: Turn, case: Case) -> Said:
        text = MOVES[case.status][CaseStatus.reopened].say or ""
        reply = case_reply(text, next="还有哪里没解决，可以回复“补充：……”告诉办事的人。")
        return self.say_with(session, turn, self._move(session, turn, case, CaseStatus.reopened), reply)

    def _move(self, session: Session, turn: Turn, case: Case, to: CaseStatus) -> Callable[[], object]:
        return partial(
            moves.move,
            session,
            case.id,
            to,
            actor=moves.RESIDENT,
            key=self.key(turn, "confirm"),
            now=datetime.now(UTC),
            note=turn.text[:500],
        )


class RateCase(CaseAction):
    names = ("action_rate_case",)

    def do(self, turn: Turn) -> Said:
        mark = stars(turn.text)
        with self.services.sessions() as session:
            own = finding.of_person(session, turn.conversation_id)
            if any(c.status is CaseStatus.answered for c in own) and "分" not in turn.text:
                return ConfirmCase(self.services).do(turn)
            case = next((c for c in own if c.status is CaseStatus.closed), None)
            if case is None or mark is None:
                return say(case_reply("谢谢您的评价。"))
            moves.rate(session, case.id, mark, now=datetime.now(UTC))
        return say(case_reply("记下了，谢谢您。"))


class SupplementCase(CaseAction):
    names = ("action_supplement_case",)

    def do(self, turn: Turn) -> Said:
        text = re.sub(r"^.{0,16}补充(?:一下|情况|说明)?[：:，, ]*", "", turn.text).strip()
        if turn.text.endswith(EARLIER):
            text = said_earlier(turn)
        text = phrases.tidy(text)
        with self.services.sessions() as session:
            if (before := said_before(session, turn)) is not None:
                return before
            status = tuple(OPEN | {CaseStatus.returned})
            case = self.one_of(session, turn, status=status, verb=f"补充：{text}"[:180])
            if isinstance(case, Said):
                return case
            if len(text) < 2:
                return say(case_reply("要补充什么？请回复“补充：”后面写上情况。"))
            key, now = self.key(turn, "supplement"), datetime.now(UTC)
            add = partial(moves.supplement, session, case.id, text[:1000], key=key, now=now)
            reply = case_reply(f"补充进去了（{numbers.spoken(case.number)}），办事的人看得到。")
            return self.say_with(session, turn, add, reply)


class WithdrawCase(CaseAction):
    names = ("action_withdraw_case",)

    def do(self, turn: Turn) -> Said:
        with self.services.sessions() as session:
            if (before := said_before(session, turn)) is not None:
                return before
            can = tuple(status for status, to in MOVES.items() if CaseStatus.withdrawn in to)
            case = self.one_of(session, turn, status=can, verb="我要撤回")
            if isinstance(case, Said):
                return case
            if "确认撤回" not in turn.text:
                return self._ask(turn, case)
            move = partial(
                moves.move,
                session,
                case.id,
                CaseStatus.withdrawn,
                actor=moves.RESIDENT,
                key=self.key(turn, "withdraw"),
                now=datetime.now(UTC),
            )
            return self.say_with(session, turn, move, case_reply(MOVES[case.status][CaseStatus.withdrawn].say or ""))

    def _ask(self, turn: Turn, case: Case) -> Said:
        word = f"{numbers.spoken(case.number)} 确认撤回"
        text = f"撤回以后就没人再办了。确定撤回“{case.what[:20]}”吗？"
        buttons = (Button("确定撤回", word), Button("先不撤", "先不用"))
        return say(case_reply(text, buttons=buttons), events=slots(awaits=turn.waiting_for(word)))

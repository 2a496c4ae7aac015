"""对一对程序: a resident holds what happens to them against the list of what the law asks for, a question at a time.

Where it stands lies in the slot `awaits`, so it outlives a restart, and any other word leaves it; `check_state` keeps
it to go on with, to be filed and to be put to a lawyer. What it finds is what wasn't seen, never what that means.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Self

from actions.calendar.workdays import calendar
from actions.cases import filing
from actions.cases.moves import RESIDENT
from actions.checkup import official, selfcheck
from actions.checkup.selfcheck import BUTTONS, UNSURE, Checked
from actions.checkup.status import OUTCOMES
from actions.checkup.templates import Template, called, for_residents
from actions.dialogue.affairs.village import ask_which, page, village_of
from actions.dialogue.frame.base import NOTHING, CustomAction, Said, Services, Turn, say, slots
from actions.dialogue.hearing import dispute as contacts
from actions.dialogue.hearing import phrases
from actions.errors import ActionError, NotFound
from actions.replies import Button, Reply, ReplyKind, phone_links
from actions.roster.models import Committee
from actions.roster.profile import profile_of
from actions.tools import deadlines, hearing

INTENTS = {"check_procedure": "对一对程序"}  # what staff read
ASK = "自查 "  # for the slot `awaits`, with where it stands: the next message is an answer
CONTACT = "登记自查"  # for the slot `awaits`: how they are to be reached
FILE, LAWYER, GO_ON = "登记刚才对的事", "想约律师，问刚才对过的事", "接着自查"
_CHOOSE = re.compile(r"^自查(?:[ ：:，,]*(\S{2,10}))?$")
_OUTCOME = re.compile(
    rf"^(?:行政)?复议(?:的)?(?:结果|决定)?(?:是|出来了|下来了)?[ ：:，,]*({'|'.join(OUTCOMES.values())})了?$"
)
_WHAT = re.compile(r"(?:啥|什么)意思|不懂|听不明白|没听懂|看不懂|^(?:啥|什么)(?:是)?.{0,6}[?？]?$")
_NOT_YET = re.compile(r"还没(?:有)?(?:下|定|出|收到|决定|公告|看到|见)|没(?:收到|见|看到|下|决定|公告|通知)|没有$|^没$")
# A list is offered where somebody says that a step is missing, or asks for one; how much, by which standard, stays a
# question, and a trouble without a word of steps its own matter.
_STEPS = re.compile(
    r"开[^，。,]{0,3}会|会都|大会|社员会|村民会议|公告|告示|公示|通知|协议|合同|听证|招标|招投标|比价|评估|验收|催告"
    r"|决定书|批文|批复|文件|签字|签过|盖章|表决|书面|依据|清点|丈量|手续|登记|公布|意见|补偿|张贴|申辩|规矩|哪一步"
)
_LACKS = re.compile(
    r"没|冇|莫得|木有|未|无|不(?:对|给|够|合|让|见)|漏|缺|差(?:啥|哪|什么)|少(?:了|走)|只(?:贴|有)|哪有"
    r"|(?:这|那)(?:样)?(?:对|行|能|合)|说得过|讲得通"
)
_ASKS = re.compile(
    r"程序|步骤|流程|手续(?:全|对|齐|够|合|帮|给)|走(?:了|完|全|齐)?手续|手续.{0,6}(?:缺|差|漏)"
    r"|对一[对下]|一条一条对|自查|法治体检|清单.{0,8}(?:对|缺|差)|对.{0,6}清单|该(?:先)?(?:走|给看|等)"
    r"|先后|顺序"
)
_KNOWS = re.compile(
    r"多少|标准|几(?:块|万|千|年|天|亩)|怎么(?:算|补|赔|申请|办)|咋(?:算|补|赔|申请)|哪里办|去哪|是什么|是啥"
    r"|(?:哪些|什么|啥)(?:程序|手续|步骤)"
    # whose it is within a family: the steps of an expropriation say nothing of it
    r"|离(?:了)?婚|继承|遗产|分家|有(?:没有)?我(?:的)?(?:一半|一份|份)|归谁"
)
_END = '。！! “”"'
_LAWYER = Button("约律师", LAWYER)
_ANONYMOUS, _HERE = Button("匿名", "匿名"), Button("在这里回复就行", "在这里回复")


@dataclass(frozen=True)
class Stand:
    """Where a self-check is: which list, what was answered, `start`: the day it runs from, ISO; "-": not known."""

    code: str
    answers: str = ""
    start: str = ""

    @classmethod
    def of(cls, kept: str) -> Self | None:
        parts = kept.split(" ")
        if not parts or parts[0] not in for_residents():
            return None
        return cls(*parts[:3])

    def __str__(self) -> str:
        return " ".join(part for part in (self.code, self.answers or "_", self.start) if part)

    @property
    def given(self) -> str:
        return self.answers.strip("_")

    @property
    def template(self) -> Template:
        return for_residents()[self.code]

    @property
    def is_answered(self) -> bool:
        return len(self.given) >= len(self.template.asked)

    @property
    def checked(self) -> Checked:
        return selfcheck.check(self.code, self.given)

    @property
    def day(self) -> date | None:
        return date.fromisoformat(self.start) if self.start[:1].isdigit() else None


class CheckProcedure(CustomAction):
    names = ("action_check_procedure",)

    def do(self, turn: Turn) -> Said:
        found = called(turn.text)
        if len(found) == 1:
            return _ask(turn, Stand(found[0]), words=turn.text)
        return _which(turn, found)


def asks_of_procedure(text: str) -> bool:
    """Whether somebody asks if what is done to them takes its steps, rather than how much or where. Asked of words that
    the classifier takes for that.
    """
    if _KNOWS.search(text):
        return False
    return asks_in_so_many_words(text) or bool(_STEPS.search(text) and _LACKS.search(text))


def asks_in_so_many_words(text: str) -> bool:
    """帮我对一对程序, and not only a step that is missing."""
    return bool(_ASKS.search(text))


def names_a_list(text: str) -> bool:
    """Whether one list of steps is meant: with none to hold it against, the law's answer helps more."""
    return len(called(text)) == 1 and not _KNOWS.search(text)


def heard(services: Services, turn: Turn) -> Said | None:
    """An answer to its questions, or one of its buttons; None for other words, which leave it."""
    text = turn.text.strip(_END)
    if (chosen := _CHOOSE.match(text)) is not None:
        return _chosen(turn, chosen[1] or "")
    if (outcome := _OUTCOME.match(text)) is not None:
        return _outcome(services, turn, outcome[1])
    if (deed := _DEEDS.get(text)) is not None:
        return deed(services, turn)
    what = _awaited(turn)
    if what == CONTACT:
        return _contact(services, turn)
    stand = Stand.of(what.removeprefix(ASK)) if what.startswith(ASK) else None
    return _answered(services, turn, stand) if stand is not None else None


def _awaited(turn: Turn) -> str:
    """What was asked last; a message that is heard a second time, its reply lost, hears the question again."""
    mark, _, what = (turn.slot("awaits") or "").partition(" ")
    return what if turn.message is not None and mark == str(turn.message) else turn.awaited


def _chosen(turn: Turn, name: str) -> Said:
    found = [code for code, one in for_residents().items() if name in (one.short, one.name)] or called(name)
    return _ask(turn, Stand(found[0])) if len(found) == 1 else _which(turn, found)


def _which(turn: Turn, codes: list[str]) -> Said:
    offered = {code: one for code, one in for_residents().items() if not codes or code in codes}
    buttons = tuple(Button(one.short, f"自查 {one.short}") for one in offered.values())
    text = "我这里有几份清单，可以一件一件对：该有的步骤、该给您看的纸，您看到了没有。您说的是哪一种？"
    return say(Reply(ReplyKind.asking, text, buttons=buttons), events=slots(check_words=turn.text[:300]))


def offer(turn: Turn) -> Said:
    """The one list that a told story names, behind what the law says to it; NOTHING where it names none, or several."""
    codes = called(turn.text)
    if len(codes) != 1:
        return NOTHING
    short = for_residents()[codes[0]].short
    reply = Reply(
        ReplyKind.smalltalk,
        "该有的步骤、该给您看的纸，我也有一份清单，可以一件一件对。",
        buttons=(Button(f"对一对：{short}", f"自查 {short}"),),
    )
    return say(reply, events=slots(check_words=turn.text[:300]))


def _ask(turn: Turn, stand: Stand, *, words: str = "", before: str = "") -> Said:
    """The next question; the day once all are answered."""
    kept: dict[str, Any] = {"check_state": str(stand), "awaits": turn.waiting_for(f"{ASK}{stand}")}
    if words:
        kept["check_words"] = words[:300]
    template, number = stand.template, len(stand.given)
    if stand.is_answered:
        text = f"{before}{template.ask_day}说个日子就行，比如“11月20号”；不知道、还没有，就照直说。"
        days = (Button("不知道", "不知道"), Button("还没有下决定", "还没有下决定"))
        return say(Reply(ReplyKind.asking, text, buttons=days), events=slots(**kept))
    asked = template.asked
    if not number and not before:
        before = f"我问您{len(asked)}件事，都答“有、没有、不知道”就行，随时可以不答了。\n"
    text = f"{before}第{number + 1}件：{asked[number].resident}"
    buttons = tuple(Button(said, said) for said in BUTTONS)
    return say(Reply(ReplyKind.asking, text, buttons=buttons), events=slots(**kept))


def _answered(services: Services, turn: Turn, stand: Stand) -> Said | None:
    """What the answer fills; None for other words."""
    if (turn.slot("awaits") or "").partition(" ")[0] == str(turn.message) or turn.is_double_tap:
        return _ask(turn, stand)
    if phrases.is_drop(turn.text) or phrases.is_pause(turn.text):
        text = f"好，先对到这里。想接着对，说“{GO_ON}”就行。"
        return say(Reply(ReplyKind.smalltalk, text), events=slots(awaits=None))
    if phrases.is_back(turn.text):
        return _ask(turn, replace(stand, answers=stand.given[:-1]), before="好，回到上一件。\n")
    if stand.is_answered:
        return _day(services, turn, stand)
    answer = selfcheck.read_answer(turn.text)
    if answer is None:
        return _explained(turn, stand)
    stand = replace(stand, answers=stand.given + answer)
    if stand.is_answered and not stand.template.deadline:
        return _tell(services, turn, stand)
    return _ask(turn, stand)


def _explained(turn: Turn, stand: Stand) -> Said | None:
    if len(turn.text) > 12 or not _WHAT.search(turn.text):
        return None
    item = stand.template.asked[len(stand.given)]
    return _ask(turn, stand, before=f"就是看有没有这些：{item.evidence}。不知道就答“不知道”。\n")


def _day(services: Services, turn: Turn, stand: Stand) -> Said | None:
    text, today = turn.text, services.today()
    day, doubt, said = hearing.day_in(text, today=today)
    if day is not None and day >= deadlines.EARLIEST:
        return _tell(services, turn, replace(stand, start=day.isoformat()))
    if doubt is hearing.Doubt.no_day:
        if _NOT_YET.search(text) or selfcheck.read_answer(text) == UNSURE:
            return _tell(services, turn, replace(stand, start="-"))
        return None
    hint = f"“{said}”我数不准，差一天结果就不一样。看看通知、公告上写的日期再告诉我；找不到就说“不知道”。\n"
    return _ask(turn, stand, before=hint)


def _tell(services: Services, turn: Turn, stand: Stand) -> Said:
    checked, today = stand.checked, services.today()
    with services.sessions() as session:
        village = village_of(session, turn)
        committee = profile_of(session, village.id).committee if village else Committee.village
        days = calendar(session)
    links = (page("打印要材料的条子", village.id, f"check/{stand.code}"),) if village else ()
    replies = [Reply(ReplyKind.text, selfcheck.told(checked, committee), links=links)]
    last: date | None = None
    if stand.day is not None:
        try:
            found = selfcheck.last_day(checked.template, stand.day, calendar=days, today=today)
        except ValueError:
            stand = replace(stand, start="-")
        else:
            last = found.last_day
            replies.append(Reply(ReplyKind.deadline, f"{found.text_zh}\n{checked.template.day_note}".strip()))
    if checked.template.deadline and last is None:
        replies.append(Reply(ReplyKind.deadline, selfcheck.no_day(checked.template, today)))
    replies.append(
        Reply(
            ReplyKind.asking,
            "对不对，要由法律人来看，我不能下结论。我帮您约律师，也可以登记下来请人看；别过了期限。",
            buttons=(_LAWYER, Button("登记，请人看", FILE)),
            links=phone_links("12348"),
        )
    )
    kept = {"check_state": str(stand), "awaits": None, "check_summary": selfcheck.summary(checked, last)}
    return say(*replies, events=slots(**kept))


def _go_on(services: Services, turn: Turn) -> Said:
    stand = Stand.of(turn.slot("check_state") or "")
    if stand is None:
        return _which(turn, [])
    is_told = stand.is_answered and (stand.start or not stand.template.deadline)
    return _tell(services, turn, stand) if is_told else _ask(turn, stand, before="好，接着对。\n")


def _file(services: Services, turn: Turn) -> Said:
    """How they are to be reached, before it is filed."""
    stand = Stand.of(turn.slot("check_state") or "")
    if stand is None or not stand.is_answered:
        return _go_on(services, turn)
    text = "好，登记下来，请懂法的人看看。您想匿名，还是留个联系方式？回手机号也行。"
    asked = Reply(ReplyKind.asking, text, buttons=(_ANONYMOUS, _HERE))
    return say(asked, events=slots(awaits=turn.waiting_for(CONTACT)))


def _contact(services: Services, turn: Turn) -> Said | None:
    said = contacts.read_step("contact", turn.text, now=datetime.now(UTC))
    if said is not None:
        return _filed(services, turn, said)
    if phrases.is_drop(turn.text) or not phrases.odd_number_in(turn.text):
        return None
    text = "这个号码好像不对，手机号是 11 位，麻烦再发一次；不想留就说“匿名”。"
    return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(CONTACT)))


def _filed(services: Services, turn: Turn, contact: str) -> Said:
    stand = Stand.of(turn.slot("check_state") or "")
    if stand is None:
        return _which(turn, [])
    now, checked = datetime.now(UTC), stand.checked
    with services.sessions() as session:
        village = village_of(session, turn)
        if village is None:
            return ask_which(services, turn)
        last = _last(services, stand)
        try:
            case = official.file(
                session,
                checked,
                place=village.id,
                conversation_id=turn.conversation_id,
                words=turn.slot("check_words") or "",
                last=last,
                is_anonymous=contact == "匿名",
                phone=contact if contact[:1].isdigit() else None,
                key=f"m{turn.message or now.timestamp()}",
                now=now,
            )
        except ActionError as error:
            return say(Reply(ReplyKind.asking, error.message_zh))
        said = filing.filed_reply(session, case)
    more = (
        "登记不等于申请了复议，期限照样在走。申请了复议、有了结果，回我一句“复议结果：撤销”这样的话，我记到这件事上。"
    )
    told = (said, Reply(ReplyKind.text, more, buttons=(_LAWYER,))) if checked.template.is_official else (said,)
    return say(*told, events=slots(awaits=None))


def _last(services: Services, stand: Stand) -> date | None:
    if stand.day is None:
        return None
    with services.sessions() as session:
        days = calendar(session)
    try:
        return selfcheck.last_day(stand.template, stand.day, calendar=days, today=services.today()).last_day
    except ValueError:
        return None


def _outcome(services: Services, turn: Turn, named: str) -> Said:
    """Of the newest case of theirs about an act of an authority."""
    outcome = official.outcome_named(named)
    assert outcome is not None
    with services.sessions() as session:
        own = official.of_person(session, turn.conversation_id)
        if not own:
            text = (
                "我这里没有您登记过的、跟政府决定有关的事，记不上。不服复议结果的，别过了起诉的期限，帮您约律师看看。"
            )
            return say(Reply(ReplyKind.asking, text, buttons=(Button("约律师", "想约律师"),)))
        try:
            official.set_outcome(session, own[0].case_id, outcome, by_name="", actor=RESIDENT, now=datetime.now(UTC))
            session.commit()
        except (NotFound, ActionError) as error:
            return say(Reply(ReplyKind.asking, error.message_zh))
    text = (
        f"记上了：复议结果是{named}。要单位纠正的，我们会盯着办。"
        "对结果不服，一般从收到复议决定书那天起15天以内可以向法院起诉（行政诉讼法第四十五条）。"
    )
    buttons = (Button("约律师", "想约律师"), Button("帮我算期限", "收到复议决定书，帮我算起诉的期限"))
    return say(Reply(ReplyKind.text, text, buttons=buttons))


_DEEDS: dict[str, Callable[[Services, Turn], Said]] = {GO_ON: _go_on, FILE: _file}

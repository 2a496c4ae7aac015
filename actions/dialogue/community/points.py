"""我家多少分: a household's own points, for who has used its slip; what it can have for them, what was left out, a good
deed to be written down, the star. Of other households nothing is ever said.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from actions.dialogue.affairs.opinion import ask_code
from actions.dialogue.affairs.village import ask_which, page, village_of
from actions.dialogue.frame.answering import Answering, remembered, reply_of
from actions.dialogue.frame.base import Said, Services, Turn, keep, said_before, say, slots
from actions.dialogue.hearing import phrases
from actions.errors import ActionError
from actions.points import claims, disputes, ledger, own, schemes, stars, vouchers
from actions.points.claims import Deed
from actions.points.models import Kind, PointEntry, RuleKind, Source
from actions.points.status import LABELS
from actions.replies import Button, Reply, ReplyKind
from actions.roster.models import Household
from knowledge.answering.told import Answer
from knowledge.places import Place

MINE, HISTORY, EXCHANGE = "我家多少分", "积分怎么来的", "积分换东西"
MISSED, RECORD, STAR, STAR_YES = "积分少记了", "我要记积分", "申请星级文明户", "同意贴户号申请星级文明户"
MISSED_ASKED, RECORD_ASKED = "积分少记", "积分记 "  # for the slot `awaits`; the second with the rule's id
_TAKE = re.compile(r"^换积分 (\d{1,9})$")
_RULE = re.compile(r"^记积分 (\d{1,9})$")
_BACK = re.compile(r"^退积分 (\d{1,9})$")
_SAID = re.compile(r"^积分答复 (\d{1,9}) (行|不对)$")
_HOW = re.compile(r"(?:怎么|咋|咋个|如何|哪样|啥)(?:才能|才)?(?:攒|加|得|挣|算|积)|加几分|几分换|什么时候开|啥时候开")
_CAME = re.compile(r"怎么来|咋来|明细|哪来|都加了(?:啥|什么)|一笔一笔|记录")
_WANTS = re.compile(r"换|兑|领(?:东西|洗衣|肥皂|盐|米|油)")
_WRONG = re.compile(r"少记|漏记|漏了|没(?:给)?(?:记|加|算)|记错|加错|不对|少了|没加上|申诉")
_DID = re.compile(
    r"(?:给|帮)我?(?:家)?(?:记|登|报|加)(?:上|一下|个|一)?.{0,4}(?:积?分|好事)|我要(?:记|报|登记)"
    # 扫了公共路，要加分; 能加分吗 asks for the rules
    r"|(?:要|想|得|该|请)(?:给|帮)?(?:我|俺|咱)?们?家?(?:加|记|登记)(?:个|点|上|一下)?积?分(?![吗不呢？?])"
)
_OTHERS = re.compile(r"隔壁|邻居|别人|别家|人家家|[他她]家|谁家|哪家|最[多少高低]|[0-9]{1,3}-[0-9]{1,4}")
_STAR = re.compile(r"星级|文明户")
_END = '。！!？? “”"'
_FEW = 8
_BUTTONS = (Button("怎么来的", HISTORY), Button("换东西", EXCHANGE), Button("少记了，我要说", MISSED))
_NO_RULES = "咱村还没有会上通过的积分办法，现在谁家都不加分。"


class CheckPoints(Answering):
    names = ("action_check_points",)

    def do(self, turn: Turn) -> Said:
        with self.services.sessions() as session:
            village = village_of(session, turn)
            is_here = village is not None and schemes.has_any(session, village.id)
        if village is None:
            return ask_which(self.services, turn)
        if not is_here or _HOW.search(turn.text):
            return self._rules(turn, village)
        wanted = (
            (_STAR, _star),
            (_WRONG, _missed),
            (_CAME, _history),
            (_DID, _record),
            (_WANTS, _exchange),
        )
        deed = next((deed for pattern, deed in wanted if pattern.search(turn.text)), _mine)
        if deed in (_mine, _history) and _OTHERS.search(turn.text):
            text = "积分只告诉自己家，别人家的谁来问都不说。"
            return say(Reply(ReplyKind.text, text, buttons=(Button("我家多少分", MINE),)))
        return _for_own(self.services, turn, deed)

    def _rules(self, turn: Turn, village: Place) -> Said:
        """How points are got is for the village's own rules."""
        found = self.look_up(turn, turn.text, intent="ask_village_rule", threshold=0.5)
        if isinstance(found, Answer):
            return say(reply_of(found), events=remembered(turn, found, intent="ask_village_rule"))
        with self.services.sessions() as session:
            is_here = schemes.has_any(session, village.id)
        links = (page("看积分办法", village.id, "points"),) if is_here else ()
        text = "做什么加分、能换什么，村里的页面上写着。" if is_here else _NO_RULES
        return say(Reply(ReplyKind.text, text, links=links))


Step = Callable[[Session, Turn, Household, datetime], Said]


def heard(services: Services, turn: Turn) -> Said | None:
    """What our buttons send; None for other words."""
    text = turn.text.strip(_END)
    plain: dict[str, Step] = {
        MINE: _mine,
        HISTORY: _history,
        EXCHANGE: _exchange,
        MISSED: _missed,
        RECORD: _record,
        STAR: _star,
        STAR_YES: _apply,
    }
    if (deed := plain.get(text)) is not None:
        return _for_own(services, turn, deed)
    for pattern, numbered in ((_TAKE, _take), (_RULE, _rule), (_BACK, _give_back), (_SAID, _reply)):
        if pattern.match(text):
            return _for_own(services, turn, numbered)
    return None


def awaited(services: Services, turn: Turn, what: str) -> Said | None:
    """The message after one of our questions; None where it wasn't ours."""
    if what == MISSED_ASKED:
        return _for_own(services, turn, _missed_said)
    return _for_own(services, turn, _recorded) if what.startswith(RECORD_ASKED) else None


def _for_own(services: Services, turn: Turn, deed: Step) -> Said:
    """Only for the household whose slip this conversation has used; a number of another gives nothing."""
    now = datetime.now(UTC)
    with services.sessions() as session:
        village = village_of(session, turn)
        if village is None:
            return ask_which(services, turn)
        if not schemes.has_any(session, village.id):
            return say(Reply(ReplyKind.text, _NO_RULES))
        home = own.household_of(session, asker=turn.conversation_id, place=village.id, now=now)
        if home is None:
            asked = ask_code()
            text = f"积分只告诉自己家。{asked.text}登记好了，再说一遍就行。没有码，找网格员或者村委会要。"
            links = (page("做什么加分，能换什么", village.id, "points"),)
            return say(Reply(ReplyKind.asking, text, form=asked.form, step=asked.step, links=links))
        if (before := said_before(session, turn)) is not None:
            return before
        try:
            said = deed(session, turn, home, now)
            if deed in _SAID_AGAIN:
                keep(session, turn, said.replies[0])
            session.commit()
            return said
        except ActionError as error:
            session.rollback()
            return say(Reply(ReplyKind.asking, error.message_zh, buttons=(Button("我家多少分", MINE),)))


def _mine(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    stands = ledger.standing(session, home.id, now)
    said = [f"您家这个月加了{stands.this_month}分，共{stands.balance}分。"]
    if stands.held:
        said.append(f"其中{stands.held}分换了东西，还没去拿。")
    if stands.ending and stands.ends_on:
        said.append(f"有{stands.ending}分到{_day(stands.ends_on)}没换就清零。")
    waits = [one for one in claims.of_household(session, home.id, 20) if one.state in claims.OPEN]
    if waits:
        said.append(f"还有{len(waits)}件等着确认。")
    if why := schemes.why_not(session, home.place_id):
        said.append(why)
    links = (page("做什么加分", home.place_id, "points"),)
    buttons = (*_BUTTONS, Button("记一件好事", RECORD))
    return say(Reply(ReplyKind.text, "".join(said), buttons=buttons, links=links))


def _history(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    lines = [_line(entry) for entry in ledger.history(session, home.id, _FEW)]
    lines += [
        f"· {_day(one.on_day)} {one.rule.title}：{LABELS[one.state]}{'，' + one.why if one.why else ''}"
        for one in claims.of_household(session, home.id, 5)
        if one.why or one.state in claims.OPEN
    ]
    told = "\n".join(lines) or "您家还没有加过分。"
    return say(Reply(ReplyKind.text, told, buttons=(_BUTTONS[1], _BUTTONS[2], Button("记一件好事", RECORD))))


def _line(entry: PointEntry) -> str:
    what = {Kind.spent: "换了", Kind.reversed: "加错了冲回："}.get(entry.kind, "")
    why = f"（{entry.why}）" if entry.why else ""
    return f"· {_day(entry.on_day)} {what}{entry.title} {entry.amount:+d}分{why}"


def _exchange(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    stands = ledger.standing(session, home.id, now)
    items = [item for item in vouchers.offered(session, home.place_id) if item.stock]
    may = [item for item in items if item.cost <= stands.free]
    held = vouchers.open_of(session, home.id)
    said = [f"您家现在能用{stands.free}分。"]
    said += [f"{one.item.title}换好了，{_day(one.ends_on)}前凭码去拿。" for one in held]
    if not items:
        said.append("现在没有能换的东西，过几天再看。")
    elif not may:
        few = "、".join(f"{item.title}{item.cost}分" for item in items[:_FEW])
        said.append(f"能换的有：{few}。离最少的还差{min(item.cost for item in items) - stands.free}分。")
    else:
        said.append("想换哪一样？换了给您一个码，拿着码到村里的柜台去领。")
    buttons = [Button(f"{item.title} {item.cost}分", f"换积分 {item.id}") for item in may[:_FEW]]
    buttons += [Button(f"不要{one.item.title}了", f"退积分 {one.id}") for one in held[:2]]
    buttons += [] if may else [Button("记一件好事", RECORD)]
    return say(Reply(ReplyKind.asking if may else ReplyKind.text, "".join(said), buttons=tuple(buttons)))


def _take(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    given = vouchers.order(session, home, _number(_TAKE, turn), key=_key(turn, now, "voucher"), now=now)
    thing, until = given.voucher.item.title, _day(given.voucher.ends_on)
    if not given.code:
        return say(Reply(ReplyKind.text, f"{thing}已经换好了，换物码在前面那条里，{until}前去拿。"))
    text = (
        f"{thing}给您留好了。换物码：{given.code}\n{until}前到村里的柜台，把码念给人听就行，只能用一次，别发给别人。"
        "没去拿的，分会退回来。"
    )
    return say(Reply(ReplyKind.text, text, buttons=(Button(f"不要{thing}了", f"退积分 {given.voucher.id}"),)))


def _give_back(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    vouchers.drop(session, _number(_BACK, turn), home.id)
    stands = ledger.standing(session, home.id, now)
    return say(Reply(ReplyKind.text, f"退了，分回来了，您家现在能用{stands.free}分。", buttons=_BUTTONS))


def _missed(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    text = (
        "您说，是哪一件、哪一天，少记了还是记错了？一条说完。"
        f"评议小组{disputes.WORKDAYS}个工作日以内答复；还不对，村务监督委员会再查，再不行到乡镇。"
    )
    return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(MISSED_ASKED)))


def _missed_said(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    made = disputes.raise_dispute(
        session,
        home,
        words=phrases.tidy(turn.text),
        conversation_id=turn.conversation_id,
        key=_key(turn, now, "dispute"),
        now=now,
    )
    until = _day(ledger.day_of(made.due_at)) if made.due_at else ""
    return say(
        Reply(ReplyKind.text, f"记下了，评议小组最晚{until}答复，我在这里告诉您。过了期没答复，自动转到上一级。")
    )


def _reply(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    """What the household says to an answer."""
    number, is_fine = _number(_SAID, turn), turn.text.strip(_END).endswith(" 行")
    if is_fine:
        disputes.accept(session, number, home.id)
        return say(Reply(ReplyKind.text, "好，这件就办完了。", buttons=(Button("我家多少分", MINE),)))
    made = disputes.object_again(session, number, home.id, now=now)
    until = _day(ledger.day_of(made.due_at)) if made.due_at else ""
    return say(Reply(ReplyKind.text, f"转上去了，{LABELS[made.state]}，最晚{until}，我在这里告诉您。"))


def _record(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    schemes.in_force(session, home.place_id)
    rules = schemes.rules_of(session, home.place_id)
    buttons = tuple(Button(f"{rule.title} {rule.points}分", f"记积分 {rule.id}") for rule in rules[:20])
    return say(Reply(ReplyKind.asking, "做了哪一件？有照片先发照片，别拍到别人的脸。", buttons=buttons))


def _rule(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    number = _number(_RULE, turn)
    rule = next((one for one in schemes.rules_of(session, home.place_id) if one.id == number), None)
    if rule is None:
        return _record(session, turn, home, now)
    text = f"{rule.title}，哪天做的、怎么做的，一句话告诉我（凭{rule.evidence}）。不写别人的名字。"
    return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(f"{RECORD_ASKED}{rule.id}")))


def _recorded(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    deed = Deed(int(turn.awaited.removeprefix(RECORD_ASKED)), _day_said(turn.text, ledger.day_of(now)), turn.text)
    made = claims.claim(
        session,
        home,
        deed,
        source=Source.chat,
        key=_key(turn, now, "claim"),
        now=now,
        conversation_id=turn.conversation_id,
    )
    photo = "，照片也收到了" if made.has_photo else ""
    text = f"记下了{photo}：{_day(made.on_day)}，{made.rule.title}。评议小组的人看过就加分，加没加都在这里告诉您。"
    return say(Reply(ReplyKind.text, text, buttons=(Button("我家多少分", MINE),)))


def _star(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    last = stars.of_household(session, home.id)
    if last is not None and last.state not in stars.ENDED:
        return say(Reply(ReplyKind.text, f"您家的星级文明户：{LABELS[last.state]}。"))
    criteria = schemes.rules_of(session, home.place_id, RuleKind.star)
    if not criteria:
        return say(Reply(ReplyKind.text, "村里的办法里还没有写星级文明户怎么评。"))
    before = f"上次没评上：{last.why}。" if last is not None and last.why else ""
    text = (
        f"{before}要做到：{'；'.join(rule.title for rule in criteria)}。自己申请，评议小组看，不叫邻居打分。"
        "评上的贴出户号公示7天，管一年；没评上的，只告诉您家。"
    )
    return say(Reply(ReplyKind.asking, text, buttons=(Button("同意贴户号，申请", STAR_YES),)))


def _apply(session: Session, turn: Turn, home: Household, now: datetime) -> Said:
    key, asker = _key(turn, now, "star"), turn.conversation_id
    stars.apply(session, home, agrees=True, words="", key=key, now=now, conversation_id=asker)
    return say(Reply(ReplyKind.text, "申请交上去了。评议小组看过，结果在这里告诉您。"))


def _number(pattern: re.Pattern[str], turn: Turn) -> int:
    found = pattern.match(turn.text.strip(_END))
    return int(found[1]) if found else 0


def _key(turn: Turn, now: datetime, what: str) -> str:
    """One for the message that said it, however often it is tried."""
    return f"m{turn.message or now.timestamp()}-{what}"


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _day_said(text: str, today: date) -> date:
    back = {"大前天": 3, "前天": 2, "前日": 2, "昨": 1}
    return today - timedelta(days=next((days for word, days in back.items() if word in text), 0))


# Whoever dies behind the commit has told nobody: the second try says what the first would have, above all the code.
_SAID_AGAIN = (_take, _give_back, _missed_said, _reply, _recorded, _apply)

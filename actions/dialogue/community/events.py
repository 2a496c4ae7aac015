"""What is on in the village; one signs up, says that one doesn't come after all, asks beforehand what one wants to
know.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from actions.bookings import appointments
from actions.bookings.models import Appointment, Opening
from actions.calendar import dates
from actions.dialogue.affairs.village import ask_which, page, village_of
from actions.dialogue.community import halls, talk
from actions.dialogue.frame.base import CustomAction, Said, Services, Turn, say, slots
from actions.dialogue.hearing import phrases
from actions.errors import ActionError, AlreadyBooked
from actions.events import kinds, lending, listing, publishing, questions, signing_up, words
from actions.events.signing_up import Coming
from actions.persons import threads_of
from actions.replies import Button, Link, Reply, ReplyKind
from knowledge.clock import SHANGHAI
from knowledge.statutes.numerals import FIGURES

JOIN, LEAVE, ASK = "报名活动 ", "不去活动 ", "问活动 "  # with the event's number: buttons, and for the slot `awaits`
PRESSED = re.compile(r"^(报名|不去|问|看)活动 (\d{1,9})$")
SEE = Button("看有什么活动", "村里有啥活动")
_SHOWN = 5
_SHORT, _NAMED = 20, 60  # characters of who doesn't come; of a name, how many and what they bring
_END = '。！! “”"'
_SIGNS_UP = re.compile(
    r"报(?:个|一?下|上)?名|(?:我|俺|咱)(?:们|家)?.{0,4}(?:想|要|也)(?:去|来|参加|学)|算我一个|加我一个|还有位"
)
_NOT_COMING = re.compile(
    r"^(?:我|俺|咱)?(?:们|家)?(?:那天|明天|今天|今晚|活动|电影|那个)?"
    r"(?:去不了|来不了|不去|不来|不参加|参加不了|不借)(?:了|啦)?(?:吧|啊|哈)?$"
    r"|(?:取消|退)(?:掉|了)?(?:我的)?(?:活动)?报名|报名.{0,3}(?:取消|退)"
)
_ASKS_AHEAD = re.compile(r"公开日.{0,12}(?:想问|要问|提.{0,3}问题)|(?:想|要)(?:在|到)?公开日.{0,6}问")
_MINE = re.compile(r"我.{0,4}报(?:了|过|上)?(?:的)?名|报上(?:了)?(?:没|吗)|候补.{0,4}(?:到|上)")
_LEAVES = re.compile(r"(?:去|来|参加)不了|不(?:想|打算|能)?(?:去|来|参加|学)|退(?:掉|了)?(?:我的)?报?名|取消")
_STANDS = re.compile(
    r"排到(?:我)?(?:了|没|哪)|轮到(?:我)?(?:了|没)|候补|(?:报上|报的名|位子).{0,4}(?:没|吗|在不在|还在)"
)
_COMES = re.compile(r"报(?:个|一?下|上)?名|(?:想|要|也|还是|能)(?:去|来|参加|学|看)|算我一个|加我一个|还有(?:位|名额)")
_HEADS = re.compile(r"(\d{1,2}|[一两二三四五六七八九十])(?:个|口|位)?(?:人|口|位|个大人|张票|个)?")
_COUNTED = re.compile(r"(\d{1,2}|[一两二三四五六七八九十])(?:个大人|个人|口人|口子|口|位|人|张票|个)")
_LEAD = re.compile(r"^(?:我叫|我是|叫我|就叫|就写|写|称呼|名字(?:是|叫)?|姓名)[：: ]?")
_FILLER = re.compile(r"(?:我们|咱们|俺们|我家|咱家|俺家|全家|一家|一共|总共|就|来|去|报|带|共|大概|加上我|连我)+")
_NOTHING_HELD = "这段对话里没有查到您报名的活动。在网页上报的名，打开报名那一页取消；当面报的，跟村委会说一声。"
_NAMELESS = "对话里报名的"
_WEEK, _MONTH = re.compile(r"(?:这|本)(?:个)?(?:周|星期|礼拜)(?![一二三四五六日天末])"), re.compile("这个?月|本月")
_NEXT_WEEK = re.compile(r"下(?:个)?(?:周|星期|礼拜)(?![一二三四五六日天末])")


class AskEvent(CustomAction):
    names = ("action_ask_event",)

    def do(self, turn: Turn) -> Said:
        if _NOT_COMING.search(turn.text):
            return not_coming(self.services, turn) or say(Reply(ReplyKind.text, _NOTHING_HELD, buttons=(SEE,)))
        now = datetime.now(UTC)
        with self.services.sessions() as session:
            village = village_of(session, turn)
            if village is None:
                return ask_which(self.services, turn)
            links = (page("看村里的活动", village.id, "events"),)
            if (hearing := talk.of_hearing(session, village, turn.text, now)) is not None:
                return say(hearing)
            if _MINE.search(turn.text) and (own := _own(session, turn, now)):
                return say(_told_of_own(own))
            found = [e for e in listing.coming(session, [village.id], now=now) if not e.is_cancelled]
            if not found:
                text = "村里现在没有排活动。排上了，村里的页面上能看到，也可以隔几天再问我。"
                return say(Reply(ReplyKind.text, text, links=links))
            fits = meant(found, turn.text, now)
            if _ASKS_AHEAD.search(turn.text) and (asked := _takes_questions(found, now)):
                return self.ask_about(turn, asked[0].id)
            if _SIGNS_UP.search(turn.text) and len(open_ones := [e for e in fits or found if _takes(e, now)]) == 1:
                return self.ask_who(turn, open_ones[0].id)
            return say(_told(fits, found, turn.text, now, links))

    def ask_who(self, turn: Turn, number: int) -> Said:
        now = datetime.now(UTC)
        with self.services.sessions() as session:
            try:
                event = publishing.get(session, number)
            except ActionError as error:
                return say(Reply(ReplyKind.asking, error.message_zh, buttons=(SEE,)))
            if not _takes(event, now):
                return say(Reply(ReplyKind.text, f"{event.title}：{words.stands(event, now)}。", buttons=(SEE,)))
            if lending.is_lent(event):
                return say(halls.ask(session, event, now), events=slots(awaits=turn.waiting_for(f"{JOIN}{number}")))
            item = kinds.known_kind(event.kind).ask_item
            also = f"{item}，也一起说。" if item else ""
            full = "" if words.places_left(event) else "现在报满了，先给您排候补。"
            who = f"怎么称呼您，一共来几个人？比如“王婶，2个人”。{also}"
            text = f"{appointments.label(event)}，{event.address}。{full}{who}"
        return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(f"{JOIN}{number}")))

    def joined(self, turn: Turn, number: int) -> Said:
        """Signed up once for the message that said so, however often it is tried."""
        now = datetime.now(UTC)
        name, party, rest = who_comes(turn.text)
        with self.services.sessions() as session:
            try:
                event = publishing.get(session, number)
                if lending.is_lent(event):
                    return self._borrowed(session, turn, event, now)
                item = rest if kinds.known_kind(event.kind).ask_item else ""
                phone = phrases.phone_in(turn.text) or ""
                coming = Coming(turn.conversation_id, name or _NAMELESS, party, item, phone)
                key = f"{turn.conversation_id}:m{turn.message or now.timestamp()}-event-{number}"
                row = signing_up.sign_up(session, number, coming, key=key, now=now)
            except AlreadyBooked as error:
                return say(Reply(ReplyKind.booking, error.message_zh, buttons=(_leave_button(number),)))
            except ActionError as error:
                asked = Reply(ReplyKind.asking, error.message_zh)
                return say(asked, events=slots(awaits=turn.waiting_for(f"{JOIN}{number}")))
            told = words.signed_up(row, in_chat=True)
            links = (Link("看我的报名", f"/v/{row.opening.place_id}/h{number}/mine/{row.code}"),)
        return say(Reply(ReplyKind.booking, told, buttons=(_leave_button(number),), links=links))

    def _borrowed(self, session: Session, turn: Turn, event: Opening, now: datetime) -> Said:
        """A hall for some hours, once for the message that said so. Raises ActionError."""
        number, heard = event.id, halls.hours_in(turn.text, event)
        if heard is None:
            return say(halls.ask(session, event, now), events=slots(awaits=turn.waiting_for(f"{JOIN}{number}")))
        name, party, what = who_comes(turn.text.replace(heard.words, "，"))
        if not what:  # 20个人，排练: what for, and no name
            name, what = "", name
        wish = lending.Wish(
            turn.conversation_id,
            name or _NAMELESS,
            party,
            what,
            heard.starts_at,
            heard.ends_at,
            phrases.phone_in(turn.text) or "",
        )
        key = f"{turn.conversation_id}:m{turn.message or now.timestamp()}-hall-{number}"
        row = lending.lend(session, number, wish, key=key, now=now)
        return say(Reply(ReplyKind.booking, words.signed_up(row, in_chat=True), links=(halls.link_of(row),)))

    def ask_about(self, turn: Turn, number: int) -> Said:
        text = "想在那天问什么？一条说完，最多300个字。不写您的名字；当天答，答不了的写成文字贴出来。"
        return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(f"{ASK}{number}")))

    def asked(self, turn: Turn, number: int) -> Said:
        now = datetime.now(UTC)
        with self.services.sessions() as session:
            try:
                questions.ask(
                    session,
                    number,
                    conversation_id=turn.conversation_id,
                    text=phrases.tidy(turn.text),
                    key=f"{turn.conversation_id}:m{turn.message or now.timestamp()}-event-question",
                    now=now,
                )
                session.commit()
            except ActionError as error:
                return say(Reply(ReplyKind.asking, error.message_zh))
        return say(Reply(ReplyKind.text, "记下了，不写是谁问的。有了答复我就在这里告诉您。", buttons=(SEE,)))

    def see(self, turn: Turn, number: int) -> Said:
        now = datetime.now(UTC)
        with self.services.sessions() as session:
            try:
                event = publishing.get(session, number)
            except ActionError as error:
                return say(Reply(ReplyKind.asking, error.message_zh, buttons=(SEE,)))
            return say(_of_one(event, now))


def not_coming(services: Services, turn: Turn) -> Said | None:
    """None where nothing is signed up for. Who also has a lawyer's time is asked which of them is meant."""
    now = datetime.now(UTC)
    with services.sessions() as session:
        own = _own(session, turn, now)
        if not own:
            return None
        fits = [row for row in own if row.opening in meant([r.opening for r in own], turn.text, now)] or own
        lawyers = appointments.held_by(session, *threads_of(session, turn.conversation_id), now=now)
        if len(fits) == 1 and (not lawyers or "报名" in turn.text):
            return _left(session, fits[0], now)
        buttons = [
            Button(f"不去：{appointments.label(row.opening)}", f"{LEAVE}{row.opening_id}") for row in fits[:_SHOWN]
        ]
        buttons += [Button("取消约的律师", "取消预约")] if lawyers else []
        return say(Reply(ReplyKind.asking, "哪一个不去了？", buttons=tuple(buttons)))


def leave(services: Services, turn: Turn, number: int) -> Said:
    now = datetime.now(UTC)
    with services.sessions() as session:
        own = [row for row in _own(session, turn, now) if row.opening_id == number]
        row = own[0] if own else None
        if len(own) > 1:  # of a hall, more than once on one day
            links = tuple(halls.link_of(each) for each in own)
            return say(Reply(ReplyKind.asking, "您借了几段，点进去取消不要的那一段。", links=links))
        if row is None:
            return say(Reply(ReplyKind.text, "这个活动您没有报名，或者已经取消了。", buttons=(SEE,)))
        return _left(session, row, now)


def heard(services: Services, turn: Turn) -> Said | None:
    """A button of ours, or that one doesn't come after all; None for other words."""
    text = turn.text.strip(_END)
    if turn.place and len(text) <= _NAMED and halls.BORROWS.search(text) and (said := _borrow(services, turn)):
        return said
    if (found := PRESSED.match(text)) is not None:
        action, number = AskEvent(services), int(found[2])
        deeds = {"报名": action.ask_who, "问": action.ask_about, "看": action.see}
        return leave(services, turn, number) if found[1] == "不去" else deeds[found[1]](turn, number)
    if len(text) <= _SHORT and _NOT_COMING.search(text):
        return not_coming(services, turn)
    return _by_name(services, turn, text) if turn.place and len(text) <= _NAMED // 2 else None


def _borrow(services: Services, turn: Turn) -> Said | None:
    """Who wants a hall where one is lent; None where none is, so that others say what they know."""
    now = datetime.now(UTC)
    with services.sessions() as session:
        village = village_of(session, turn)
        found = halls.offered(session, village.id, now) if village else []
        fits = [event for event in found if _is_on(event, turn.text, now)] or found
    if len(fits) == 1:
        return AskEvent(services).ask_who(turn, fits[0].id)
    return say(halls.told(fits, JOIN)) if fits else None


def _by_name(services: Services, turn: Turn, text: str) -> Said | None:
    """Words that call an event by its title, or ask after one's own place: 编竹筐我也想去, 我排到了没. The classifier
    knows no titles.
    """
    leaves, stands, comes = _LEAVES.search(text), _STANDS.search(text), _COMES.search(text)
    if not (leaves or stands or comes):
        return None
    now = datetime.now(UTC)
    with services.sessions() as session:
        own = _own(session, turn, now)
        called = [row for row in own if _is_titled(row.opening, text)]
        if leaves:
            return _left(session, called[0], now) if len(called) == 1 else None
        if (
            stands
            and own
            and (called or not appointments.held_by(session, *threads_of(session, turn.conversation_id), now=now))
        ):
            return say(_told_of_own(called or own))
        village = village_of(session, turn) if comes else None
        found = listing.coming(session, [village.id], now=now) if village else []
        titled = [event for event in found if _takes(event, now) and _is_titled(event, text)]
    return AskEvent(services).ask_who(turn, titled[0].id) if len(titled) == 1 else None


def awaited(services: Services, turn: Turn, what: str) -> Said | None:
    """Who comes, or the question, after we asked for it. A question or a story is no name."""
    number = int(what.rsplit(" ", 1)[1])
    if what.startswith(ASK):
        return AskEvent(services).asked(turn, number)
    is_name = len(turn.text) <= _NAMED and not phrases.is_question(turn.text) and not _NOT_COMING.search(turn.text)
    return AskEvent(services).joined(turn, number) if is_name else None


def who_comes(text: str) -> tuple[str, int, str]:
    """Name, how many, and what else was said: 王婶，2个人，唱个歌. One where no number is said."""
    phone = phrases.phone_in(text)
    parts = [part for part in re.split(r"[，,；;。！!\s]+", text.replace(phone or "\0", "")) if part]
    party, name, rest = 1, "", []
    for part in parts:
        counted = _COUNTED.search(part)
        if counted is None and (bare := _HEADS.fullmatch(part)) is not None:
            counted = bare
        if counted is not None:
            party = _figure(counted[1])
            part = (part[: counted.start()] + part[counted.end() :]).strip()
        part = _FILLER.sub("", _LEAD.sub("", part)).strip("的了吧呢啊 ")
        if not part:
            continue
        if not name and len(part) <= 8:
            name = part
        else:
            rest.append(part)
    return name, party, "，".join(rest)[:80]


def meant(found: Sequence[Opening], text: str, now: datetime) -> list[Opening]:
    """Those that the words call: by the day, by the kind or by the title; none where what they call isn't there."""
    left = [event for event in found if _is_on(event, text, now)]
    named = [event for event in left if _called(event, text)]
    return named or (left if _says_when(text, now) or not _says_kind(text) else [])


def _says_when(text: str, now: datetime) -> bool:
    return bool(_WEEK.search(text) or _NEXT_WEEK.search(text) or _MONTH.search(text)) or (
        _day_in(text, now) is not None
    )


def _day_in(text: str, now: datetime) -> dates.DateRange | None:
    """What is to come: 最近有啥活动 asks for no day, and means none of the past."""
    return dates.find_future(text.replace("最近", ""), now=now)


def _is_on(event: Opening, text: str, now: datetime) -> bool:
    local, today = event.starts_at.astimezone(SHANGHAI), now.astimezone(SHANGHAI).date()
    monday = today - timedelta(days=today.weekday())
    if _WEEK.search(text):
        return local.date() < monday + timedelta(days=7)
    if _NEXT_WEEK.search(text):
        return monday + timedelta(days=7) <= local.date() < monday + timedelta(days=14)
    if _MONTH.search(text):
        return (local.year, local.month) == (today.year, today.month)
    wanted = _day_in(text, now)
    return (
        wanted is None
        or wanted.start.astimezone(SHANGHAI).date() <= local.date() <= wanted.end.astimezone(SHANGHAI).date()
    )


_KINDS = (
    ("film", "电影|看戏|唱戏|戏班|放片"),
    ("gala", "村晚|晚会|联欢"),
    ("stories", "故事会|讲故事|说书"),
    ("craft", "手工|剪纸|刺绣|编织|编筐"),
    ("reading", "书屋|借书|看书|图书"),
    ("clinic", "法律诊所|义诊"),
    ("law_class", "普法|法律课|讲法"),
    ("training", "培训"),
    ("open_day", "公开日"),
    ("talk", "恳谈"),
    ("hearing", "听证"),
    ("committee_day", "接待日|委员来"),
    ("volunteering", "志愿|义务劳动|帮忙"),
    ("room", "场地|借.{0,4}(?:会议室|活动室|礼堂|院子)"),
)


def _says_kind(text: str) -> bool:
    return any(re.search(pattern, text) for _, pattern in _KINDS)


def _called(event: Opening, text: str) -> bool:
    kind = next((pattern for code, pattern in _KINDS if code == event.kind), None)
    if kind is not None and re.search(kind, text):
        return True
    return _is_titled(event, text)


def _is_titled(event: Opening, text: str) -> bool:
    """By two neighbouring pairs of its title's characters: 编竹筐 of 学编竹筐."""
    title = re.sub(r"[^\u4e00-\u9fff]", "", event.title)
    pairs = {title[n : n + 2] for n in range(len(title) - 1)} - {"活动", "村里", "大家"}
    return sum(pair in text for pair in pairs) >= min(2, max(1, len(pairs)))


def _takes(event: Opening, now: datetime) -> bool:
    closes = event.ends_at if lending.is_lent(event) else event.starts_at
    return event.capacity > 0 and closes > now and not event.is_cancelled


def _joins(event: Opening) -> str:
    return "借" if lending.is_lent(event) else "报名"


def _takes_questions(found: Sequence[Opening], now: datetime) -> list[Opening]:
    return [event for event in found if questions.is_open(event, now)]


def _told(fits: list[Opening], found: list[Opening], text: str, now: datetime, links: tuple[Link, ...]) -> Reply:
    shown = (fits or found)[:_SHOWN]
    if fits and len(fits) == 1 and (_says_kind(text) or _says_when(text, now)):
        return _of_one(fits[0], now)
    head = "村里要办的活动：" if fits else "您问的这里没有排，近的有："
    lines = "\n".join(words.line(event, now) for event in shown)
    buttons = [Button(f"{_joins(event)}：{event.title}", f"{JOIN}{event.id}") for event in shown if _takes(event, now)]
    buttons += [Button(f"提问：{event.title}", f"{ASK}{event.id}") for event in _takes_questions(shown, now)[:1]]
    more = f"\n后面还有{len(fits or found) - _SHOWN}场，在村里的页面上看。" if len(fits or found) > _SHOWN else ""
    return Reply(ReplyKind.text, f"{head}\n{lines}{more}", buttons=tuple(buttons[:_SHOWN]), links=links)


def _of_one(event: Opening, now: datetime) -> Reply:
    said = [f"{event.title}：{words.when(event)}，{event.address}。{words.stands(event, now)}。"]
    said += [f"{event.lead}。"] if event.lead else []
    said += [f"{event.note.rstrip('。')}。"] if event.note else []
    buttons = (
        [Button(f"我要{_joins(event)}" if words.places_left(event) else "排候补", f"{JOIN}{event.id}")]
        if _takes(event, now)
        else []
    )
    buttons += [Button("先提个问题", f"{ASK}{event.id}")] if questions.is_open(event, now) else []
    link = page("看这场活动", event.place_id, f"h{event.id}")
    return Reply(ReplyKind.text, "".join(said), buttons=tuple(buttons), links=(link,))


def _own(session: Session, turn: Turn, now: datetime) -> list[Appointment]:
    return signing_up.of_asker(session, threads_of(session, turn.conversation_id), now=now)


def _told_of_own(own: list[Appointment]) -> Reply:
    lines = [words.signed_up(row, in_chat=True) for row in own[:_SHOWN]]
    buttons = tuple(Button(f"不去：{row.opening.title}", f"{LEAVE}{row.opening_id}") for row in own[:_SHOWN])
    return Reply(ReplyKind.booking, "\n".join(lines), buttons=buttons)


def _left(session: Session, row: Appointment, now: datetime) -> Said:
    number, title = row.opening_id, row.opening.title
    try:
        signing_up.leave(session, row.id, now=now)
    except ActionError as error:
        session.rollback()
        return say(Reply(ReplyKind.booking, error.message_zh))
    again = Button("点错了，还是要去", f"{JOIN}{number}")
    if row.lent_from is not None:
        return say(Reply(ReplyKind.booking, f"好，{appointments.own_label(row)}不借了，让给别人用。", buttons=(SEE,)))
    return say(Reply(ReplyKind.booking, f"好，“{title}”不去了，位子让给别人。", buttons=(again,)))


def _leave_button(number: int) -> Button:
    return Button("不去了", f"{LEAVE}{number}")


def _figure(word: str) -> int:
    return int(word) if word.isdigit() else {"两": 2, "十": 10}.get(word) or FIGURES[word]

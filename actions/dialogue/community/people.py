"""Somebody to help, and one's own grid worker: found, asked with the resident's own words, asked to come."""

import re
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from actions.cases import filing, finding
from actions.dialogue.affairs.village import ask_which, page, village_of
from actions.dialogue.community import talk
from actions.dialogue.frame.base import CustomAction, Said, Services, Turn, say, slots
from actions.dialogue.hearing import phrases
from actions.errors import ActionError, NotFound
from actions.helpers import kinds, referrals, roster, words
from actions.helpers.models import Helper, Referral
from actions.helpers.status import OPEN, State
from actions.persons import threads_of
from actions.replies import Button, Link, Reply, ReplyKind, phone_links
from actions.visits import grid, visits
from actions.visits.visits import Asked
from knowledge.places import Level, Place

INTENTS = {"find_helper": "找帮手"}  # what staff read
# For the slot `awaits`: what the next message is.
WORDS, OTHER, SEND, CONTACT = "帮手要帮什么", "帮手对方 ", "转给帮手 ", "帮手电话 "
GROUP, VISIT, WHERE = "网格哪组", "走访什么事", "走访去哪"
_SHOWN = 3
_STORY = 60  # characters; who tells a longer story is told the law first
_CHOSEN = re.compile(r"^找帮手 (\d{1,9})$")
_SENT = re.compile(r"^转给帮手 (\d{1,9})$")
_OF_REFERRAL = re.compile(r"^帮手 (\d{1,9}) (?:转给(\d{1,9})|打([1-5])分|(撤回|换一位))$")
_MARK = re.compile(r"^(?:我)?(?:打|给)?([1-5一二三四五])\s?(?:分|颗?星)[。！!]*$")
_OF_GROUP = re.compile(r"^网格 (.{1,20})$")
_PLAIN = re.compile(
    r"(?:找|请|要|需要|有没有|有)(?:个|位|一个|一位|几个)?[^，。]{0,4}"
    r"(?:帮手|志愿者|义工|法律明白人|懂法(?:律)?的|懂行的|明白人|乡贤|社工|人民调解员)"
)
_ABOUT = re.compile(r"是(?:什么|啥|干)|干(?:什么|啥)的|怎么(?:当|做|成为)|咋当|报名|想当|我要当|补贴|工资|职责")
_BARE = re.compile(
    r"^(?:我|咱)?(?:想|要|得)?(?:找|请|要|有没有)(?:个|位|一个|一位)?(?:义务的?|免费的?)?(?:愿意)?"
    r"(?:帮手|帮忙的人?|志愿者|义工|法律明白人|懂法(?:律)?的人?|明白人|乡贤|社工|人民调解员|人帮忙)"
    r"(?:帮忙|帮帮我)?[吗呢啊。？?]*$"
)
_HOW_FAR = re.compile(r"帮手.{0,8}(?:回话|答应|咋样|怎么样|来了?没|到哪)|(?:回话|答应)了?(?:没|吗)")
_COMES = re.compile(r"上门|来(?:一趟|家|我家|看看|瞧瞧|帮)|到我?家|过来|走访|[叫让请派].{0,3}网格员")
_ASKS_WHO = re.compile(r"能上门吗|是谁|叫(?:啥|什么)|哪(?:个|位)|电话|联系方式|号码|怎么联系|咋联系|几个|名单|换人")
_NO_MATTER = re.compile(
    r"网格员|网格长|上门|走访|来一趟|来我?家(?:里|一趟)?|到我?家(?:里)?|过来|看看|瞧瞧|一下|一趟"
    r"|请|让|叫|派|想|要|能不能|能|可以"
    r"|帮我|给我|我们?|咱们?|你们?|的|个|位|吗|呢|吧|啊|[，。！？,.!?\s]"
)
_PHONE = re.compile(r"1\d{10}")
_NO_NUMBER = re.compile(r"^.{0,6}(?:不留|不用|不想留|没有|没电话|算了|不要)")
_ANSWER = 15  # characters
_OF_LAW = (kinds.LAWYER, kinds.MEDIATE, kinds.EXPLAIN)  # a lawyer's hour helps these first


def heard(services: Services, turn: Turn) -> Said | None:
    """A button of these, the answer to a question of these, or what only a helper is meant by; None for other words."""
    text = turn.text
    if (found := _CHOSEN.match(text)) is not None:
        return FindHelper(services).chosen(turn, int(found[1]))
    if (found := _SENT.match(text)) is not None:
        return FindHelper(services).sent(turn, int(found[1]))
    if (found := _OF_REFERRAL.match(text)) is not None:
        return FindHelper(services).of_referral(turn, found)
    if (found := _OF_GROUP.match(text)) is not None:
        return GridWorkers(services).of_group(turn, found[1])
    if (found := _MARK.match(text)) is not None and (rated := FindHelper(services).marked(turn, found[1])) is not None:
        return rated
    if text == "改帮手的话":
        return ask_words(turn)
    if text == "不转帮手了":
        return say(Reply(ReplyKind.smalltalk, "好，不转。还想找，再跟我说。"), events=slots(helper_words=None))
    if (answer := _awaited(services, turn)) is not None:
        return answer
    is_plain = len(text) <= _STORY and _PLAIN.search(text) and not _ABOUT.search(text)
    return FindHelper(services).do(turn) if is_plain and turn.place and turn.intent != "find_helper" else None


def _awaited(services: Services, turn: Turn) -> Said | None:
    what = turn.awaited
    if not what or phrases.is_drop(turn.text) or phrases.is_pause(turn.text) or turn.intent == "human_handoff":
        return None
    if what == WORDS:
        return FindHelper(services).offer(turn, turn.text)
    if _is_other_matter(turn, what):
        return None
    if what.startswith(OTHER):
        return FindHelper(services).read_back(turn, int(what.removeprefix(OTHER)), other=turn.text[:60])
    if what.startswith(SEND) and (is_right := phrases.yes_or_no(turn.text)) is not None:
        return FindHelper(services).sent(turn, int(what.removeprefix(SEND))) if is_right else ask_words(turn)
    if what.startswith(CONTACT):
        return FindHelper(services).contact(turn, int(what.removeprefix(CONTACT)))
    if what == GROUP:
        return GridWorkers(services).of_group(turn, turn.text)
    if what == VISIT:
        return GridWorkers(services).ask_where(turn, turn.text)
    if what == WHERE:
        return GridWorkers(services).come(turn)
    return None


def _is_other_matter(turn: Turn, what: str) -> bool:
    """What answers no question of ours: it is heard as everything else is."""
    text = turn.text
    if what.startswith(CONTACT):
        return phrases.phone_in(text) is None and not phrases.odd_number_in(text) and not _NO_NUMBER.search(text)
    return phrases.is_question(text) or (what == GROUP and len(text) > _ANSWER)


def _home(session: Session, turn: Turn) -> Place | None:
    """The conversation's own village first: the words may name another that the quarrel is with."""
    own = session.get(Place, turn.place) if turn.place else None
    return own if own is not None and own.level is Level.village else village_of(session, turn)


def ask_words(turn: Turn) -> Said:
    text = "您想请人帮什么？一句话说给我听，4到300个字。只有您选的那个人看得到。"
    return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(WORDS)))


class FindHelper(CustomAction):
    names = ("action_find_helper",)

    def do(self, turn: Turn) -> Said:
        if (instead := kinds.never(turn.text)) is not None:
            return say(_instead(instead))
        if _HOW_FAR.search(turn.text) and (own := self._how_far(turn)) is not None:
            return say(own)
        return ask_words(turn) if _BARE.match(turn.text) else self.offer(turn, turn.text)

    def offer(self, turn: Turn, said: str) -> Said:
        """Who fits, and what else there is."""
        if (instead := kinds.never(said)) is not None:
            return say(_instead(instead), events=slots(helper_words=None))
        said, today = phrases.tidy(said)[: referrals.MOST_WORDS], self.services.today()
        wish, subjects = kinds.wish_in(said), kinds.subjects_in(said)
        with self.services.sessions() as session:
            village = _home(session, turn)
            if village is None:
                return ask_which(self.services, turn)
            if (deputies := talk.of_deputies(session, village, said, datetime.now(UTC))) is not None:
                return say(deputies)
            found = roster.fitting(session, village.id, wish=wish, subjects=subjects, but=(), today=today)
            told = _choices(village, wish, found)
        return say(told, events=slots(helper_words=said, helper_other=None))

    def chosen(self, turn: Turn, number: int) -> Said:
        said = turn.slot("helper_words") or ""
        if not said:
            return ask_words(turn)
        if kinds.wish_in(said) != kinds.MEDIATE or turn.slot("helper_other"):
            return self.read_back(turn, number, other=turn.slot("helper_other") or "")
        text = "对方怎么称呼？帮手要看看是不是亲戚；对方也要愿意，才能调解。"
        return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(f"{OTHER}{number}")))

    def read_back(self, turn: Turn, number: int, *, other: str) -> Said:
        """Nothing is sent that wasn't seen before."""
        said = turn.slot("helper_words") or ""
        with self.services.sessions() as session:
            helper = self._helper(session, turn, number)
            if helper is None or not said:
                return ask_words(turn) if helper else say(_gone())
            called = helper.called
        against = f"\n对方：{other}" if other else ""
        text = f"我这样转给{called}，行吗？\n“{said}”{against}\n只有他看得到；双方都答应了，才给联系方式。"
        buttons = (
            Button("就这样转", f"{SEND}{number}"),
            Button("改一改", "改帮手的话"),
            Button("不转了", "不转帮手了"),
        )
        events = slots(helper_other=other or None, awaits=turn.waiting_for(f"{SEND}{number}"))
        return say(Reply(ReplyKind.asking, text, buttons=buttons), events=events)

    def sent(self, turn: Turn, number: int) -> Said:
        said, now = turn.slot("helper_words") or "", datetime.now(UTC)
        if not said:
            return ask_words(turn)
        with self.services.sessions() as session:
            village = _home(session, turn)
            if village is None:
                return ask_which(self.services, turn)
            try:
                referral = referrals.ask(
                    session,
                    place=village.id,
                    words=said,
                    conversation_id=turn.conversation_id,
                    other_party=turn.slot("helper_other") or "",
                    key=f"m{turn.message or now.timestamp()}-helper",
                    now=now,
                )
                referrals.offer(session, referral, number, now=now)
            except ActionError as error:
                session.rollback()
                return say(_refused(error))
            text = (
                f"{words.state_of(referral)}\n他答应了怎么找您？回个手机号；不想留就说“不留”，到时候我把他的电话给您。"
            )
            events = slots(helper_words=None, helper_other=None, awaits=turn.waiting_for(f"{CONTACT}{referral.id}"))
        return say(Reply(ReplyKind.asking, text, buttons=(Button("不留"),)), events=events)

    def contact(self, turn: Turn, number: int) -> Said:
        phone = phrases.phone_in(turn.text)
        if phone is None and phrases.odd_number_in(turn.text):
            text = "这个号码好像不对，手机号是 11 位，麻烦再发一次；不想留就说“不留”。"
            return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(f"{CONTACT}{number}")))
        if phone is None:
            return say(Reply(ReplyKind.text, "好，不留。他回话了我在这里告诉您。"))
        with self.services.sessions() as session:
            referral = self._own(session, turn, number)
            if referral.state in OPEN:
                referral.contact = phone
                session.commit()
        return say(Reply(ReplyKind.text, "记下了，等双方都答应了才给他。他回话了我在这里告诉您。"))

    def of_referral(self, turn: Turn, found: re.Match[str]) -> Said:
        now = datetime.now(UTC)
        with self.services.sessions() as session:
            try:
                referral = self._own(session, turn, int(found[1]))
                if found[2]:
                    referrals.offer(session, referral, int(found[2]), now=now)
                    text = words.state_of(referral)
                elif found[3]:
                    referrals.rate(session, referral, int(found[3]))
                    text = "记下了，谢谢您。"
                elif found[4] == "撤回":
                    referrals.withdraw(session, referral, now=now)
                    text = words.state_of(referral)
                else:
                    referrals.another(session, referral, now=now)
                    text = "好，换一位。马上告诉您还有谁。"
            except ActionError as error:
                session.rollback()
                return say(_refused(error))
        return say(Reply(ReplyKind.text, text))

    def marked(self, turn: Turn, said: str) -> Said | None:
        """打5分, after the helper's last word; None where a case of theirs may be meant."""
        with self.services.sessions() as session:
            own = referrals.of_conversation(session, turn.conversation_id)
            if not own or own[0].state is not State.closed or own[0].rating:
                return None
            if finding.of_person(session, turn.conversation_id):
                return None
            referrals.rate(session, own[0], "一二三四五".find(said) + 1 or int(said))
        return say(Reply(ReplyKind.text, "记下了，谢谢您。"))

    def _own(self, session: Session, turn: Turn, number: int) -> Referral:
        """Raises NotFound, also for somebody else's."""
        referral = referrals.get(session, number)
        if referral.conversation_id not in threads_of(session, turn.conversation_id):
            raise NotFound("没有找到这件事。")
        return referral

    def _helper(self, session: Session, turn: Turn, number: int) -> Helper | None:
        village = _home(session, turn)
        try:
            return roster.public(session, village.id, number, self.services.today()) if village else None
        except NotFound:
            return None

    def _how_far(self, turn: Turn) -> Reply | None:
        with self.services.sessions() as session:
            own = referrals.of_conversation(session, turn.conversation_id)
            if not own or own[0].state is State.withdrawn:
                return None
            one, buttons = own[0], []
            if one.state in OPEN - {State.asked}:
                buttons.append(Button("换一位", f"帮手 {one.id} 换一位"))
            if one.state in OPEN:
                buttons.append(Button("撤回", f"帮手 {one.id} 撤回"))
            if one.state is State.closed and not one.rating:
                buttons += referrals.mark_buttons(one)
            return Reply(ReplyKind.text, words.state_of(one), buttons=tuple(buttons))


def _choices(village: Place, wish: str, found: list[Helper]) -> Reply:
    clinic, grid = Button("约律师、调解员见面", "我想约律师"), Button("我的网格员是谁", "我的网格员是谁")
    if not found:
        instead = kinds.WISHES[wish]
        first = (clinic, grid) if wish in _OF_LAW else (grid, clinic)
        return Reply(ReplyKind.text, instead.else_to, buttons=first, links=phone_links(*instead.phones))
    links = (*phone_links("12348"), page("看看都有谁", village.id, "people"))
    buttons = tuple(Button(words.short(one), f"找帮手 {one.id}") for one in found[:_SHOWN])
    more = f"，先列{_SHOWN}位" if len(found) > _SHOWN else ""
    text = f"{village.name}能帮这个忙的有{len(found)}位{more}，都不收钱。把您的话转给谁？转之前先给您看。"
    return Reply(ReplyKind.asking, text, buttons=(*buttons, clinic), links=links)


def _instead(said: str) -> Reply:
    return Reply(ReplyKind.text, said, links=phone_links("110", "12338"))


def _gone() -> Reply:
    return Reply(
        ReplyKind.asking,
        "这位帮手现在找不到了，可能退出了。要不要看看还有谁？",
        buttons=(Button("找帮手", "我想找个帮手"),),
    )


def _refused(error: ActionError) -> Reply:
    return Reply(ReplyKind.asking, error.message_zh, links=phone_links("12348"))


class GridWorkers(CustomAction):
    """我的网格员是谁, and 请网格员上门."""

    names = ("action_grid_worker",)

    def do(self, turn: Turn) -> Said:
        with self.services.sessions() as session:
            village = village_of(session, turn)
            if village is None:
                text = "您是哪个村的？在“设置”里选一下，或者说“我是某某村的”，再问我一次。"
                return say(Reply(ReplyKind.case, text))
            if _COMES.search(turn.text) and not _ASKS_WHO.search(turn.text):
                return self._wished(turn)
            return self._whose(session, turn, village, grid.group_in(turn.text, grid.groups_of(session, village.id)))

    def of_group(self, turn: Turn, said: str) -> Said:
        """The answer to 您家是哪个组的, remembered."""
        with self.services.sessions() as session:
            village = village_of(session, turn)
            if village is None:
                return ask_which(self.services, turn)
            known = grid.groups_of(session, village.id)
            group = grid.group_in(said, known)
            if not group:
                text = f"没有找到这个组。{village.name}有：{'、'.join(known)}。您家是哪个？不知道就说“不知道”。"
                if re.search("不知道|不清楚|不晓得", said):
                    return say(_told(village, grid.mine(session, village.id, "", today=self.services.today()), ""))
                return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(GROUP)))
            return self._whose(session, turn, village, group)

    def _whose(self, session: Session, turn: Turn, village: Place, group: str) -> Said:
        now, today = datetime.now(UTC), self.services.today()
        if group:
            grid.remember(session, village.id, turn.conversation_id, group, now=now)
            session.commit()
        group = group or grid.group_known(session, village.id, turn.conversation_id, now=now)
        known = grid.groups_of(session, village.id)
        if not group and len({_who(session, village, name, today) for name in known}) > 1:
            buttons = tuple(Button(name, f"网格 {name}") for name in known[:6])
            asked = Reply(ReplyKind.asking, "您家是哪个组的？说一次我就记住。", buttons=buttons)
            return say(asked, events=slots(awaits=turn.waiting_for(GROUP)))
        return say(_told(village, grid.mine(session, village.id, group, today=today), group))

    def _wished(self, turn: Turn) -> Said:
        rest = _NO_MATTER.sub("", turn.text)
        if len(rest) >= 4:
            return self.ask_where(turn, turn.text)
        text = "想请网格员来看什么事？一句话说说。看见危险、有人受伤，请直接打 110、120。"
        return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(VISIT)))

    def ask_where(self, turn: Turn, said: str) -> Said:
        if (instead := kinds.never(said)) is not None:
            return say(_instead(instead))
        text = "您家在哪儿、怎么联系？比如“三组村东头第二家，138…”。只说在哪儿也行，不写身份证号。"
        events = slots(helper_words=phrases.tidy(said)[: visits.MOST_WORDS], awaits=turn.waiting_for(WHERE))
        return say(Reply(ReplyKind.asking, text), events=events)

    def come(self, turn: Turn) -> Said:
        said, now = turn.slot("helper_words") or "", datetime.now(UTC)
        phone = _PHONE.search(turn.text)
        with self.services.sessions() as session:
            village = village_of(session, turn)
            if village is None:
                return ask_which(self.services, turn)
            known = grid.groups_of(session, village.id)
            group = grid.group_in(turn.text, known) or grid.group_known(
                session, village.id, turn.conversation_id, now=now
            )
            spot = _PHONE.sub("", turn.text).strip(" ，,。、")[:100]
            asked = Asked(said, group, spot=spot, phone=phone[0] if phone else "")
            key = f"m{turn.message or now.timestamp()}"
            try:
                case = visits.ask(
                    session, asked, place=village.id, conversation_id=turn.conversation_id, key=key, now=now
                )
            except ActionError as error:
                return say(_refused(error), events=slots(awaits=turn.waiting_for(VISIT)))
            who = grid.mine(session, village.id, group, today=self.services.today()) if group else []
            by = f"网格员{who[0].name}" if len(who) == 1 else "网格员"
            filed = filing.filed_reply(session, case)
        text = f"{by}一天内回话，说哪天来；三天内到。没回话，我替您往上催。"
        return say(filed, Reply(ReplyKind.text, text), events=slots(helper_words=None))


def _who(session: Session, village: Place, group: str, today: date) -> tuple[int, ...]:
    return tuple(one.id for one in grid.mine(session, village.id, group, today=today))


def _told(village: Place, found: list[grid.Worker], group: str) -> Reply:
    assert village.level is Level.village
    come = Button("请网格员来一趟", "请网格员上门")
    if not found:
        text = "这个村的网格员名单我这里还没有，可以问村委会，或者拨打 12345。"
        return Reply(ReplyKind.case, text, buttons=(come,), links=phone_links("12345"))
    head = f"{group}的网格员：\n" if group else ""
    text = head + "\n".join(_line(one, shows_area=not group) for one in found[:10])
    links = tuple(Link(f"打给{one.name}", f"tel:{one.phone}") for one in found[:3] if one.phone)
    return Reply(ReplyKind.case, text, buttons=(come,), links=links)


def _line(one: grid.Worker, *, shows_area: bool) -> str:
    area = f"{one.area}：" if shows_area else ""
    instead = f"（{one.instead_of}这几天不在，他替）" if one.instead_of else ""
    reach = f"电话 {one.phone}" if one.phone else "电话不公开，我替您转"
    return f"{area}{one.name}{instead}，{reach}{f'，{one.hours}' if one.hours else ''}"

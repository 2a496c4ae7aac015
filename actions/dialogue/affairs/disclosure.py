"""What a village made public, what is missing, a question on what is posted, and the word that goes above the
committee.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from actions.cases import filing
from actions.dialogue.affairs.village import ask_which, page, village_of
from actions.dialogue.frame.answering import Answering
from actions.dialogue.frame.base import Said, Turn, say, slots
from actions.dialogue.hearing import dispute as hearing
from actions.dialogue.hearing import phrases
from actions.disclosure import complaint, duties, listing, periods, questions
from actions.disclosure.listing import Missing
from actions.disclosure.models import Disclosure
from actions.disclosure.words import how_often, name_of, says_day, where_it_stands, whom_to_tell
from actions.errors import ActionError
from actions.replies import Button, Reply, ReplyKind
from knowledge.places import Place

NOT_POSTED = "没公布，我要反映"
FILE, CONTACT = "反映没公布", "反映公开"  # what the button says; for the slot `awaits`: how they are to be reached
ASK = "问公开 "  # for the slot `awaits`, with the posting's id: the next message is a question on it
ANONYMOUS, HERE = "匿名反映", "在这里回复我"
# By which words people call what is owed; the first that fits, the accounts where none does.
_CALLED = (
    ("land_compensation", "征地款|土地补偿|征地补偿|占地款"),
    ("relief_decisions", "低保|特困|五保|临时救助"),
    ("relief", "救济|救灾|捐款|捐的|慰问|困难补助|扶贫|补贴发"),
    ("collective_sharing", "分红|收益分配"),
    ("contracts", "承包|租金|出租|合同|鱼塘|门面|卖树"),
    ("labour_fund", "筹资|筹劳|一事一议|集资"),
    ("lost_work", "误工"),
    ("public_jobs", "公益岗|公益性岗位"),
    ("audit", "审计"),
    ("election_lists", "选民名单|候选人"),
    ("expropriation", "征收公告|征地公告"),
    (
        "projects",
        "工程|修路款|打井|修桥|项目"
        "|(?:路|桥|井|灯|渠|广场|公厕|厕所|活动室).{0,6}(?:花|用|投|修|建|装)(?:了|去|掉)?(?:多少|几多|好多)",
    ),
    ("decisions", "决议|开会定"),
    ("rules", "村规民约"),
    ("collective_finance", "合作社|集体.{0,6}账|集体.{0,4}收入"),
    ("finance", "账|收支|财务|花销|支出|开支|招待费|办公费|卫生费|明细|钱"),
)
_ACCOUNTS = ("finance", "collective_finance")  # 村里的账: who asks for the one means the other too
# Somebody says that it isn't posted, or isn't right: whatever the classifier took it for.
_NOT_POSTED = re.compile(
    r"(?:村|组|居委|社区|会计|支书|干部|集体|经济合作社).{0,14}(?:账|收支|财务|明细).{0,12}(?:没|不|未).{0,4}"
    r"(?:公布|公开|公示|贴|晒|给看|给我们看|让看|让查|透明|见过)"
    r"|(?:村|组|居委|社区|会计|支书|干部|集体|经济合作社).{0,10}(?:没|不|未|从来).{0,4}(?:公布|公开|公示|贴|晒).{0,6}"
    r"(?:账|收支|财务|花销)"
    r"|(?:公开栏|公示栏).{0,8}(?:空|没(?:换|贴|东西)|还是去年|不换)"
)
_ELSEWHERE = re.compile(r"公司|业委会|业主|老板|股东|厂|工资|学校|医院|物业|没见着|没到|没发|少发|扣|贪|吞")
_SHORT = 30  # characters; a longer story is of something else, of which the accounts are a part
_COST = re.compile(
    r"(?:路|桥|井|灯|渠|广场|公厕|厕所|活动室|水池|水塔|河堤|坝|工程|监控|垃圾站|村部|文化站|健身器材)[^，。？?]{0,6}"
    r"(?:花|用|投|修|建|装|包)(?:了|去|掉|出去)?(?:多少|几多|好多|几个?)[钱万]"
    r"|(?:工程|项目)[^，。？?]{0,4}多少钱包"
)
_OF_ONE_HOUSE = re.compile(r"[我俺咱自](?:家|个儿?家)|每[户家人]|各家|一[户家]|人均|[我俺](?:要|得|该)|补偿|赔")
_QUARTER = re.compile(r"第?([一二三四1-4])季度")
_MONTH = re.compile(r"(1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月(?:份)?")
_FIGURES = {c: n for row in ("一二三四五六七八九", "123456789") for n, c in enumerate(row, 1)}


def asks_what_it_cost(text: str) -> bool:
    """What the village spent on its works; not what a household pays for its own."""
    return len(text) <= _SHORT and bool(_COST.search(text)) and not _OF_ONE_HOUSE.search(text)


def is_not_posted(text: str) -> bool:
    """Whether somebody complains of what the committee doesn't make public."""
    is_short = len(text) <= _SHORT and not _ELSEWHERE.search(text)
    return is_short and bool(_NOT_POSTED.search(text)) and not phrases.is_question(text)


class AskDisclosure(Answering):
    names = ("action_ask_disclosure",)

    def do(self, turn: Turn) -> Said:
        now, today = datetime.now(UTC), self.services.today()
        with self.services.sessions() as session:
            village = village_of(session, turn)
            if village is None:
                return ask_which(self.services, turn)
            code = duty_in(turn.text)
            codes = _ACCOUNTS if code == _ACCOUNTS[0] else (code,)
            owed = [one for one in listing.owed(session, village.id, now) if one.code in codes]
            owed.sort(key=lambda one: codes.index(one.code))
            posted = [d for d in listing.latest(session, village.id, turn.text, now) if _fits(d, codes, turn.text)]
            code = owed[0].code if owed else code
            period = period_in(turn.text, today) or (owed[0].period if owed else _last_quarter(today))
            told = _told(session, village, code, period, owed, posted)
        offer = f"{code} {period}"
        return say(told, events=slots(disclosure_offer=offer, disclosure_words=turn.text[:300]))

    def begin(self, turn: Turn) -> Said:
        """The word goes above the committee; how to be reached is asked first."""
        if not turn.slot("disclosure_offer"):
            return self.do(turn)
        text = (
            "直接报给乡镇（街道），不经过村委会。您想匿名，还是留个联系方式？回手机号也行。"
            "有公开栏的照片，可以先发给我，一起交上去。"
        )
        with self.services.sessions() as session:
            village = village_of(session, turn)
        links = (page("在网页上反映、传照片", village.id, "open/tell"),) if village else ()
        buttons = (Button("匿名", ANONYMOUS), Button("在这里回复就行", HERE))
        asked = Reply(ReplyKind.asking, text, buttons=buttons, links=links)
        return say(asked, events=slots(awaits=turn.waiting_for(CONTACT)))

    def contact(self, turn: Turn) -> Said:
        """How they are reached, or more of the matter, or nothing of the kind."""
        said = hearing.read_step("contact", turn.text, now=datetime.now(UTC))
        if said is None and odd(turn.text):
            text = "这个号码好像不对，手机号是 11 位，麻烦再发一次；不想留就说“匿名”。"
            return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(CONTACT)))
        if said is None:
            more = f"{turn.slot('disclosure_words') or ''}；{turn.text}"[:900]
            asked = Reply(
                ReplyKind.asking,
                "这句也记上了。那您想匿名，还是留个联系方式？",
                buttons=(Button("匿名", ANONYMOUS), Button("在这里回复就行", HERE)),
            )
            return say(asked, events=slots(disclosure_words=more, awaits=turn.waiting_for(CONTACT)))
        return self.filed(turn, said)

    def filed(self, turn: Turn, contact: str) -> Said:
        offer, now = turn.slot("disclosure_offer") or "", datetime.now(UTC)
        code, _, period = offer.partition(" ")
        with self.services.sessions() as session:
            village = village_of(session, turn)
            if village is None:
                return ask_which(self.services, turn)
            if not code:
                return self.do(turn)
            try:
                case = complaint.file(
                    session,
                    place=village.id,
                    duty_code=code,
                    period=period,
                    conversation_id=turn.conversation_id,
                    words=turn.slot("disclosure_words") or "",
                    is_anonymous=contact == "匿名",
                    phone=contact if contact[:1].isdigit() else None,
                    key=f"m{turn.message or now.timestamp()}",
                    now=now,
                )
            except ActionError as error:
                return say(Reply(ReplyKind.asking, error.message_zh))
            said = filing.filed_reply(session, case)
        above = Reply(ReplyKind.text, "这件事直接报给乡镇（街道），不经过村委会。")
        return say(said, above, events=slots(disclosure_offer=None, disclosure_words=None))

    def ask_about(self, turn: Turn, number: int) -> Said:
        text = "您想问哪一笔、哪一项？一条说完，最多300个字。答复公开贴出来，不写您的名字。"
        return say(Reply(ReplyKind.asking, text), events=slots(awaits=turn.waiting_for(f"{ASK}{number}")))

    def asked(self, turn: Turn, number: int) -> Said:
        now = datetime.now(UTC)
        with self.services.sessions() as session:
            try:
                questions.ask(
                    session,
                    disclosure_id=number,
                    conversation_id=turn.conversation_id,
                    text=phrases.tidy(turn.text),
                    key=f"m{turn.message or now.timestamp()}-question",
                    now=now,
                )
                session.commit()
            except ActionError as error:
                return say(Reply(ReplyKind.asking, error.message_zh))
        text = f"问上去了，{questions.WORKDAYS}个工作日以内公开答复，我也在这里告诉您。不写您的名字。"
        return say(Reply(ReplyKind.text, text))


def duty_in(text: str) -> str:
    """The code of what is asked for, as duties.yml has it."""
    return next((code for code, words in _CALLED if re.search(words, text)), "finance")


def period_in(text: str, today: date) -> str:
    """2026Q3, 2026-09, 2026: as the words say; "" where they don't."""
    year = today.year - 1 if "去年" in text else today.year
    if found := _QUARTER.search(text):
        return f"{year}Q{_FIGURES[found[1]]}"
    if re.search(r"上(?:个)?季度|上一?季", text):
        return _last_quarter(today)
    if "上半年" in text:
        return f"{year}H1"
    if found := _MONTH.search(text):
        month = found[1]
        number = (
            int(month)
            if month.isdigit()
            else (10 + _FIGURES.get(month[1:], 0) if month[0] == "十" else _FIGURES[month])
        )
        return f"{year}-{number:02}"
    return f"{year}" if "去年" in text else ""


def odd(text: str) -> bool:
    return bool(phrases.odd_number_in(text))


def _last_quarter(today: date) -> str:
    """The newest that is over: of it the accounts are due now."""
    begun = periods.period_of(periods.Rhythm.quarterly, today).first
    return periods.period_of(periods.Rhythm.quarterly, begun - timedelta(days=1)).code


def _fits(item: Disclosure, codes: Sequence[str], text: str) -> bool:
    """Of what is asked for, or what the words name themselves."""
    is_plain = not re.search(_CALLED[-1][1], text) and duty_in(text) == "finance"  # 村务公开: simply the newest
    return is_plain or item.duty_code in codes


def _told(
    session: Session, village: Place, code: str, period: str, owed: Sequence[Missing], posted: Sequence[Disclosure]
) -> Reply:
    title, name = duties.title_of(code), periods.read(period).name
    lines = [f"· {name_of(item)}：{where_it_stands(item)}" for item in posted[:3]]
    has_it = any(item.period == period for item in posted)
    said = []
    if lines:
        said.append(f"{village.name}公布过的：\n" + "\n".join(lines))
    if owed:
        late = owed[0]
        said.append(
            f"{late.title}（{late.period_name}）应当在{says_day(late.due_on)}前公布，到今天还没有看到。"
            + how_often(session, village.id)
        )
    elif not has_it:
        said.append(f"{how_often(session, village.id)}{title}（{name}）我这里没有看到。")
    buttons = [] if has_it and not owed else [Button(NOT_POSTED, FILE)]
    buttons += [Button("我想问这一项", f"{ASK}{posted[0].id}")] if posted else []
    links = (page("看村务公开", village.id, "open"),)
    next_step = whom_to_tell(session, village.id) if owed else ""
    return Reply(ReplyKind.text, "\n".join(said), next=next_step, buttons=tuple(buttons), links=links)

"""A hearing that is on, and who speaks for the village elsewhere: each has a page, to which the chat leads."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from actions.deputies import service as deputies
from actions.deputies.models import Deputy
from actions.dialogue.affairs.village import ask_which, page, village_of
from actions.dialogue.frame.base import Said, Services, Turn, say
from actions.hearings import service as hearings
from actions.hearings.models import Hearing
from actions.replies import Button, Reply, ReplyKind
from knowledge.clock import SHANGHAI
from knowledge.places import Place

_HEARING = re.compile(r"听证会")
# Whatever the classifier takes them for: one on the village's own is signed up for, not applied for.
_HEARING_SEAT = re.compile(
    r"听证.{0,8}(?:报(?:个|上|一下)?了?名|名额|座位|位子|抽签|抽(?:中|上)|旁听|算我)"
    r"|(?:报(?:个|上)?名|旁听|名额|座位|抽签).{0,6}听证"
)
_HEARING_WHEN = re.compile(
    r"听证会?.{0,6}(?:哪天|几号|几点|(?:什么|啥)时候|在哪|怎么去|咋去|咋参加|怎么参加|参加|要去|想去|能去|去不了|还开)"
    r"|(?:参加|去|开|开不开|有没有|有啥|有什么).{0,6}听证会"
)
_HEARING_OF_LAW = re.compile(r"处罚|罚款|许可|征地|征收|拆迁|法院|检察|申请|程序|流程|公司|厂|价格|环评|劳动|仲裁|复议")
_DEPUTY = re.compile(r"人大代表|政协委员|村民代表|(?:找|问|见|跟|和).{0,4}代表(?!会)")
# Whatever the classifier takes it for: no intent of ours means it, and it is near to a meeting.
_WHO = r"(?:是|有|都是|都有)(?:谁|哪[个几些位])"
_WHO_SPEAKS = re.compile(
    rf"谁(?:是|来)?代表(?:我|俺|咱)们?(?:组|队|村|寨|湾|屯|户)?[？?吗呢的]*$"
    rf"|(?:我|俺|咱)们?(?:\d{{1,2}}|[一二三四五六七八九十]{{1,2}}|这)?(?:组|队|村|湾|寨|屯)?的?(?:村民|居民)?代表"
    rf"(?:{_WHO}|叫啥|叫什么)"
    rf"|(?:村民|居民|人大)代表(?:{_WHO}|名单|(?:哪天|啥时候|什么时候|几号)(?:接待|在村部|见))|政协委员{_WHO}"
)
_SHOWN, _ALL = 3, 12


def of_hearing(session: Session, village: Place, text: str, now: datetime) -> Reply | None:
    """Those to come of this village; None where no hearing is asked for, or none is on."""
    if not _HEARING.search(text):
        return None
    coming = [h for h in hearings.of_places(session, [village.id]) if h.state != "cancelled" and h.held_at >= now]
    if not coming:
        return None
    lines = [f"· {_said(one, now)}" for one in coming[:_SHOWN]]
    how = (
        "报名在下面这一页；不会用的，请网格员或者村委会代您报。"
        if any(hearings.is_open(h, now) for h in coming)
        else ""
    )
    said = "村里的听证会：\n" + "\n".join(lines) + f"\n{how}名单、座位怎么抽，页面上都有。"
    links = tuple(page(f"去看：{one.title[:12]}", village.id, f"t{one.ordinal}") for one in coming[:_SHOWN])
    return Reply(ReplyKind.text, said, links=links)


def _said(hearing: Hearing, now: datetime) -> str:
    held, until = hearing.held_at.astimezone(SHANGHAI), hearing.closes_on
    where = f"{held.month}月{held.day}日{held:%H:%M}，{hearing.spot}"
    if hearings.is_open(hearing, now):
        takes = f"{until.month}月{until.day}日前报名"
    else:
        takes = "座位抽好了，看看有没有您的号" if hearing.state == "drawn" else "报名截止了，可以来旁听"
    return f"{hearing.title}：{where}，{takes}。"


def of_deputies(session: Session, village: Place, text: str, now: datetime) -> Reply | None:
    """Who is listed, and when they receive; None where no deputy is asked for, or nobody is listed."""
    if not _DEPUTY.search(text):
        return None
    kinds = [name for name in deputies.KINDS.values() if name in text]
    rows = deputies.serving(session, village.id, now)
    rows = [row for row in rows if deputies.KINDS[row.kind] in kinds] or rows
    if not rows:
        return None
    return _told(village, rows, _SHOWN)


def heard(services: Services, turn: Turn) -> Said | None:
    """谁代表我们组: the list; 听证会咋报名: its page. None for other words, and where the village lists nobody: then
    the law's answer helps.
    """
    if _HEARING.search(turn.text) or _HEARING_SEAT.search(turn.text):
        return _to_hearing(services, turn)
    if not _WHO_SPEAKS.search(turn.text):
        return None
    with services.sessions() as session:
        village = village_of(session, turn)
        rows = deputies.serving(session, village.id, datetime.now(UTC)) if village else []
        return say(_told(village, rows, _ALL)) if village and rows else None


def _to_hearing(services: Services, turn: Turn) -> Said | None:
    """Those to come; who would sign up where none is on hears where it will be told. None for what the law says."""
    seat = _HEARING_SEAT.search(turn.text)
    if not seat and (_HEARING_OF_LAW.search(turn.text) or not _HEARING_WHEN.search(turn.text)):
        return None
    with services.sessions() as session:
        village = village_of(session, turn)
        if village is None:
            return ask_which(services, turn) if seat else None
        if (told := of_hearing(session, village, "听证会", datetime.now(UTC))) is not None:
            return say(told)
        if not seat:
            return None
        text = (
            f"{village.name}现在没有要开的听证会。要开的话，至少提前七天通知，贴在村部，也写在村里的页面上，"
            "在那里报名。"
            "您有想请村里听听大家意见的事，可以先提成议题。"
        )
        asks = (Button("我想提个议题", "我想提个议题"), Button("看现在商量什么", "议事"))
        return say(Reply(ReplyKind.text, text, buttons=asks, links=(page("看村里的听证", village.id, "hearings"),)))


def _told(village: Place, rows: Sequence[Deputy], most: int) -> Reply:
    lines = [f"· {_of(row)}：{row.reception}{f'，电话 {row.phone}' if row.phone else ''}" for row in rows[:most]]
    more = f"\n一共{len(rows)}位，都在下面这一页。" if len(rows) > most else ""
    said = (
        "可以在接待日当面说：\n"
        + "\n".join(lines)
        + f"{more}\n也可以在下面这一页上问，15个工作日里答复，不写是谁问的。"
    )
    return Reply(ReplyKind.text, said, links=(page("问一问代表", village.id, "deputies"),))


def _of(row: Deputy) -> str:
    group = f"{row.group_name} " if row.group_name else ""
    return f"{group}{row.name}（{deputies.KINDS[row.kind]}）"

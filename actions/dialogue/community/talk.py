"""A hearing that is on, and who speaks for the village elsewhere: each has a page, to which the chat leads."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from actions.deputies import service as deputies
from actions.deputies.models import Deputy
from actions.dialogue.affairs.village import page, village_of
from actions.dialogue.frame.base import Said, Services, Turn, say
from actions.hearings import service as hearings
from actions.hearings.models import Hearing
from actions.replies import Reply, ReplyKind
from knowledge.clock import SHANGHAI
from knowledge.places import Place

_HEARING = re.compile(r"听证会")
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
    said = (
        "村里的听证会：\n"
        + "\n".join(lines)
        + "\n报名、名单、座位怎么抽，都在下面这一页；不会用的，请网格员或者村委会代您报。"
    )
    links = tuple(page(f"去看：{one.title[:12]}", village.id, f"t{one.ordinal}") for one in coming[:_SHOWN])
    return Reply(ReplyKind.text, said, links=links)


def _said(hearing: Hearing, now: datetime) -> str:
    held, until = hearing.held_at.astimezone(SHANGHAI), hearing.closes_on
    where = f"{held.month}月{held.day}日{held:%H:%M}，{hearing.spot}"
    takes = f"{until.month}月{until.day}日前报名" if hearings.is_open(hearing, now) else "报名截止了，可以来旁听"
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
    """谁代表我们组: the list. None for other words, and where the village lists nobody: then the law's answer helps."""
    if not _WHO_SPEAKS.search(turn.text):
        return None
    with services.sessions() as session:
        village = village_of(session, turn)
        rows = deputies.serving(session, village.id, datetime.now(UTC)) if village else []
        return say(_told(village, rows, _ALL)) if village and rows else None


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

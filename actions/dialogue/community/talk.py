"""A hearing that is on, and who speaks for the village elsewhere: each has a page, to which the chat leads."""

import re
from datetime import datetime

from sqlalchemy.orm import Session

from actions.deputies import service as deputies
from actions.dialogue.affairs.village import page
from actions.hearings import service as hearings
from actions.hearings.models import Hearing
from actions.replies import Reply, ReplyKind
from knowledge.clock import SHANGHAI
from knowledge.places import Place

_HEARING = re.compile(r"听证会")
_DEPUTY = re.compile(r"人大代表|政协委员|村民代表|(?:找|问|见|跟|和).{0,4}代表(?!会)")
_SHOWN = 3


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
    lines = [f"· {row.name}（{deputies.KINDS[row.kind]}）：{row.reception}" for row in rows[:_SHOWN]]
    more = f"\n一共{len(rows)}位，都在下面这一页。" if len(rows) > _SHOWN else ""
    said = (
        "可以在接待日当面说：\n"
        + "\n".join(lines)
        + f"{more}\n也可以在下面这一页上问，15个工作日里答复，不写是谁问的。"
    )
    return Reply(ReplyKind.text, said, links=(page("问一问代表", village.id, "deputies"),))

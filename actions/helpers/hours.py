"""Time that helpers gave, and the sheet that certifies it free of charge when they ask (慈善法 66; who isn't registered
with a charity gets it all the same).
"""

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotFound
from actions.helpers.models import Helper, HelperHours
from actions.helpers.roster import day_of
from actions.storable import row_of, storable

MOST_MINUTES = 16 * 60  # a day
_BACK = timedelta(days=366)


def add(
    session: Session, helper: Helper, *, on: date, minutes: int, what: str, by: str, key: str, now: datetime
) -> HelperHours:
    """Once a key. Raises InvalidInput, also where a day would have more than 16 hours; the caller commits."""
    what = storable(what).strip()
    if not 2 <= len(what) <= 100:
        raise InvalidInput("做了什么，请写 2 到 100 个字。不写找他帮忙的人是谁。")
    if not 5 <= minutes <= MOST_MINUTES:
        raise InvalidInput("时间写 5 分钟到 16 小时。")
    if not day_of(now) - _BACK <= on <= day_of(now):
        raise InvalidInput("日子写这一年里的，不能是以后。")
    if found := session.scalar(select(HelperHours).where(HelperHours.key == key[:120])):
        return found
    if minutes + total(session, helper, first=on, last=on) > MOST_MINUTES:
        raise InvalidInput("这一天记的已经超过 16 小时了，请核对。")
    row = HelperHours(helper_id=helper.id, key=key[:120], on=on, minutes=minutes, what=what, by=by[:40], at=now)
    return _kept(session, row)


def take_back(session: Session, number: int, *, by: str, now: datetime) -> HelperHours:
    """By a row of its own: what was written stays. Raises NotFound, InvalidInput; the caller commits."""
    row = row_of(session, HelperHours, number)
    if row is None:
        raise NotFound("没有找到这一条。")
    if row.undoes_id is not None:
        raise InvalidInput("这一条本身就是冲掉别的，不能再冲。")
    undone = HelperHours(helper_id=row.helper_id, key=f"undo-{row.id}", on=row.on, minutes=-row.minutes, by=by[:40])
    undone.what, undone.undoes_id, undone.at = f"记错了，冲掉：{row.what}"[:100], row.id, now
    return _kept(session, undone)


def total(session: Session, helper: Helper, *, first: date | None = None, last: date | None = None) -> int:
    """Minutes."""
    asked = select(func.coalesce(func.sum(HelperHours.minutes), 0)).where(HelperHours.helper_id == helper.id)
    if first is not None:
        asked = asked.where(HelperHours.on >= first)
    if last is not None:
        asked = asked.where(HelperHours.on <= last)
    return int(session.scalar(asked) or 0)


def of_helper(session: Session, helper: Helper) -> list[HelperHours]:
    """Newest first."""
    own = select(HelperHours).where(HelperHours.helper_id == helper.id)
    return list(session.scalars(own.order_by(HelperHours.on.desc(), HelperHours.id.desc()).limit(500)))


def said(minutes: int) -> str:
    """3小时30分."""
    sign, minutes = ("-" if minutes < 0 else ""), abs(minutes)
    hours, rest = divmod(minutes, 60)
    return f"{sign}{hours}小时{f'{rest}分' if rest else ''}" if hours else f"{sign}{rest}分"


def _kept(session: Session, row: HelperHours) -> HelperHours:
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise Conflict("这一条刚刚记过了，请刷新后再看。") from None
    return row

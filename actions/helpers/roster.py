"""The roster of helpers: who agreed to be asked, what of them is shown, until when (个人信息保护法 13, 14, 15)."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput, NotFound
from actions.helpers import kinds
from actions.helpers.models import Helper
from actions.storable import row_of, storable
from knowledge.clock import SHANGHAI
from knowledge.places import above, below
from knowledge.tables import changed

LASTS = timedelta(days=365)
WARNED_BEFORE = timedelta(days=30)
SHOWABLE = {"hours": "什么时候方便", "dialects": "会说的话", "organisation": "所在单位", "phone": "电话"}
_PHONE = re.compile(r"\+?[0-9][0-9-]{5,18}[0-9]")
CONSENTS = {"paper": "签了同意书", "link": "在手机上点的同意"}


@dataclass(frozen=True)
class Entry:
    """What stands of somebody in the roster, as a form or a table gives it."""

    name: str
    called: str
    phone: str
    organisation: str
    kinds: Sequence[str]
    subjects: Sequence[str]
    hours: str
    dialects: str
    public: Sequence[str]
    villages: Sequence[str]
    left_office_on: date | None = None


def read(session: Session, place: str, entry: Entry, *, today: date) -> dict[str, object]:
    """Columns of `helper`. Raises InvalidInput with a sentence for the clerk."""
    name, called = storable(entry.name).strip(), storable(entry.called).strip()
    if not 2 <= len(name) <= 40:
        raise InvalidInput("姓名写 2 到 40 个字。")
    phone = storable(entry.phone).strip()
    if phone and not _PHONE.fullmatch(phone):
        raise InvalidInput("电话不对，请核对一下；没有就空着。")
    if "phone" in entry.public and not phone:
        raise InvalidInput("要公开电话，请先写上电话。")
    known = kinds.read_kinds(entry.kinds)
    if any(kinds.KINDS[code].left_office for code in known) and entry.left_office_on is None:
        raise InvalidInput(
            "退休法官、检察官要写哪天离任：两年以内不能当律师出庭（法官法第三十六条、检察官法第三十七条）。"
        )
    if entry.left_office_on is not None and entry.left_office_on > today:
        raise InvalidInput("离任的日子还没到。还在职的，请用单位的安排，不放进这个名册。")
    inside = set(below(session, place))
    if any(village not in inside for village in entry.villages):
        raise InvalidInput("选的村不在您管的地方。")
    return {
        "name": name,
        "called": called[:40] or f"{name[0]}老师",
        "phone": phone[:30],
        "organisation": storable(entry.organisation).strip()[:60],
        "kinds": known,
        "subjects": [code for code in kinds.SUBJECTS if code in set(entry.subjects)],
        "hours": storable(entry.hours).strip()[:60],
        "dialects": storable(entry.dialects).strip()[:40],
        "public": [field for field in SHOWABLE if field in set(entry.public)],
        "villages": sorted(set(entry.villages)),
        "left_office_on": entry.left_office_on,
    }


def add(session: Session, place: str, entry: Entry, *, now: datetime) -> Helper:
    """Not yet shown to anybody: the consent comes first. Raises InvalidInput, Conflict; the caller commits."""
    values = read(session, place, entry, today=day_of(now))
    if same := twin(session, place, str(values["name"]), str(values["phone"])):
        raise Conflict(f"{same.name}已经在名册里了。")
    helper = Helper(place_id=place, at=now, **values)
    session.add(helper)
    session.flush()
    return helper


def change(session: Session, helper: Helper, entry: Entry, *, now: datetime) -> bool:
    """Whether anything changed. What is shown more than was agreed to needs a consent anew (个人信息保护法 14)."""
    values = read(session, helper.place_id, entry, today=day_of(now))
    if helper.withdrawn_at is not None:
        raise InvalidInput("本人已经退出了，不能再改。愿意回来的，请重新加一次。")
    before = {name: getattr(helper, name) for name in values}
    if before == values:
        return False
    for name, value in values.items():
        setattr(helper, name, value)
    if set(helper.public) - set(before["public"]) or set(helper.kinds) - set(before["kinds"]):
        helper.consent_on = helper.ends_on = helper.warned_on = None
        helper.consent_how = helper.consent_by = ""
    session.flush()
    return True


def twin(session: Session, place: str, name: str, phone: str) -> Helper | None:
    same = (Helper.place_id == place, Helper.name == name, Helper.phone == phone, Helper.withdrawn_at.is_(None))
    return session.scalar(select(Helper).where(*same).limit(1))


def consent(session: Session, helper: Helper, *, how: str, on: date, by: str = "", now: datetime) -> None:
    """From this day on for a year. `by`: who of the staff holds the signed paper. Raises InvalidInput."""
    if how not in CONSENTS:
        raise InvalidInput("请写明是签了同意书，还是本人在手机上点的。")
    if helper.withdrawn_at is not None:
        raise InvalidInput("本人已经退出了。愿意回来的，请重新加一次。")
    if not day_of(now) - timedelta(days=60) <= on <= day_of(now):
        raise InvalidInput("同意的日子写签字那天，两个月以内，不能是以后。")
    helper.consent_on, helper.consent_how, helper.consent_by = on, how, by[:40]
    helper.ends_on, helper.warned_on = on + LASTS, None
    session.flush()


def withdraw(session: Session, helper: Helper, *, now: datetime) -> bool:
    """At once, and nothing of how to reach them is kept (个人信息保护法 15, 47). False where they had gone before.
    What they were working on goes back to the residents (`referrals.release`). The caller commits.
    """
    still = update(Helper).where(Helper.id == helper.id, Helper.withdrawn_at.is_(None))
    gone = {"withdrawn_at": now, "phone": "", "organisation": "", "hours": "", "dialects": "", "public": []}
    is_new = changed(session, still.values(**gone), synchronize=False) > 0
    session.refresh(helper)
    return is_new


def get(session: Session, number: int) -> Helper:
    """Raises NotFound."""
    found = row_of(session, Helper, number)
    if found is None:
        raise NotFound("没有找到这位帮手。")
    return found


def is_shown(helper: Helper, today: date) -> bool:
    ends = helper.ends_on
    return helper.consent_on is not None and helper.withdrawn_at is None and ends is not None and today <= ends


def serving(session: Session, village: str, today: date) -> list[Helper]:
    """Who agreed and may be found from this village: its own first, then the township's and the county's."""
    here = above(session, village)
    rows = session.scalars(select(Helper).where(Helper.place_id.in_(here), *_agreed(today)).order_by(Helper.id))
    found = [helper for helper in rows if not helper.villages or village in helper.villages]
    return sorted(found, key=lambda helper: here.index(helper.place_id))


def public(session: Session, village: str, number: int, today: date) -> Helper:
    """Raises NotFound, also for who doesn't serve this village or hasn't agreed."""
    found = next((helper for helper in serving(session, village, today) if helper.id == number), None)
    if found is None:
        raise NotFound("没有找到这位帮手，可能已经退出了。请从“找人”里点进去。")
    return found


def fitting(
    session: Session, village: str, *, wish: str, subjects: Sequence[str], but: Collection[int], today: date
) -> list[Helper]:
    """Who may be asked for it, whoever knows the subject first."""
    found = [
        helper
        for helper in serving(session, village, today)
        if helper.id not in but and kinds.may(helper.kinds, wish, left_office_on=helper.left_office_on, today=today)
    ]
    return sorted(found, key=lambda helper: -len(set(subjects) & set(helper.subjects)))


def of_places(session: Session, places: Collection[str]) -> list[Helper]:
    """For staff: all that didn't withdraw."""
    own = (Helper.place_id.in_(places), Helper.withdrawn_at.is_(None))
    return list(session.scalars(select(Helper).where(*own).order_by(Helper.place_id, Helper.id)))


def day_of(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()


def _agreed(today: date) -> tuple[ColumnElement[bool], ...]:
    until = and_(Helper.ends_on.is_not(None), Helper.ends_on >= today)
    return (Helper.consent_on.is_not(None), Helper.withdrawn_at.is_(None), until)

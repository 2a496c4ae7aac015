"""找人 as the console lists it, and what of it waits for whom."""

from datetime import UTC, datetime

from fastapi import APIRouter
from sqlalchemy import select

from actions.helpers import words
from actions.helpers.models import Helper
from actions.visits import visits
from bot.staff.models import Role
from bot.web.affairs.people import helper, importing, listing, referral, rounds
from bot.web.affairs.people import visits as visit_pages
from bot.web.affairs.people.desk import AT, may_work, places_of
from bot.web.affairs.subject import Subject, Todo
from bot.web.affairs.where import villages_of
from bot.web.staff.desk import Seat

router = APIRouter()
for _each in (listing, importing, rounds, referral, helper, visit_pages):
    router.include_router(_each.router)

_MOST = 30


def waiting(at: Seat) -> list[Todo]:
    villages, now = {village.id: village.name for village in villages_of(at)}, datetime.now(UTC)
    found: list[Todo] = []
    if may_work(at):
        found += _to_pass_on(at, villages, now)
    if at.staff.can("write"):
        found += _consents(at)
    if at.staff.role is Role.supervisor:
        found += _late_visits(at, villages, now)
    return found[:_MOST]


def _to_pass_on(at: Seat, villages: dict[str, str], now: datetime) -> list[Todo]:
    return [
        Todo(
            f"{villages[one.place_id]}：有人找{one.helper.called if one.helper else '帮手'}，请把链接发给他",
            f"{AT}/referrals/{one.id}",
            f"{words.says_day(one.due_at)}前回话" if one.due_at else "",
            one.due_at is not None and one.due_at < now,
        )
        for one in listing.without_link(at, list(villages))
    ]


def _consents(at: Seat) -> list[Todo]:
    places = places_of(at)
    found = [
        Todo(f"帮手{one.called}的同意到{words.says_day(one.ends_on)}为止，请问他还当不当", f"{AT}/{one.id}")
        for one in listing.ending(at, places)
        if one.ends_on
    ]
    bare = select(Helper).where(Helper.place_id.in_(places), Helper.consent_on.is_(None), Helper.withdrawn_at.is_(None))
    waits = at.session.scalars(bare.order_by(Helper.id).limit(_MOST)).all()
    if len(waits) > 2:
        return [*found, Todo(f"{len(waits)} 位帮手还没有签同意书，居民找不到他们", AT)]
    return found + [Todo(f"帮手{one.called}还没有签同意书，居民找不到他", f"{AT}/{one.id}") for one in waits]


def _late_visits(at: Seat, villages: dict[str, str], now: datetime) -> list[Todo]:
    return [
        Todo(f"{villages[visit.place_id]}：网格员一天内没有回话，请催", f"/staff/cases/{case.id}", "过了日子", True)
        for visit, case in visits.open_ones(at.session, list(villages))
        if visit.replied_at is None and visit.reply_by < now
    ]


PEOPLE = Subject(
    name="找人",
    href=AT,
    hint="愿意帮忙的人：同意书、公开什么、志愿时间；居民找谁、回话没有；网格员分工",
    needs="village",
    waiting=waiting,
    router=router,
)

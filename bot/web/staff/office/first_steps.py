"""What an administrator of a new house still has to do, each thing told from the data. The list goes when all is done,
or when they put it away.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.calendar.models import OfficeHours
from actions.offices.models import Team
from bot.settings import Settings
from bot.sites.models import Site
from bot.staff import rights
from bot.staff.models import Role, Staff
from bot.web.staff.desk import Form, Seat, form
from knowledge.evaluation.models import GoldenRun
from knowledge.places import Place, above, villages_in

_ANSWER = frozenset({Role.agent, Role.mediator, Role.supervisor})

router = APIRouter(prefix="/staff/dashboard")


@dataclass(frozen=True)
class Step:
    """`hint`: what is missing, or how to do it; `href`: where; "" for what is done at the server."""

    name: str
    is_done: bool
    hint: str
    href: str


@router.post("/first-steps")
def put_away(at: Annotated[Form, form("accounts")]) -> Response:
    """`do`: hide, or show again."""
    at.staff.hides_first_steps = at.text("do", 6) == "hide"
    at.session.commit()
    return at.back("/staff/dashboard")


def steps(at: Seat) -> list[Step]:
    """None for who isn't an administrator, and none when all is done."""
    if at.staff.role is not Role.administrator:
        return []
    seen = rights.places_of(at.session, at.staff)
    people = [
        each
        for each in at.session.scalars(select(Staff).where(Staff.is_active, Staff.is_demo.is_(False)))
        if seen is None or each.place_id in seen
    ]
    found = [_passwords(people), _places(at), _people(at, people), _hours(at), _golden(at.session)]
    if seen is None:  # what holds for every place is theirs alone
        found += [_doors(at), _backup(at.desk.settings)]
    return [] if all(step.is_done for step in found) else found


def _passwords(people: list[Staff]) -> Step:
    initial = sum(each.must_change for each in people)
    hint = f"还有 {initial} 个账号在用初始密码，第一次登录时会请他们改。" if initial else "没有账号还在用初始密码。"
    return Step("改掉初始密码", not initial, hint, "/staff/people")


def _places(at: Seat) -> Step:
    """Residents are sent to a unit near them, and hear its telephone."""
    reached = set(at.session.scalars(select(Team.place_id).where(Team.phone.is_not(None), Team.phone != "")))
    top = at.session.get_one(Place, at.staff.place_id)
    lacking = [village.name for village in villages_in(at.session, top.id) if village.id not in reached]
    some = "、".join(lacking[:3]) + ("等" if len(lacking) > 3 else "")
    hint = f"{some} {len(lacking)} 个村居还没有带电话的单位。" if lacking else "每个村居都有单位和电话。"
    return Step("把村居、单位和电话填好", not lacking, hint, "/staff/import/committees")


def _people(at: Seat, people: list[Staff]) -> Step:
    others = {each.role for each in people if each.id != at.staff.id}
    missing = list(_missing(others))
    hint = f"还没有{'，也没有'.join(missing)}。" if missing else "接话的人和法律工作者都有了。"
    return Step("请同事和法律工作者进来", not missing, hint, "/staff/people")


def _missing(roles: set[Role]) -> Iterator[str]:
    if not roles & _ANSWER:
        yield "接居民话的同事（坐席、调解员或主管）"
    if Role.legal_worker not in roles:
        yield "法律工作者"


def _hours(at: Seat) -> Step:
    """Of the own place or of one above it; who works everywhere has set one anywhere."""
    known = set(at.session.scalars(select(OfficeHours.place_id)))
    here = (
        known if rights.places_of(at.session, at.staff) is None else known & set(above(at.session, at.staff.place_id))
    )
    hint = "定好了，没人时居民会读到什么时候有人。" if here else "现在按周一到周五 8:30 到 17:30 算，没有午休。"
    return Step("定上班时间", bool(here), hint, "/staff/hours")


def _golden(session: Session) -> Step:
    asked = session.scalar(select(func.count()).select_from(GoldenRun).where(GoldenRun.reason == "person")) or 0
    hint = f"问过 {asked} 次。" if asked else "拿检查问题问一遍，看看答得对不对。"
    return Step("问一遍检查问题", bool(asked), hint, "/staff/knowledge/golden")


def _doors(at: Seat) -> Step:
    settings = at.desk.settings
    has_site = bool(settings.origins) or at.session.scalar(select(Site.origin).limit(1)) is not None
    is_open = has_site or settings.wechat_accounts is not None
    hint = "放上网站或者接上公众号了。" if is_open else "登记网站、抄一行代码，或者照 docs/wechat.zh-CN.md 接公众号。"
    return Step("放到网站或公众号", is_open, hint, "/staff/sites")


def _backup(settings: Settings) -> Step:
    try:
        was_made = bool(json.loads(settings.backup_note.read_text(encoding="utf-8")).get("done_at"))
    except (OSError, ValueError):
        was_made = False
    is_set = settings.backup_dir is not None or was_made
    hint = (
        "备份开着，或者做过了。"
        if is_set
        else "在服务器上设 LINLI_BACKUP_DIR，后台每天备份，见 docs/operations.zh-CN.md。"
    )
    return Step("设好备份", is_set, hint, "")

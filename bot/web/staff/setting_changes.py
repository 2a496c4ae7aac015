"""What a form of the settings changes, one function a kind of setting."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions.calendar.models import CalendarDay
from actions.calendar.workdays import Unit
from actions.cases.units import CALLED_UNIT
from actions.errors import InvalidInput, NotAllowed, NotFound
from actions.imports.tables import is_phone
from actions.offices.models import GridWorker, HandoffRule, RoutingRule, Team, TimeLimit
from actions.offices.routing import DISCLOSURE
from bot.conversations.models import CannedReply
from bot.staff import rights
from bot.web.staff.desk import Form
from knowledge.documents.topics import TOPICS
from knowledge.places import Place


def carry_out(at: Form, what: str) -> None:
    """Done in the session; the caller commits. Raises InvalidInput, NotAllowed, NotFound."""
    if at.text("do") == "delete":
        DELETES.get(what, _cannot_delete)(at)
    elif what in SAVES:
        SAVES[what](at)
    else:
        raise NotFound


def rules_in_order(session: Session) -> list[RoutingRule]:
    return list(session.scalars(select(RoutingRule).order_by(RoutingRule.position, RoutingRule.id)))


def _save_team(at: Form) -> None:
    """A new unit, or with an id another name and phone for one: cases keep pointing to it."""
    name, phone, is_fallback = at.text("name", 60), at.text("phone", 30) or None, bool(at.text("is_fallback"))
    if not name:
        raise InvalidInput("请写单位名称。")
    number = at.number("id")
    if at.session.scalar(select(Team.id).where(Team.name == name, Team.id != (number or 0))):
        raise InvalidInput("已经有这个单位了。")
    if number is None:
        place = _check_place(at, at.text("place", 40))
        at.session.add(Team(name=name, place_id=place, phone=phone, is_fallback=is_fallback))
        return
    team = at.session.get(Team, number)
    if team is None:
        raise InvalidInput("没有这个单位。")
    rights.check_place(at.session, at.staff, team.place_id)
    team.name, team.phone, team.is_fallback = name, phone, is_fallback


def _rule(at: Form) -> None:
    if at.text("do") in ("up", "down"):
        _move_rule(at)
    else:
        _save_rule(at)


def _save_rule(at: Form) -> None:
    number, place = at.number("id"), at.text("place", 40) or None
    rule = RoutingRule() if number is None else _own_rule(at, number)
    team = at.session.get(Team, at.number("team") or 0)
    if team is None:
        raise InvalidInput("请选择单位。")
    if place:
        _check_place(at, place)
    _check_reach(at, place)
    rule.position = at.number("position") or 100
    rule.category = _category(at, "", DISCLOSURE) or None
    rule.place_id = place
    rule.keyword = at.text("keyword", 40) or None
    rule.team_id = team.id
    at.session.add(rule)


def _move_rule(at: Form) -> None:
    """One step up or down; the positions are counted anew, so that two rules never stand at the same one."""
    rule = _own_rule(at, at.number("id") or 0)
    rules = rules_in_order(at.session)
    here = rules.index(rule)
    there = here - 1 if at.text("do") == "up" else here + 1
    if 0 <= there < len(rules):
        _check_reach(at, rules[there].place_id)  # it comes later, or earlier, by this
        rules[here], rules[there] = rules[there], rules[here]
    for position, each in enumerate(rules, 1):
        each.position = 10 * position


def _save_limit(at: Form) -> None:
    unit, amount, green = at.text("unit", 10), at.number("amount") or 0, at.number("green_amount") or 0
    if unit not in set(Unit) or not 1 <= green <= amount <= 1000:
        raise InvalidInput("时限请填 1 到 1000，优先办理的不能比普通的长。")
    _check_reach(at, None)
    category = _category(at, "*", CALLED_UNIT, DISCLOSURE) or "*"
    at.session.merge(TimeLimit(category=category, amount=amount, unit=unit, green_amount=green))


def _save_grid_worker(at: Form) -> None:
    place = _check_place(at, at.text("place", 40))
    name, phone = at.text("name", 40), at.text("phone", 30)
    if not name or not is_phone(phone):
        raise InvalidInput("请写姓名和电话。")
    worker = {"place_id": place, "area": at.text("area", 60) or "全村", "name": name}
    if at.session.scalar(select(GridWorker.id).filter_by(**worker)):
        raise InvalidInput("这个片区已经有这个人了。")
    at.session.add(GridWorker(**worker, phone=phone))


def _save_handoff(at: Form) -> None:
    keyword, place = at.text("keyword", 40), at.text("place", 40)
    if len(keyword) < 2:
        raise InvalidInput("请写两个字以上的词。")
    if place:
        _check_place(at, place)
    elif rights.places_of(at.session, at.staff) is not None:
        raise InvalidInput("请选择您负责的地方。")
    at.session.add(HandoffRule(keyword=keyword, place_id=place or None))


def _save_day(at: Form) -> None:
    _check_reach(at, None)
    at.session.merge(CalendarDay(day=_day(at), is_workday=at.text("is_workday") == "1"))


def _save_reply(at: Form) -> None:
    text = at.text("text", 301)
    if not text or len(text) > 300:
        raise InvalidInput("常用回复请写 1 到 300 个字。")
    _check_reach(at, None)
    if at.session.scalar(select(CannedReply.id).where(CannedReply.text == text)):
        raise InvalidInput("已经有这一句了。")
    at.session.add(CannedReply(text=text, position=at.number("position") or 100))


def _delete_rule(at: Form) -> None:
    at.session.delete(_own_rule(at, at.number("id") or 0))


def _delete_grid_worker(at: Form) -> None:
    _delete_placed(at, at.session.get(GridWorker, at.number("id") or 0))


def _delete_handoff(at: Form) -> None:
    _delete_placed(at, at.session.get(HandoffRule, at.number("id") or 0))


def _delete_placed(at: Form, row: GridWorker | HandoffRule | None) -> None:
    if row is None:
        return
    if row.place_id is None and rights.places_of(at.session, at.staff) is not None:
        raise NotAllowed("管所有地方的规则，由负责全县的人来删。")
    rights.check_place(at.session, at.staff, row.place_id)
    at.session.delete(row)


def _delete_day(at: Form) -> None:
    _check_reach(at, None)
    at.session.execute(delete(CalendarDay).where(CalendarDay.day == _day(at)))


def _delete_reply(at: Form) -> None:
    _check_reach(at, None)
    at.session.execute(delete(CannedReply).where(CannedReply.id == (at.number("id") or 0)))


def _cannot_delete(_: Form) -> None:
    raise InvalidInput("这一项不能删，只能改。")


SAVES: dict[str, Callable[[Form], None]] = {
    "team": _save_team,
    "rule": _rule,
    "limit": _save_limit,
    "grid": _save_grid_worker,
    "handoff": _save_handoff,
    "day": _save_day,
    "reply": _save_reply,
}
DELETES: dict[str, Callable[[Form], None]] = {
    "rule": _delete_rule,
    "grid": _delete_grid_worker,
    "handoff": _delete_handoff,
    "day": _delete_day,
    "reply": _delete_reply,
}


def _own_rule(at: Form, number: int) -> RoutingRule:
    """Raises InvalidInput, NotAllowed. A rule for any place is everybody's: only who works everywhere changes it."""
    rule = at.session.get(RoutingRule, number)
    if rule is None:
        raise InvalidInput("没有这条规则，可能刚刚有人删了。")
    _check_reach(at, rule.place_id)
    return rule


def _check_reach(at: Form, place: str | None) -> None:
    if not place and rights.places_of(at.session, at.staff) is not None:
        raise NotAllowed("对所有地方都算数的设置，要由负责所有地方的人来定；您的规则请选一个地方。")
    rights.check_place(at.session, at.staff, place)


def _check_place(at: Form, place: str) -> str:
    """The same place. Raises InvalidInput, NotAllowed."""
    if at.session.get(Place, place) is None:
        raise InvalidInput("没有这个地方。")
    rights.check_place(at.session, at.staff, place)
    return place


def _category(at: Form, *others: str) -> str:
    """One that a case may have, or one of `others`: what is misspelt would never be met. Raises InvalidInput."""
    category = at.text("category", 20)
    if category and category not in (*TOPICS, *others):
        raise InvalidInput(f"没有“{category}”这个类别，请从单子里选。")
    return category


def _day(at: Form) -> date:
    try:
        return date.fromisoformat(at.text("day", 10))
    except ValueError:
        raise InvalidInput("请填日期。") from None

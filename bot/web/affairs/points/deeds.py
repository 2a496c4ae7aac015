"""What is done on the pages of 积分: each deed once, audited, and told to the household it is about."""

from collections.abc import Callable
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.points import claims, disputes, ledger, own, schemes, stars, vouchers
from actions.points.models import PointDispute, RuleKind, StarObjection, Voucher
from actions.points.status import ClaimState, DisputeState, StarState
from actions.replies import Button
from actions.storable import row_of
from bot.staff import rights
from bot.staff.models import Role
from bot.web.affairs.points.counter import counter_page
from bot.web.affairs.points.home import home_page, household_page
from bot.web.affairs.points.page import AT, oversees, reviews, tell, who, writes
from bot.web.affairs.points.rules import rules_page
from bot.web.affairs.where import village_asked
from bot.web.staff.desk import Form, form
from knowledge.places import Place

router = APIRouter(prefix=AT)
Deed = Callable[[Form, Place, datetime], str]  # what the audit keeps of it


@router.post("/{what}")
def change(at: Annotated[Form, form("village")], what: str) -> Response:
    village = village_asked(at, at.text("place", 40))
    found = _DEEDS.get(what)
    if found is None:
        raise NotFound
    deed, page = found
    try:
        detail = deed(at, village, datetime.now(UTC))
        at.record(f"积分：{what}", village.id, detail=detail[:200])
        at.session.commit()
    except ActionError as error:
        if what in ("spend", "hand-out") and isinstance(error, InvalidInput):
            at.session.commit()  # wrong tries count
        at.session.rollback()
        if isinstance(error, NotFound):
            raise
        if isinstance(error, NotAllowed) and not (at.staff.can("write") or at.staff.can("oversee")):
            raise
        return _again(at, village_asked(at, village.id), page, error.message_zh)
    code = f"&code={at.text('house', 20)}" if page == "household" else ""
    if what in ("spend", "hand-out"):
        code = f"&voucher={detail.split()[0]}"
    path = "" if page == "home" else f"/{page}"
    return at.back(f"{AT}{path}?place={village.id}{code}&done={what}")


def _again(at: Form, village: Place, page: str, problem: str) -> HTMLResponse:
    if page == "household":
        return household_page(at, village, at.text("house", 20), problem=problem)
    pages = {"home": home_page, "rules": rules_page, "counter": counter_page}
    return pages[page](at, village, problem=problem)


def _rule(at: Form, village: Place, now: datetime) -> str:
    writes(at)
    kind = RuleKind.star if at.text("kind", 10) == "star" else RuleKind.points
    rule = schemes.add_rule(
        at.session,
        village.id,
        kind=kind,
        title=at.text("title", 60),
        points=at.number("points"),
        cap=at.number("cap"),
        evidence=at.text("evidence", 120),
        by=who(at),
        now=now,
    )
    return f"{rule.title} {rule.points}"


def _drop_rule(at: Form, village: Place, now: datetime) -> str:
    writes(at)
    schemes.drop_rule(at.session, village.id, at.number("rule") or 0, by=who(at))
    return str(at.number("rule"))


def _adopt(at: Form, village: Place, now: datetime) -> str:
    scheme = schemes.get(at.session, at.number("scheme") or 0)
    if scheme.place_id != village.id:
        raise NotFound
    rights.check_second(at.session, at.staff, village.id, scheme.by_id)
    schemes.adopt(
        at.session, scheme.id, edition=at.number("edition"), decision_id=at.number("decision"), by=who(at), now=now
    )
    return f"第{scheme.version}版"


def _stop(at: Form, village: Place, now: datetime) -> str:
    reviews(at)
    schemes.stop(at.session, village.id, why=at.text("why", 200))
    return at.text("why", 200)


def _confirm(at: Form, village: Place, now: datetime) -> str:
    reviews(at)
    made = claims.get(at.session, at.number("claim") or 0)
    _check_here(made.place_id, village)
    is_no_kin, does_oversee = at.text("no_kin", 1) == "1", at.staff.can("oversee")
    made = claims.confirm(at.session, made.id, is_no_kin=is_no_kin, oversees=does_oversee, by=who(at), now=now)
    if made.state is ClaimState.confirmed:
        total = ledger.standing(at.session, made.household_id, now).balance
        said = f"“{made.rule.title}”确认了，分加上了，您家现在一共{total}分。"
        tell(
            at, made.conversation_id, said, key=f"point-claim-{made.id}", buttons=(Button("我家多少分", "我家多少分"),)
        )
    return f"{made.id} {made.state.value}"


def _decline(at: Form, village: Place, now: datetime) -> str:
    reviews(at)
    made = claims.get(at.session, at.number("claim") or 0)
    _check_here(made.place_id, village)
    made = claims.decline(at.session, made.id, why=at.text("why", 200), by=who(at), now=now)
    said = f"您报的“{made.rule.title}”这次没有加分：{made.why}。觉得不对，可以说。"
    buttons = (Button("少记了，我要说", "积分少记了"),)
    tell(at, made.conversation_id, said, key=f"point-claim-{made.id}", buttons=buttons)
    return str(made.id)


def _reverse(at: Form, village: Place, now: datetime) -> str:
    reviews(at)
    entry = ledger.get(at.session, at.number("entry") or 0)
    _check_here(entry.place_id, village)
    back = ledger.reverse(at.session, entry.id, why=at.text("why", 200), by=who(at), now=now)
    made = claims.get(at.session, entry.claim_id) if entry.claim_id else None
    said = f"“{entry.title}”加错了，冲回{-back.amount}分：{back.why}。觉得不对，可以说。"
    if made is not None:
        tell(at, made.conversation_id, said, key=f"point-back-{entry.id}", buttons=(Button("我要说", "积分少记了"),))
    return f"{entry.id} {back.amount}"


def _item(at: Form, village: Place, now: datetime) -> str:
    writes(at)
    item = vouchers.put_item(
        at.session, village.id, title=at.text("title", 40), cost=at.number("cost"), stock=at.number("stock")
    )
    return f"{item.title} {item.cost} {item.stock}"


def _item_away(at: Form, village: Place, now: datetime) -> str:
    writes(at)
    vouchers.take_away(at.session, village.id, at.number("item") or 0)
    return str(at.number("item"))


def _spend(at: Form, village: Place, now: datetime) -> str:
    writes(at)
    found = vouchers.spend(at.session, village.id, at.text("code", 40), by=who(at), now=now)
    _tell_taken(at, found, now)
    return f"{found.id} {found.item.title}"


def _hand_out(at: Form, village: Place, now: datetime) -> str:
    """For who shows a paper slip instead of a telephone."""
    writes(at)
    home = vouchers.household_of_slip(at.session, village.id, at.text("slip", 40), by=who(at), now=now)
    key = f"counter-{at.staff.id}-{at.text('nonce', 40) or token_urlsafe(9)}"
    found = vouchers.hand_out(at.session, home, at.number("item") or 0, key=key, by=who(at), now=now)
    _tell_taken(at, found, now)
    return f"{found.id} {found.item.title}"


def _tell_taken(at: Form, found: Voucher, now: datetime) -> None:
    """Whoever has a code gets the thing: the household hears at once that it went."""
    left = ledger.standing(at.session, found.household_id, now).free
    said = f"{found.item.title}在柜台领走了，用了{found.cost}分，您家还能用{left}分。不是您家里人领的，请马上说。"
    for asker in own.askers_of(at.session, found.household_id):
        tell(at, asker, said, key=f"voucher-{found.id}-taken", buttons=(Button("不是我家领的", "积分少记了"),))


def _answer(at: Form, village: Place, now: datetime) -> str:
    made = disputes.get(at.session, at.number("dispute") or 0)
    _check_here(made.place_id, village)
    _check_level(at, made)
    made = disputes.answer(at.session, made.id, text=at.text("text", 1000), by=who(at), now=now)
    is_last = made.state is DisputeState.settled
    buttons = (
        ()
        if is_last
        else (Button("这样行了", f"积分答复 {made.id} 行"), Button("还是不对", f"积分答复 {made.id} 不对"))
    )
    said = f"您说的“{made.words[:40]}”，答复是：{made.answer}"
    tell(at, made.conversation_id, said, key=f"point-dispute-{made.id}-{made.state.value}", buttons=buttons)
    return f"{made.id} {made.state.value}"


def _check_level(at: Form, made: PointDispute) -> None:
    if made.state is DisputeState.township and at.staff.role not in (Role.supervisor, Role.administrator):
        raise NotAllowed("这一件到了乡镇（街道），由那里的主管来答复。")
    (reviews if made.state is DisputeState.group else oversees)(at)


def _star_fit(at: Form, village: Place, now: datetime) -> str:
    reviews(at)
    made = stars.get(at.session, at.number("award") or 0)
    _check_here(made.place_id, village)
    is_no_kin, does_oversee = at.text("no_kin", 1) == "1", at.staff.can("oversee")
    made = stars.find_fit(at.session, made.id, is_no_kin=is_no_kin, oversees=does_oversee, by=who(at), now=now)
    if made.state is StarState.noticed:
        said = f"您家申请的星级文明户，评议通过了，从今天起公示{stars.POSTED_FOR.days}天，只贴户号。"
        tell(at, made.conversation_id, said, key=f"star-{made.id}-{made.state.value}")
    return f"{made.id} {made.state.value}"


def _star_down(at: Form, village: Place, now: datetime) -> str:
    made = stars.get(at.session, at.number("award") or 0)
    _check_here(made.place_id, village)
    (oversees if made.state is StarState.noticed else reviews)(at)
    made = stars.turn_down(at.session, made.id, why=at.text("why", 300), by=who(at))
    said = f"您家申请的星级文明户，这次没有评上：{made.why}。这件事只告诉您家，不公布；准备好了随时可以再申请。"
    tell(at, made.conversation_id, said, key=f"star-{made.id}-{made.state.value}")
    return str(made.id)


def _weigh(at: Form, village: Place, now: datetime) -> str:
    oversees(at)
    said = row_of(at.session, StarObjection, at.number("objection") or 0)
    if said is None or said.award.place_id != village.id:
        raise NotFound("没有找到这一条。")
    stars.weigh(at.session, said.id, words=at.text("text", 300), by=who(at), now=now)
    return str(said.id)


def _check_here(place: str, village: Place) -> None:
    """`village` is one that this seat sees; a row of another isn't there."""
    if place != village.id:
        raise NotFound("没有找到这一件。")


_DEEDS: dict[str, tuple[Deed, str]] = {
    "rule": (_rule, "rules"),
    "drop-rule": (_drop_rule, "rules"),
    "adopt": (_adopt, "rules"),
    "stop": (_stop, "rules"),
    "confirm": (_confirm, "home"),
    "decline": (_decline, "home"),
    "answer": (_answer, "home"),
    "star-fit": (_star_fit, "home"),
    "star-down": (_star_down, "home"),
    "weigh": (_weigh, "home"),
    "reverse": (_reverse, "household"),
    "item": (_item, "counter"),
    "item-away": (_item_away, "counter"),
    "spend": (_spend, "counter"),
    "hand-out": (_hand_out, "counter"),
}
DEEDS = tuple(_DEEDS)

"""A village with households, a decision that passed, and a scheme by it."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from actions.decisions.models import Decision
from actions.decisions.status import State
from actions.points import claims, schemes, vouchers
from actions.points.claims import Deed
from actions.points.ledger import Who
from actions.points.models import PointClaim, PointItem, PointRule, PointScheme, RuleKind, Source
from actions.roster.models import Household
from tests.actions.roster import village
from tests.actions.roster.village import PLACE

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
CLERK, SECOND, THIRD = Who(1, "文书"), Who(2, "监委"), Who(3, "镇里")


def decision(session: Session, state: State = State.published, *, ordinal: int = 7, place: str = PLACE) -> Decision:
    made = Decision(
        place_id=place,
        year=2026,
        ordinal=ordinal,
        title="积分办法",
        matter="rules",
        body="villagers",
        state=state,
        made_at=NOW,
        moved_at=NOW,
    )
    session.add(made)
    session.flush()
    return made


def rule(session: Session, title: str = "打扫公共地方", points: int = 3, cap: int = 30) -> PointRule:
    return schemes.add_rule(
        session,
        PLACE,
        kind=RuleKind.points,
        title=title,
        points=points,
        cap=cap,
        evidence="照片，或者网格员看到",
        by=CLERK,
        now=NOW,
    )


def adopted(session: Session, *, star: bool = False) -> PointScheme:
    """Three rules: 3, 60 and 20 points."""
    rule(session)
    rule(session, "调解邻里纠纷", 60, 120)
    rule(session, "照看独居老人", 20, 200)
    if star:
        schemes.add_rule(
            session,
            PLACE,
            kind=RuleKind.star,
            title="家里和睦，敬老爱幼",
            points=None,
            cap=None,
            evidence="评议小组上门看",
            by=CLERK,
            now=NOW,
        )
    scheme = schemes.newest(session, PLACE)
    assert scheme
    made = decision(session)
    schemes.adopt(session, scheme.id, edition=scheme.edition, decision_id=made.id, by=SECOND, now=NOW)
    session.commit()
    return scheme


def home(session: Session, code: str = "1-07") -> Household:
    return village.household(session, code)


def claimed(
    session: Session,
    household: Household,
    *,
    rule_at: int = 0,
    key: str = "k1",
    by: Who | None = None,
    now: datetime = NOW,
    scheme: PointScheme | None = None,
) -> PointClaim:
    scheme = scheme or schemes.adopted(session, PLACE)
    assert scheme
    deed = Deed(scheme.rules[rule_at].id, now.date(), "扫了村口")
    return claims.claim(session, household, deed, source=Source.chat, key=key, now=now, by=by)


def given(session: Session, household: Household, *, rule_at: int = 0, key: str = "k1", now: datetime = NOW) -> None:
    """Claimed by the household, confirmed by who must."""
    made = claimed(session, household, rule_at=rule_at, key=key, now=now)
    claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=CLERK, now=now)
    if made.rule.points > claims.MANY:
        claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=SECOND, now=now)
    session.commit()


def item(session: Session, title: str = "洗衣粉", cost: int = 10, stock: int = 2) -> PointItem:
    made = vouchers.put_item(session, PLACE, title=title, cost=cost, stock=stock)
    session.commit()
    return made

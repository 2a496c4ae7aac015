"""Two people for every point, nothing twice, nothing below zero; vouchers once; the year's end."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from actions.cases.models import Photo
from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.points import claims, clock, ledger, sheets, vouchers
from actions.points.models import Kind, PointAccount, PointClaim, PointEntry, PointItem, Source, Voucher
from actions.points.status import ClaimState, VoucherState
from actions.roster import codes, tries
from tests.actions.points import hall
from tests.actions.points.hall import CLERK, NOW, SECOND, THIRD
from tests.actions.roster.village import PLACE


def adds_up(session: Session) -> None:
    """Each account is the sum of its lines, and holds what its open vouchers take."""
    for one in session.scalars(select(PointAccount)):
        session.refresh(one)
        own = PointEntry.household_id == one.household_id
        lines = session.scalar(select(func.coalesce(func.sum(PointEntry.amount), 0)).where(own))
        is_open = (Voucher.household_id == one.household_id, Voucher.state == VoucherState.open)
        held = session.scalar(select(func.coalesce(func.sum(Voucher.cost), 0)).where(*is_open))
        assert (one.balance, one.held) == (lines, held)


def test_a_claim_counts_once_confirmed_by_somebody_else(session: Session) -> None:
    hall.adopted(session)
    home = hall.home(session)
    made = hall.claimed(session, home, by=CLERK)
    assert ledger.standing(session, home.id, NOW).balance == 0
    with pytest.raises(NotAllowed, match="自己报的"):
        claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=CLERK, now=NOW)
    with pytest.raises(NotAllowed, match="回避"):
        claims.confirm(session, made.id, is_no_kin=False, oversees=True, by=SECOND, now=NOW)
    done = claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=SECOND, now=NOW)
    assert done.state is ClaimState.confirmed
    with pytest.raises(NotAllowed):
        claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=THIRD, now=NOW)
    stands = ledger.standing(session, home.id, NOW)
    assert (stands.balance, stands.this_month, stands.free) == (3, 3, 3)
    adds_up(session)


def test_the_same_wish_is_one_claim(session: Session) -> None:
    hall.adopted(session)
    home = hall.home(session)
    assert hall.claimed(session, home).id == hall.claimed(session, home).id
    assert session.scalar(select(func.count()).select_from(PointClaim)) == 1


def test_more_than_fifty_points_need_two_of_whom_the_second_oversees(session: Session) -> None:
    hall.adopted(session)
    home = hall.home(session)
    made = hall.claimed(session, home, rule_at=1)
    first = claims.confirm(session, made.id, is_no_kin=True, oversees=False, by=CLERK, now=NOW)
    assert first.state is ClaimState.seconded
    assert ledger.standing(session, home.id, NOW).balance == 0
    with pytest.raises(NotAllowed, match="换一个人"):
        claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=CLERK, now=NOW)
    with pytest.raises(NotAllowed, match="监督的人"):
        claims.confirm(session, made.id, is_no_kin=True, oversees=False, by=THIRD, now=NOW)
    claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=SECOND, now=NOW)
    assert ledger.standing(session, home.id, NOW).balance == 60


def test_a_rules_cap_cuts_what_is_added_and_then_refuses(session: Session) -> None:
    hall.adopted(session)
    home = hall.home(session)
    for at in range(10):
        hall.given(session, home, key=f"k{at}")
    assert ledger.standing(session, home.id, NOW).balance == 30
    made = hall.claimed(session, home, key="one more")
    with pytest.raises(NotAllowed, match="最多 30 分"):
        claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=CLERK, now=NOW)


def test_declined_says_why_and_gives_nothing(session: Session) -> None:
    hall.adopted(session)
    home = hall.home(session)
    made = hall.claimed(session, home)
    with pytest.raises(InvalidInput):
        claims.decline(session, made.id, why=" ", by=CLERK, now=NOW)
    done = claims.decline(session, made.id, why="那天村口是保洁员扫的", by=CLERK, now=NOW)
    assert (done.state, done.why) == (ClaimState.declined, "那天村口是保洁员扫的")
    assert session.scalar(select(func.count()).select_from(PointEntry)) == 0


@pytest.mark.parametrize("days", [-1, 61, 4000])
def test_days_to_come_and_long_ago_are_refused(session: Session, days: int) -> None:
    scheme, home = hall.adopted(session), hall.home(session)
    deed = claims.Deed(scheme.rules[0].id, NOW.date() - timedelta(days=days))
    with pytest.raises(InvalidInput):
        claims.claim(session, home, deed, source=Source.chat, key="k", now=NOW)


@pytest.mark.parametrize("rule_id", [0, -1, 10**12, 999])
def test_no_rule_of_another_scheme(session: Session, rule_id: int) -> None:
    hall.adopted(session)
    deed = claims.Deed(rule_id, NOW.date())
    with pytest.raises(InvalidInput):
        claims.claim(session, hall.home(session), deed, source=Source.chat, key="k", now=NOW)


def test_words_are_kept_without_names_and_numbers_and_one_household_has_ten_at_most(session: Session) -> None:
    scheme, home = hall.adopted(session), hall.home(session)
    deed = claims.Deed(scheme.rules[0].id, NOW.date(), "帮王秀英扫地，电话13812345678\x00")
    made = claims.claim(session, home, deed, source=Source.chat, key="k", now=NOW)
    assert "13812345678" not in made.words
    for at in range(9):
        hall.claimed(session, home, key=f"k{at}x")
    with pytest.raises(NotAllowed, match="10 件"):
        hall.claimed(session, home, key="eleven")


def test_the_picture_of_the_conversation_goes_with_the_claim_and_ninety_days_later_it_is_gone(session: Session) -> None:
    scheme, home = hall.adopted(session), hall.home(session)
    session.add(Photo(conversation_id="c-me", sha256="0" * 64, jpeg=b"jpeg", created_at=NOW))
    session.flush()
    deed = claims.Deed(scheme.rules[0].id, NOW.date())
    made = claims.claim(session, home, deed, source=Source.chat, key="k", now=NOW, conversation_id="c-me")
    assert made.photo == b"jpeg"
    assert session.scalar(select(func.count()).select_from(Photo)) == 0
    claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=CLERK, now=NOW)
    clock.tick(session, NOW + timedelta(days=91))
    session.expire_all()
    kept = session.get_one(PointClaim, made.id)
    assert kept.photo is None
    assert not kept.has_photo


def test_a_wrong_entry_is_taken_back_once_by_somebody_else_and_never_below_zero(session: Session) -> None:
    hall.adopted(session)
    home, thing = hall.home(session), hall.item(session)
    hall.given(session, home, rule_at=2)
    entry = ledger.history(session, home.id)[0]
    with pytest.raises(NotAllowed, match="换一个人"):
        ledger.reverse(session, entry.id, why="记错户了", by=CLERK, now=NOW)
    given = vouchers.order(session, home, thing.id, key="o", now=NOW)
    vouchers.spend(session, PLACE, given.code, by=CLERK, now=NOW)
    session.commit()
    back = ledger.reverse(session, entry.id, why="记错户了", by=SECOND, now=NOW)
    assert back.amount == -10
    assert ledger.standing(session, home.id, NOW).balance == 0
    session.commit()
    with pytest.raises(ActionError):
        ledger.reverse(session, entry.id, why="再来一次", by=SECOND, now=NOW)
    with pytest.raises(NotAllowed):
        ledger.reverse(session, back.id, why="冲回冲回", by=SECOND, now=NOW)
    adds_up(session)


def test_a_line_of_the_ledger_cannot_be_changed_even_by_sql(session: Session) -> None:
    hall.adopted(session)
    hall.given(session, hall.home(session))
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(update(PointEntry).values(amount=3000))
    session.rollback()


def test_a_voucher_is_spent_once_and_its_code_is_kept_nowhere(session: Session) -> None:
    hall.adopted(session)
    home, thing = hall.home(session), hall.item(session)
    hall.given(session, home, rule_at=2)
    given = vouchers.order(session, home, thing.id, key="o", now=NOW)
    session.commit()
    bare = codes.read(given.code)
    for table in (Voucher, PointEntry, PointAccount, PointItem):
        assert bare not in repr(session.execute(select(table.__table__)).all())
    assert (thing.stock, ledger.standing(session, home.id, NOW).free) == (1, 10)
    again = vouchers.order(session, home, thing.id, key="o", now=NOW)
    assert (again.voucher.id, again.code) == (given.voucher.id, "")
    vouchers.spend(session, PLACE, given.code.lower(), by=CLERK, now=NOW)
    session.commit()
    with pytest.raises(NotAllowed, match="已经用过"):
        vouchers.spend(session, PLACE, given.code, by=CLERK, now=NOW)
    session.expire_all()
    assert (thing.stock, ledger.standing(session, home.id, NOW).balance) == (1, 10)
    adds_up(session)


def test_nobody_orders_more_than_they_have_or_than_there_is(session: Session) -> None:
    hall.adopted(session)
    home, thing = hall.home(session), hall.item(session, stock=1)
    with pytest.raises(NotAllowed, match="不够"):
        vouchers.order(session, home, thing.id, key="a", now=NOW)
    session.rollback()
    hall.given(session, home, rule_at=2)
    vouchers.order(session, home, thing.id, key="b", now=NOW)
    session.commit()
    with pytest.raises(NotAllowed, match="换完了"):
        vouchers.order(session, home, thing.id, key="c", now=NOW)
    session.rollback()
    adds_up(session)
    with pytest.raises(NotFound):
        vouchers.order(session, home, 10**12, key="d", now=NOW)


def test_what_was_given_back_is_called_so_at_the_counter(session: Session) -> None:
    hall.adopted(session)
    home, thing = hall.home(session), hall.item(session)
    hall.given(session, home, rule_at=2)
    given = vouchers.order(session, home, thing.id, key="o", now=NOW)
    vouchers.drop(session, given.voucher.id, home.id)
    session.commit()
    with pytest.raises(NotAllowed, match="已经退掉了"):
        vouchers.spend(session, PLACE, given.code, by=CLERK, now=NOW)


def test_what_is_not_fetched_goes_back_with_its_points(session: Session) -> None:
    hall.adopted(session)
    home, thing = hall.home(session), hall.item(session)
    hall.given(session, home, rule_at=2)
    given = vouchers.order(session, home, thing.id, key="o", now=NOW)
    session.commit()
    later = NOW + timedelta(days=15)
    with pytest.raises(NotAllowed, match="过期"):
        vouchers.spend(session, PLACE, given.code, by=CLERK, now=later)
    clock.tick(session, later)
    clock.tick(session, later)
    session.expire_all()
    assert (thing.stock, ledger.standing(session, home.id, later).free) == (2, 20)
    assert given.voucher.state is VoucherState.lapsed
    adds_up(session)


def test_guesses_at_the_counter_are_locked_and_do_not_lock_the_slips(session: Session) -> None:
    hall.adopted(session)
    for _ in range(5):
        with pytest.raises(InvalidInput, match="没有这个换物码"):
            vouchers.spend(session, PLACE, codes.new_code(), by=CLERK, now=NOW)
    with pytest.raises(InvalidInput, match="先停一停"):
        vouchers.spend(session, PLACE, codes.new_code(), by=CLERK, now=NOW)
    session.commit()
    assert tries.locked_until(session, PLACE, NOW) is None


def test_the_years_end_takes_what_was_told_sixty_days_before_and_no_more(session: Session) -> None:
    hall.adopted(session)
    home, thing = hall.home(session), hall.item(session)
    october = datetime(2026, 10, 20, 4, tzinfo=UTC)
    for at, moment in enumerate((october, NOW)):
        made = hall.claimed(session, home, rule_at=2, key=f"k{at}", now=moment)
        if moment is NOW:
            clock.tick(session, datetime(2026, 11, 1, 4, tzinfo=UTC))
        claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=CLERK, now=moment)
        session.commit()
    stands = ledger.standing(session, home.id, NOW)
    assert (stands.balance, stands.ending, stands.ends_on) == (40, 20, date(2026, 12, 31))
    given = vouchers.order(session, home, thing.id, key="o", now=NOW)
    vouchers.spend(session, PLACE, given.code, by=CLERK, now=NOW)
    session.commit()
    assert ledger.standing(session, home.id, NOW).ending == 10
    clock.tick(session, datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
    assert ledger.standing(session, home.id, NOW).balance == 30
    for _ in range(2):
        clock.tick(session, datetime(2026, 12, 31, 16, 1, tzinfo=UTC))  # the first minute of the year in Shanghai
    assert ledger.standing(session, home.id, NOW).balance == 20
    assert ledger.history(session, home.id)[0].kind is Kind.expired
    adds_up(session)


def test_without_having_been_told_nothing_ends(session: Session) -> None:
    hall.adopted(session)
    home = hall.home(session)
    hall.given(session, home, rule_at=2)
    clock.tick(session, datetime(2026, 11, 25, 4, tzinfo=UTC))  # the machine stood still in the days for telling
    clock.tick(session, datetime(2027, 1, 2, 4, tzinfo=UTC))
    assert ledger.standing(session, home.id, NOW).balance == 20


def test_killed_between_the_account_and_the_line_nothing_is_taken_twice(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.adopted(session)
    home = hall.home(session)
    october = datetime(2026, 10, 20, 4, tzinfo=UTC)
    made = hall.claimed(session, home, rule_at=2, now=october)
    claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=CLERK, now=october)
    session.commit()
    clock.tick(session, datetime(2026, 11, 1, 4, tzinfo=UTC))
    after = datetime(2027, 1, 1, 4, tzinfo=UTC)

    def killed(*_: object, **__: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(ledger, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            clock.expire(session, after)
    session.rollback()
    clock.tick(session, after)
    assert ledger.standing(session, home.id, after).balance == 0
    adds_up(session)


def test_a_months_sheet_has_no_household_no_cell_below_ten_and_stays_as_posted(session: Session) -> None:
    hall.adopted(session)
    homes = [hall.home(session, f"1-{at:02}") for at in range(12)]
    for at, home in enumerate(homes):
        hall.given(session, home, key=f"k{at}")
    hall.given(session, homes[0], rule_at=2, key="once")
    clock.tick(session, datetime(2026, 12, 1, 4, tzinfo=UTC))
    [sheet] = sheets.sheets_of(session, PLACE)
    assert (sheet.month, sheet.posted_on, sheet.until) == ("2026-11", date(2026, 12, 1), date(2026, 12, 6))
    found = sheets.read(sheet.figures)
    assert [(row.title, row.times, row.points) for row in found.earned] == [
        ("打扫公共地方", "12", "36"),
        ("照看独居老人", "少于10", ""),
    ]  # and no total, by which the one line could be reckoned
    assert "1-07" not in repr(sheet.figures)
    entry = ledger.history(session, homes[1].id)[0]
    ledger.reverse(session, entry.id, why="记错了", by=SECOND, now=NOW + timedelta(days=12))
    session.commit()
    clock.tick(session, datetime(2026, 12, 2, 4, tzinfo=UTC))
    assert [one.figures for one in sheets.sheets_of(session, PLACE)] == [sheet.figures]

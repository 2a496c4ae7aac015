"""The calendar of duties, with a clock passed in: what is owed, who is reminded when, each thing once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, sessionmaker

from actions.disclosure import listing, posting, schedule
from actions.disclosure.models import Disclosure, DisclosureEvent, Duty
from actions.disclosure.periods import Rhythm
from actions.disclosure.posting import Who
from actions.disclosure.status import State
from actions.errors import InvalidInput
from actions.roster.models import Committee, VillageProfile
from knowledge.clock import SHANGHAI
from tests.databases import Databases

CLERK = Who(1, "文书")
SECOND = Who(2, "监督")
TABLE = [(1, ["日期", "事由", "收入", "支出", "结余", "经手"]), (2, ["7月1日", "电费", "0", "300", "700", "会计"])]


def noon(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(12), SHANGHAI).astimezone(UTC)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    with sessions() as opened:
        yield opened


def begun(session: Session, *, on: str = "2026-08-01", place: str = "lijiagou") -> None:
    schedule.begin(session, place, on=date.fromisoformat(on), now=noon(on))
    session.commit()


def finance(session: Session, period: str = "2026Q3") -> Disclosure:
    return session.scalars(
        select(Disclosure).where(Disclosure.duty_code == "finance", Disclosure.period == period)
    ).one()


def stages(session: Session, item: Disclosure) -> list[str]:
    return [e.what for e in schedule.events_of(session, item.id)]


def test_the_third_quarter_that_nobody_posts_goes_from_the_clerk_to_everybody(session: Session) -> None:
    """Scenario 16: due on 10 October."""
    begun(session)
    schedule.tick(session, noon("2026-09-30"))  # not over, and ten days to go
    assert session.scalar(select(func.count()).select_from(Disclosure)) == 0
    schedule.tick(session, noon("2026-10-03"))
    item = finance(session)
    assert (item.due_on, item.state) == (date(2026, 10, 10), State.due)
    assert stages(session, item) == ["还有7天，提醒村文书"]
    for day, said in (
        ("2026-10-08", "还有7天，提醒村文书"),
        ("2026-10-09", "还有1天，提醒村文书"),
        ("2026-10-10", "还有1天，提醒村文书"),
        ("2026-10-11", "过了1天，提醒监督委员"),
        ("2026-10-14", "过了1天，提醒监督委员"),
        ("2026-10-15", "过了5天，列入乡镇的清单"),
        ("2026-10-24", "过了5天，列入乡镇的清单"),
        ("2026-10-25", "过了15天，村里的页面写明还没有公布"),
    ):
        for _ in range(2):
            schedule.tick(session, noon(day))
        assert stages(session, item)[-1] == said, day
    assert len(stages(session, item)) == 5
    assert listing.for_township(session, ["lijiagou"], noon("2026-10-14")) == []
    assert "finance" in {m.code for m in listing.for_township(session, ["lijiagou"], noon("2026-10-15"))}
    assert listing.missing(session, "lijiagou", noon("2026-10-24")) == []
    named = {m.code: m for m in listing.missing(session, "lijiagou", noon("2026-10-25"))}
    assert (named["finance"].period_name, named["finance"].due_on, named["finance"].days) == (
        "2026年第三季度",
        date(2026, 10, 10),
        15,
    )


def test_a_day_is_chinas_not_that_of_utc(session: Session) -> None:
    begun(session)
    late = datetime(2026, 10, 24, 15, 59, tzinfo=UTC)  # 23:59 on the fourteenth day after
    schedule.tick(session, late)
    assert listing.missing(session, "lijiagou", late) == []
    assert listing.missing(session, "lijiagou", late + timedelta(minutes=1))


def test_what_is_posted_in_time_is_never_named(session: Session) -> None:
    begun(session)
    now = noon("2026-10-05")
    schedule.tick(session, now)
    item = finance(session)
    posting.put(session, item, TABLE, note="", masks_names=False, by=CLERK, now=now)
    posting.check(session, item, edition=item.edition, confirms_names=False, why="", by=SECOND, now=now)
    posting.post(session, item, days=None, by=CLERK, now=now)
    session.commit()
    schedule.tick(session, noon("2026-10-30"))
    assert "finance" not in {m.code for m in listing.missing(session, "lijiagou", noon("2026-10-30"))}


def test_its_days_on_the_board_end_once(session: Session) -> None:
    test_what_is_posted_in_time_is_never_named(session)
    item = finance(session)
    assert item.posted_until == date(2026, 10, 20)  # fifteen days, the day of posting not counted
    assert item.state is State.archived
    assert stages(session, item).count("公布期满，姓名不再显示") == 1


def test_the_last_day_is_a_whole_day(session: Session) -> None:
    begun(session)
    now = noon("2026-10-05")
    schedule.tick(session, now)
    item = finance(session)
    posting.put(session, item, TABLE, note="", masks_names=False, by=CLERK, now=now)
    posting.check(session, item, edition=item.edition, confirms_names=False, why="", by=SECOND, now=now)
    posting.post(session, item, days=None, by=CLERK, now=now)
    session.commit()
    for moment, state in (
        (datetime(2026, 10, 20, 15, 59, tzinfo=UTC), State.posted),
        (datetime(2026, 10, 20, 16, 0, tzinfo=UTC), State.archived),
    ):
        schedule.tick(session, moment)
        session.refresh(item)
        assert item.state is state


def test_a_village_that_has_not_begun_owes_nothing_here(session: Session) -> None:
    schedule.tick(session, noon("2026-12-31"))
    assert listing.missing(session, "lijiagou", noon("2026-12-31")) == []
    assert schedule.kept(session, "lijiagou") == []


def test_after_months_without_a_clock_every_period_is_there_once(session: Session) -> None:
    begun(session, on="2026-02-10")
    for _ in range(2):
        schedule.tick(session, noon("2026-11-15"))
    periods = session.scalars(
        select(Disclosure.period).where(Disclosure.duty_code == "finance").order_by(Disclosure.period)
    ).all()
    assert periods == ["2026Q1", "2026Q2", "2026Q3"]
    item = finance(session, "2026Q1")
    assert stages(session, item) == ["过了15天，村里的页面写明还没有公布"]  # nobody is reminded of what is long past


def test_a_duty_that_the_file_has_got_since_is_owed_from_now_on(session: Session) -> None:
    begun(session, on="2026-02-10")
    session.execute(delete(Duty).where(Duty.code == "finance"))
    session.execute(delete(Disclosure).where(Disclosure.duty_code == "finance"))
    session.commit()
    schedule.tick(session, noon("2026-11-15"))
    schedule.tick(session, noon("2027-01-05"))
    own = select(Disclosure.period).where(Disclosure.duty_code == "finance")
    assert session.scalars(own).all() == ["2026Q4"]


def test_a_residents_committee_has_no_quarters(session: Session) -> None:
    """Scenario 15."""
    session.add(VillageProfile(place_id="shequ", committee=Committee.residents, has_collective=False))
    begun(session, on="2026-01-05", place="shequ")
    schedule.tick(session, noon("2027-02-20"))
    rows = session.scalars(select(Disclosure).where(Disclosure.place_id == "shequ")).all()
    assert [(row.duty_code, row.period, row.due_on) for row in rows] == [("appraisal", "2026", date(2027, 1, 30))]


def test_a_place_may_ask_more_of_itself_and_never_less(session: Session) -> None:
    begun(session)
    now = noon("2026-11-05")
    for rhythm, grace in ((Rhythm.half_yearly, 5), (Rhythm.at_once, 5), (Rhythm.quarterly, 11), (Rhythm.quarterly, -1)):
        with pytest.raises(InvalidInput):
            schedule.tighten(session, "lijiagou", "finance", rhythm=rhythm, grace_days=grace, now=now)
    schedule.tighten(session, "lijiagou", "finance", rhythm=Rhythm.monthly, grace_days=5, now=now)
    session.commit()
    schedule.tick(session, noon("2026-12-02"))
    own = select(Disclosure.period, Disclosure.due_on).where(Disclosure.duty_code == "finance").order_by(Disclosure.id)
    # the quarter that was owed before is still owed; months before November never were
    assert [tuple(row) for row in session.execute(own)] == [
        ("2026Q3", date(2026, 10, 10)),
        ("2026-11", date(2026, 12, 5)),
    ]


def test_loosened_by_hand_in_the_database_the_law_still_holds(session: Session) -> None:
    begun(session)
    row = session.get(Duty, ("lijiagou", "finance"))
    assert row
    row.grace_days = 60
    session.commit()
    kept = next(one for one in schedule.kept(session, "lijiagou") if one.duty.code == "finance")
    assert kept.grace_days == 10


def test_two_workers_at_once_write_each_thing_once(databases: Databases) -> None:
    with databases.opened() as sessions:
        with sessions() as session:
            begun(session)
        start = threading.Barrier(2)

        def work() -> None:
            with sessions() as session:
                start.wait()
                for day in range(3, 28):
                    schedule.tick(session, noon(f"2026-10-{day:02}"))

        with ThreadPoolExecutor(2) as workers:
            for done in [workers.submit(work) for _ in range(2)]:
                done.result()
        with sessions() as session:
            rows = session.execute(select(Disclosure.duty_code, Disclosure.period)).all()
            assert len(rows) == len(set(rows)) > 5
            keys = session.scalars(select(DisclosureEvent.key)).all()
            assert len(keys) == len(set(keys)) == 5 * len(rows)


class Killed(Exception):
    pass


def test_a_worker_killed_before_and_after_each_commit_leaves_nothing_half_or_twice(databases: Databases) -> None:
    with databases.opened() as sessions:
        with sessions() as session:
            begun(session)
            now = noon("2026-10-05")
            schedule.tick(session, now)
            item = finance(session)
            posting.put(session, item, TABLE, note="", masks_names=False, by=CLERK, now=now)
            posting.check(session, item, edition=item.edition, confirms_names=False, why="", by=SECOND, now=now)
            posting.post(session, item, days=None, by=CLERK, now=now)
            session.commit()
        for when in ("before_commit", "after_commit"):
            for nth in (1, 2, 3):
                _ticked_until_killed(sessions, when, nth)
        with sessions() as session:
            schedule.tick(session, noon("2026-11-01"))
            assert finance(session).state is State.archived
            keys = session.scalars(select(DisclosureEvent.key)).all()
            assert len(keys) == len(set(keys))
            assert sum(key.endswith("-archived") for key in keys) == 1
            rows = session.execute(select(Disclosure.duty_code, Disclosure.period, Disclosure.version)).all()
            assert len(rows) == len(set(rows))


def _ticked_until_killed(sessions: sessionmaker[Session], when: str, nth: int) -> None:
    count = 0
    with sessions() as session:
        commit = session.commit

        def killed() -> None:
            nonlocal count
            count += 1
            if when == "after_commit" or count < nth:
                commit()
            if count == nth:
                raise Killed

        session.commit = killed  # type: ignore[method-assign]
        with pytest.raises(Killed):
            schedule.tick(session, noon("2026-11-01"))

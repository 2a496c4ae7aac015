"""A case from filing to the confirmed end, on a real database."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import clock, filing, finding, moves, numbers, units
from actions.cases import mediation as cases_mediation
from actions.cases import moves as cases_moves
from actions.cases.models import Case, CaseEvent
from actions.cases.moves import CLOCK, RESIDENT, Actor
from actions.cases.status import MOVES, TIMED, By, CaseStatus
from actions.errors import ActionError, Conflict, InvalidInput, NotAllowed, NotFound
from actions.offices.defaults import import_offices
from actions.offices.models import Team, TimeLimit
from knowledge.clock import SHANGHAI
from knowledge.exchange import corpus
from tests.conftest import CORPUS

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # a Tuesday, ten in the morning in Shanghai
STAFF = Actor("staff", "赵主任", 1)


@pytest.fixture
def county(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        import_offices(session, CORPUS / "offices.yml")
        session.commit()
    return sessions


def filed(
    session: Session,
    key: str = "k1",
    *,
    what: str = "隔壁砌墙占了路",
    place: str | None = "lijiagou",
    category: str = "邻里相邻",
    conversation: str | None = "c1",
    **fields: object,
) -> Case:
    return filing.file(
        session,
        request_key=key,
        conversation_id=conversation,
        place=place,
        category=category,
        fields={"what": what, **fields},
        now=NOW,
    )


def walk(session: Session, case: Case, *steps: CaseStatus, at: datetime = NOW) -> Case:
    team = session.scalars(select(Team)).first()
    for i, to in enumerate(steps):
        actor = RESIDENT if to in (CaseStatus.closed, CaseStatus.reopened, CaseStatus.withdrawn) else STAFF
        moves.move(
            session,
            case.id,
            to,
            actor=actor,
            key=f"{case.id}-{i}-{to}-{at.timestamp()}",
            now=at,
            note="情况说明",
            team_id=team.id if team else None,
        )
    return case


TO_ANSWER = (CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress, CaseStatus.answered)


def test_the_same_wish_from_ten_threads_is_one_case(county: sessionmaker[Session]) -> None:
    found: list[str] = []

    def run() -> None:
        with county() as session:
            found.append(filed(session).number)

    threads = [threading.Thread(target=run) for _ in range(10)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(found) == 10
    assert len(set(found)) == 1


def test_fifty_wishes_at_once_get_fifty_numbers(county: sessionmaker[Session]) -> None:
    found: list[str] = []

    def run(i: int) -> None:
        with county() as session:
            found.append(filed(session, f"k{i}").number)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(50)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(set(found)) == 50


@pytest.mark.parametrize("by", list(By))
@pytest.mark.parametrize("start", list(CaseStatus))
def test_only_moves_of_the_table_are_made(county: sessionmaker[Session], start: CaseStatus, by: By) -> None:
    with county() as session:
        team = session.scalars(select(Team)).first()
        assert team
        for to in CaseStatus:
            case = filed(session, f"{start}-{to}-{by}")
            case.status = start
            session.commit()
            before = session.scalar(select(func.count()).select_from(CaseEvent))
            actor = RESIDENT if by is By.resident else STAFF
            if to in MOVES[start] and by in MOVES[start][to].by:
                moves.move(session, case.id, to, actor=actor, key=f"m-{case.id}", now=NOW, note="说明", team_id=team.id)
                assert session.get_one(Case, case.id).status is to
                assert session.scalar(select(func.count()).select_from(CaseEvent)) == (before or 0) + 1
            else:
                with pytest.raises(NotAllowed):
                    moves.move(
                        session, case.id, to, actor=actor, key=f"m-{case.id}", now=NOW, note="说明", team_id=team.id
                    )
                session.rollback()
                assert session.get_one(Case, case.id).status is start


def test_a_repeated_key_moves_once(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = filed(session)
        for _ in range(2):
            moves.move(session, case.id, CaseStatus.accepted, actor=STAFF, key="once", now=NOW)
        assert [e.status_to for e in case.events] == [CaseStatus.filed, CaseStatus.accepted]


def test_of_two_who_press_at_once_one_is_told(county: sessionmaker[Session]) -> None:
    with county() as one, county() as two:
        case = filed(one)
        stale = two.get_one(Case, case.id)
        assert stale.status is CaseStatus.filed
        moves.move(one, case.id, CaseStatus.accepted, actor=STAFF, key="a", now=NOW)
        with pytest.raises((Conflict, NotAllowed)):
            moves.move(two, case.id, CaseStatus.returned, actor=STAFF, key="b", now=NOW, note="不归我们管")


def test_staff_close_only_with_the_residents_word_written_down(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = walk(session, filed(session), *TO_ANSWER)
        with pytest.raises(InvalidInput):
            moves.move(session, case.id, CaseStatus.closed, actor=STAFF, key="x", now=NOW)
        moves.move(session, case.id, CaseStatus.closed, actor=STAFF, key="y", now=NOW, note="11月24日电话里说已经解决")
        assert case.status is CaseStatus.closed


def test_the_clock_warns_once_and_escalates_once(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = filed(session)
        assert case.due_at
        assert case.due_at.date() == date(2026, 12, 3)
        assert clock.tick(session, now=NOW + timedelta(days=1)) == 0
        late = NOW + (case.due_at - NOW) * 0.81
        assert [clock.tick(session, now=late), clock.tick(session, now=late)] == [1, 0]
        over = case.due_at + timedelta(minutes=1)
        assert [clock.tick(session, now=over), clock.tick(session, now=over)] == [1, 0]
        assert [e.what for e in case.events][-2:] == ["时限将到", "已超时，上报主管"]


def test_the_clock_stands_while_the_resident_is_asked(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = filed(session)
        due = case.due_at
        moves.pause(session, case.id, "请发合同", actor=STAFF, key="p", now=NOW)
        assert clock.tick(session, now=NOW + timedelta(days=40)) == 0
        moves.supplement(session, case.id, "合同在这里", key="s", now=NOW + timedelta(days=2))
        assert due
        assert case.due_at == due + timedelta(days=2)
        assert case.paused_at is None


def test_the_green_channel_shortens_and_never_lengthens(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = filed(session)
        before = case.due_at
        moves.mark_green(session, case.id, ["残疾人"], actor=STAFF, key="g", now=NOW)
        shorter = case.due_at
        moves.mark_green(session, case.id, [], actor=STAFF, key="h", now=NOW)
        assert before
        assert shorter
        assert shorter < before
        assert case.due_at == shorter


def test_a_reopened_case_keeps_its_history_and_starts_its_clock_anew(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = walk(session, filed(session), *TO_ANSWER, CaseStatus.closed)
        later = NOW + timedelta(days=20)
        moves.move(session, case.id, CaseStatus.reopened, actor=RESIDENT, key="again", now=later)
        assert len(case.events) == 7
        assert case.times_reopened == 1
        assert case.due_at
        assert case.due_at > later
        assert case.escalated_at is None
        assert case.closed_at is None


def test_it_is_asked_after_7_and_30_days_whether_it_is_really_solved(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = walk(session, filed(session), *TO_ANSWER, CaseStatus.closed)
        asked = [clock.tick(session, now=NOW + timedelta(days=d)) for d in (6, 8, 9, 31, 60)]
        assert asked == [0, 1, 0, 1, 0]
        assert sum("真解决了吗" in (e.say or "") for e in case.events) == 2


def test_workers_that_look_back_at_the_same_moment_ask_once_and_none_fails(county: sessionmaker[Session]) -> None:
    with county() as session:
        ids = [walk(session, filed(session, f"k{n}"), *TO_ANSWER, CaseStatus.closed).id for n in range(20)]
    start, done = threading.Barrier(4), list[int]()

    def run() -> None:
        start.wait()
        with county() as session:
            done.append(clock.tick(session, now=NOW + timedelta(days=8)))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4
    assert sum(done) >= len(ids)
    with county() as session:
        asked = session.scalars(select(CaseEvent.case_id).where(CaseEvent.what == "回头看")).all()
        assert sorted(asked) == ids
        assert set(session.scalars(select(Case.looked_back))) == {1}


def test_a_called_unit_that_stays_away_is_escalated_once(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = filed(session)
        team = session.scalars(select(Team)).first()
        assert team
        unit = units.call_unit(session, case.id, team.id, reason="来量地", actor=STAFF, key="c", now=NOW)
        assert units.call_unit(session, case.id, team.id, reason="来量地", actor=STAFF, key="d", now=NOW).id == unit.id
        late = NOW + timedelta(hours=5)
        assert [clock.tick(session, now=late), clock.tick(session, now=late)] == [1, 0]
        units.unit_arrived(session, unit.id, actor=STAFF, now=late)
        units.unit_arrived(session, unit.id, actor=STAFF, now=late)
        assert sum("报到" in e.what and "没有" not in e.what for e in case.events) == 1


@pytest.mark.parametrize(
    ("row", "green", "due"),
    [
        (None, [], "14:00"),
        ((6, "hours", 2), [], "16:00"),
        ((6, "hours", 2), ["老人"], "12:00"),
        ((1, "days", 1), [], "23:59"),
    ],
)
def test_how_soon_a_called_unit_must_come_is_a_row_that_staff_edit(
    county: sessionmaker[Session], row: tuple[int, str, int] | None, green: list[str], due: str
) -> None:
    with county() as session:
        kept = session.get_one(TimeLimit, units.CALLED_UNIT)  # offices.yml brings it
        assert (kept.amount, kept.unit) == (4, "hours")
        if row is None:
            session.delete(kept)
        else:
            kept.amount, kept.unit, kept.green_amount = row
        session.commit()
        case = filed(session, green=green)
        team = session.scalars(select(Team)).first()
        assert team
        unit = units.call_unit(session, case.id, team.id, reason="来量地", actor=STAFF, key="c", now=NOW)
        assert f"{unit.due_at.astimezone(SHANGHAI):%H:%M}" == due  # called at ten


def test_merging_tells_both_residents(county: sessionmaker[Session]) -> None:
    with county() as session:
        one, two = filed(session, "a"), filed(session, "b", conversation="c2")
        moves.merge(session, two.id, numbers.spoken(one.number), actor=STAFF, key="m", now=NOW)
        assert two.status is CaseStatus.merged
        assert [any("一起办" in (e.say or "") for e in c.events) for c in (one, two)] == [True, True]
        with pytest.raises(InvalidInput):
            moves.merge(session, one.id, numbers.spoken(one.number), actor=STAFF, key="n", now=NOW)


@pytest.mark.parametrize(
    ("category", "place", "team"),
    [
        ("劳动用工", "lijiagou", "清禾县人社局劳动监察"),
        ("土地承包与宅基地", "wangjiawan", "青石乡农业农村办"),
        ("土地承包与宅基地", None, "清禾县农业农村局（土地承包仲裁）"),
        ("婚姻家庭", "wangjiawan", "青石乡司法所"),
        ("征收拆迁", "lijiagou", "清禾县自然资源局"),
        ("征收拆迁", None, "清禾县房屋征收办"),  # town houses
        ("社会保障与救助", "lijiagou", "柳河镇便民服务中心"),
        ("治安刑事", "shiqiao", "柳河镇派出所"),  # a crime isn't for mediators
        ("治安刑事", None, "清禾县公安局"),
        ("消费与市场", "lijiagou", "清禾县市场监督管理局"),
        ("环境卫生", "lijiagou", "清禾县生态环境局"),
        ("邻里相邻", "shiqiao", "石桥村委会"),
        ("医疗卫生", "lijiagou", "清禾县卫生健康局"),
        ("教育文体", "lijiagou", "柳河镇综治中心"),
        ("教育文体", None, "清禾县矛盾调解中心"),
    ],
)
def test_rules_route_and_what_none_takes_falls_to_people(
    county: sessionmaker[Session], category: str, place: str | None, team: str
) -> None:
    with county() as session:
        case = filed(session, place=place, category=category)
        assert case.team
        assert case.team.name == team


def test_numbers_cannot_be_walked(county: sessionmaker[Session]) -> None:
    with county() as session:
        case, anonymous = filed(session, phone="13812345678"), filed(session, "anon")
        assert finding.look_up(session, case.number, "5678", now=NOW).id == case.id
        said = set()
        for number, tail in (
            (case.number, "0000"),
            (anonymous.number, "5678"),
            ("26112499999", "5678"),
            (case.number, ""),
        ):
            with pytest.raises(NotFound) as refused:
                finding.look_up(session, number, tail, now=NOW)
            said.add(refused.value.message_zh)
        assert len(said) == 1, "unknown, anonymous and wrong look the same"
        for tail in range(10):
            with pytest.raises(NotFound):
                finding.look_up(session, case.number, f"{tail:04d}", now=NOW)
        with pytest.raises(NotFound):
            finding.look_up(session, case.number, "5678", now=NOW)  # locked
        assert finding.look_up(session, case.number, "5678", now=NOW + timedelta(days=1, minutes=1)).id == case.id


def test_who_guesses_locks_themselves_out_and_not_the_owner(county: sessionmaker[Session]) -> None:
    """Red team L6: five wrong tries by anybody kept the owner out for a day."""
    with county() as session:
        case = filed(session, phone="13812345678")
        for tail in range(10):
            with pytest.raises(NotFound):
                finding.look_up(session, case.number, f"{tail:04d}", now=NOW, asker="guesser")
        with pytest.raises(NotFound):
            finding.look_up(session, case.number, "5678", now=NOW, asker="guesser")
        assert finding.look_up(session, case.number, "5678", now=NOW, asker="owner").id == case.id
        for other in range(20):  # many conversations, one try each
            with pytest.raises(NotFound):
                finding.look_up(session, case.number, f"{other:04d}", now=NOW, asker=f"guesser {other}")
        with pytest.raises(NotFound):
            finding.look_up(session, case.number, "5678", now=NOW, asker="owner")
        later = NOW + timedelta(days=1, minutes=1)
        assert finding.look_up(session, case.number, "5678", now=later, asker="guesser").id == case.id


def test_who_walks_from_case_to_case_with_a_few_tails_of_each_is_stopped(county: sessionmaker[Session]) -> None:
    """Third red team, R4: numbers follow one another, and each new conversation had five tries."""
    with county() as session:
        cases = [filed(session, f"k{i}", phone="13812345678") for i in range(26)]
        for number, case in enumerate(cases[:25]):
            for tail in range(20):
                with pytest.raises(NotFound):
                    finding.look_up(session, case.number, f"{tail:04d}", now=NOW, asker=f"{number} {tail}")
        with pytest.raises(NotFound):
            finding.look_up(session, cases[25].number, "5678", now=NOW, asker="the right tail, by guessing")
        later = NOW + timedelta(days=1, minutes=1)
        assert finding.look_up(session, cases[25].number, "5678", now=later, asker="owner").id == cases[25].id


def test_a_case_of_ones_own_gives_no_more_tries(county: sessionmaker[Session]) -> None:
    with county() as session:
        own, other = filed(session, "k1", phone="13800001111"), filed(session, "k2", phone="13812345678")
        for tail in range(4):
            with pytest.raises(NotFound):
                finding.look_up(session, other.number, f"{tail:04d}", now=NOW, asker="guesser")
        finding.look_up(session, own.number, "1111", now=NOW, asker="guesser")
        with pytest.raises(NotFound):
            finding.look_up(session, other.number, "0004", now=NOW, asker="guesser")
        with pytest.raises(NotFound):
            finding.look_up(session, other.number, "5678", now=NOW, asker="guesser")


def test_no_mediation_without_both_and_thirty_days_to_confirm(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = filed(session)
        with pytest.raises(InvalidInput):
            cases_mediation.start_mediation(
                session, case.id, mediator="老周", parties=[{"name": "李"}], actor=STAFF, now=NOW
            )
        cases_mediation.start_mediation(
            session, case.id, mediator="老周", parties=[{"name": "李"}, {"name": "王"}], actor=STAFF, now=NOW
        )
        cases_mediation.consent(session, case.id, 0, "yes", actor=STAFF, now=NOW)
        with pytest.raises(NotAllowed):
            cases_mediation.add_session(
                session, case.id, at=NOW + timedelta(days=1), place="村委会", text="", actor=STAFF, now=NOW
            )
        with pytest.raises(NotAllowed):
            cases_mediation.sign_agreement(
                session, case.id, facts="f", terms="t", method="", signed_on=date(2026, 11, 24), actor=STAFF, now=NOW
            )
        cases_mediation.consent(session, case.id, 1, "yes", actor=STAFF, now=NOW)
        mediation = cases_mediation.sign_agreement(
            session, case.id, facts="f", terms="t", method="", signed_on=date(2026, 9, 4), actor=STAFF, now=NOW
        )
        assert mediation.confirm_by == date(2026, 10, 8), "the thirtieth day lies in the October holidays"


def agreed(session: Session, **fields: object) -> Case:
    """A case whose parties have both consented to mediation."""
    case = filed(session, **fields)  # type: ignore[arg-type]
    parties = [{"name": "李大山", "role": "申请人"}, {"name": "王有田"}]
    cases_mediation.start_mediation(session, case.id, mediator="老周", parties=parties, actor=STAFF, now=NOW)
    for party in (0, 1):
        cases_mediation.consent(session, case.id, party, "yes", actor=STAFF, now=NOW)
    session.refresh(case)
    return case


def told(case: Case) -> list[str]:
    return [e.say for e in case.events if e.say]


def test_a_draft_is_changed_as_often_as_one_likes_and_nobody_outside_hears_of_it(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = agreed(session)
        before = told(case)
        for terms in ("七天内退回去", "十天内退回去\n不再要求赔偿"):
            mediation = cases_mediation.draft_agreement(
                session,
                case.id,
                facts="占了路",
                terms=terms,
                method="",
                details=[{"name": "李大山", "sex": "男", "age": "52", "address": "李家沟村 3 组"}, {"name": ""}],
                actor=STAFF,
                now=NOW,
            )
        session.expire_all()
        assert (mediation.terms, mediation.signed_on, mediation.confirm_by) == (
            "十天内退回去\n不再要求赔偿",
            None,
            None,
        )
        first, second = mediation.parties
        assert (first["sex"], first["age"], first["address"], first["role"]) == ("男", "52", "李家沟村 3 组", "申请人")
        assert (first["consent"], second["consent"], second["name"]) == ("yes", "yes", "王有田")
        assert told(case) == before
        assert [e.what for e in case.events].count("起草调解协议") == 1


def test_the_parties_hear_that_it_is_signed_when_it_is_signed(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = agreed(session)
        words = {"facts": "占了路", "terms": "退回去", "method": ""}
        cases_mediation.draft_agreement(session, case.id, **words, actor=STAFF, now=NOW)
        cases_mediation.sign_agreement(session, case.id, **words, signed_on=date(2026, 11, 24), actor=STAFF, now=NOW)
        session.expire_all()
        assert sum("调解协议签好了" in said for said in told(case)) == 1
        with pytest.raises(NotAllowed):
            cases_mediation.draft_agreement(session, case.id, **words, actor=STAFF, now=NOW)


def test_a_party_may_still_say_no_to_a_draft(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = agreed(session)
        cases_mediation.draft_agreement(session, case.id, facts="", terms="退", method="", actor=STAFF, now=NOW)
        assert cases_mediation.consent(session, case.id, 1, "no", actor=STAFF, now=NOW).failed_at


def test_the_telephone_of_who_reported_it_stands_on_the_paper(county: sessionmaker[Session]) -> None:
    with county() as session:
        named = agreed(session, phone="13812345678")
        assert named.mediation.parties[0]["phone"] == "13812345678"  # type: ignore[union-attr]
        unnamed = agreed(session, key="k2", phone="13812345678", is_anonymous=True)
        assert unnamed.mediation.parties[0].get("phone", "") == ""  # type: ignore[union-attr]


def test_the_record_of_a_meeting_says_when_and_where(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = agreed(session)
        at = NOW + timedelta(days=1)
        cases_mediation.add_session(session, case.id, at=at, place="村委会", text="第一次", actor=STAFF, now=NOW)
        session.expire_all()
        assert [e.note for e in case.events if e.what == "调解会"] == ["11月25日 10:00，村委会。第一次"]


def test_a_clear_no_ends_the_mediation_and_tells_the_other_ways(county: sessionmaker[Session]) -> None:
    with county() as session:
        case = filed(session)
        cases_mediation.start_mediation(
            session, case.id, mediator="老周", parties=[{"name": "李"}, {"name": "王"}], actor=STAFF, now=NOW
        )
        mediation = cases_mediation.consent(session, case.id, 1, "no", actor=STAFF, now=NOW)
        assert mediation.failed_at
        assert any("起诉" in (e.say or "") for e in case.events)


@given(st.lists(st.tuples(st.sampled_from(list(CaseStatus)), st.booleans(), st.booleans()), max_size=12))
def test_whatever_is_tried_the_record_and_the_status_agree(tries: list[tuple[CaseStatus, bool, bool]]) -> None:
    from sqlalchemy import create_engine

    from knowledge.tables import Base

    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as session:
        team = Team(name="镇里", place_id="x")
        session.add(team)
        session.commit()
        case = filed(session, place=None)
        for i, (to, by_staff, has_note) in enumerate(tries):
            try:
                cases_moves.move(
                    session,
                    case.id,
                    to,
                    actor=STAFF if by_staff else RESIDENT,
                    key=f"t{i}",
                    now=NOW + timedelta(hours=i),
                    note="说明" if has_note else "",
                    team_id=team.id,
                )
            except ActionError:
                session.rollback()
        session.expire_all()
        moves = [e for e in session.get_one(Case, case.id).events if e.status_to]
        assert case.status is moves[-1].status_to
        assert (case.due_at is not None) or case.status not in TIMED
        assert all(e.actor == "resident" or e.note for e in moves if e.status_to is CaseStatus.closed)
        assert CLOCK.kind not in {e.actor for e in moves}


@given(st.dates(date(2025, 1, 1), date(2035, 12, 31)), st.integers(1, 5000), st.data())
def test_a_wrong_digit_in_a_number_is_found(day: date, counter: int, data: st.DataObject) -> None:
    number = numbers.make(day, counter)
    assert numbers.find(numbers.spoken(number)) == (number, True)
    assert numbers.find(number) == (number, True)
    at = data.draw(st.integers(0, len(number) - 1))
    wrong = number[:at] + data.draw(st.sampled_from([d for d in "0123456789" if d != number[at]])) + number[at + 1 :]
    assert numbers.find(wrong) in ((wrong, False), (None, True))


def test_a_phone_is_no_case_number() -> None:
    assert numbers.find("我的电话13812345678") == (None, True)

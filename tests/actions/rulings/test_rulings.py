"""What a legal worker decides is what the program does; until then the strict answer holds."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from actions.decisions import bodies, calling, matters, meetings
from actions.decisions.models import MeetingState
from actions.decisions.status import State, Step
from actions.disclosure import schedule
from actions.errors import InvalidInput
from actions.roster.models import Committee, VillageProfile
from actions.rulings import rulings
from actions.rulings.rulings import RULED, STRICT, Rulings
from actions.topics import raising
from actions.topics.counting import archive
from tests.actions.decisions.conftest import Office, office

__all__ = ["office"]
WHY = "省实施办法第九条，问过省厅法规处"


def _decide(session: Session, code: str, value: int) -> None:
    rulings.decide(session, code, value, WHY)
    session.commit()


def _profile() -> VillageProfile:
    return VillageProfile(
        place_id="x",
        committee=Committee.village,
        adults=812,
        households=213,
        representatives=31,
        has_collective=True,
        charter_hands_on="",
        has_party_step=True,
        online_basis="",
    )


def test_without_a_word_of_anybody_the_first_answer_holds(office: Office) -> None:
    held = rulings.rulings(office.session)
    assert held == STRICT
    assert {code: held.of(code) for code in rulings.questions()} == {
        **dict.fromkeys(("tenth", "online", "reps_online", "woods", "grace", "first_day"), 0),
        "archive": 30,
    }


@pytest.mark.parametrize(
    ("code", "value", "why", "said"),
    [
        ("moon", 1, WHY, "没有这个问题"),
        ("tenth", 7, WHY, "请选一种"),
        ("tenth", None, WHY, "请选一种"),
        ("tenth", 1, "问过了", "至少十个字"),
        ("tenth", 0, WHY, "没有改"),
    ],
)
def test_what_is_no_decision_is_refused(office: Office, code: str, value: int | None, why: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        rulings.decide(office.session, code, value, why)
    assert rulings.rulings(office.session) == STRICT


def test_a_decision_may_be_taken_back(office: Office) -> None:
    _decide(office.session, "tenth", 1)
    assert rulings.rulings(office.session).of("tenth") == 1
    _decide(office.session, "tenth", 0)
    assert rulings.rulings(office.session).of("tenth") == 0


def test_what_the_file_no_longer_knows_counts_as_not_decided() -> None:
    assert Rulings({"grace": 99}).of("grace") == 0


def test_the_base_of_the_tenth() -> None:
    profile = _profile()
    assert "82名以上的村民提出来" in calling.how_to_call(profile)
    told = calling.how_to_call(profile, Rulings({"tenth": 1}))
    assert "82名" not in told
    assert "十分之一以上的村民提出来" in told
    assert "11名以上的村民代表提出来" in told  # a third of 31: nothing is open there


@pytest.mark.parametrize(
    ("body", "basis", "decided", "counts"),
    [
        ("villagers", "", {}, False),
        ("villagers", "省办法第九条", {}, True),
        ("villagers", "省办法第九条", {"online": 1}, False),
        ("villagers", "", {"online": 2}, True),
        ("villagers", "", {"reps_online": 1}, False),
        ("member_representatives", "省办法第九条", {}, False),
        ("member_representatives", "", {"online": 2}, False),
        ("member_representatives", "", {"reps_online": 1}, True),
        ("members", "", {"online": 1}, True),  # the law itself has it (农村集体经济组织法 27)
    ],
)
def test_who_attends_online(body: str, basis: str, decided: dict[str, int], counts: bool) -> None:
    found = bodies.basis_of(body, basis, Rulings(decided))
    base = bodies.body_of(body).bases[0]
    reckoned = bodies.reckon(body, {base: 40}, bodies.Count(present=30, online=10), base=base, online_basis=found)
    assert reckoned.present == (30 if counts else 20)


def test_a_meeting_keeps_what_held_on_its_day(office: Office) -> None:
    decision = office.to_the_notice()
    meeting = office.call(decision)
    _decide(office.session, "online", 2)
    office.meet(meeting, base="meeting_members", present=29, yes=20, online=9)
    assert (meeting.online_basis, meeting.state, decision.state) == (RULED, MeetingState.confirmed, State.resolved)
    _decide(office.session, "online", 1)
    assert meetings.reckoned(meeting, meeting.motions[0]).present == 29


def test_woods_to_outsiders() -> None:
    profile, held = _profile(), Rulings({"woods": 1})
    assert [offer.body for offer in matters.offers("land_to_outsiders", profile)] == ["members"]
    members, representatives = matters.offers("land_to_outsiders", profile, held)
    assert (members.body, representatives.body) == ("members", "member_representatives")
    assert "没有承包到户的林地" in representatives.needs
    assert [offer.body for offer in matters.offers("compensation", profile, held)] == ["members"]
    with pytest.raises(InvalidInput):
        matters.check_body("land_to_outsiders", "member_representatives", profile)


def test_grace_days_are_cut_never_lengthened(office: Office) -> None:
    schedule.begin(office.session, "lijiagou", on=office.today, now=office.now)
    office.session.commit()
    before = {one.duty.code: one.grace_days for one in schedule.kept(office.session, "lijiagou")}
    assert max(before.values()) > 5
    _decide(office.session, "grace", 5)
    after = {one.duty.code: one.grace_days for one in schedule.kept(office.session, "lijiagou")}
    assert after == {code: min(days, 5) for code, days in before.items()}


def test_whether_the_first_day_of_posting_counts(office: Office) -> None:
    decision = office.passed()
    short = replace(office.posted(), posted_to=office.today + timedelta(days=14))
    for entry in (short, replace(short, first_day_counts=True)):  # no form can say it
        with pytest.raises(InvalidInput, match="不能少于15天"):
            office.write(decision, Step.publish, entry)
    _decide(office.session, "first_day", 1)
    with pytest.raises(InvalidInput, match="不能少于15天"):
        office.write(decision, Step.publish, replace(short, posted_to=office.today + timedelta(days=13)))
    assert office.write(decision, Step.publish, short)


def test_how_long_papers_are_kept(office: Office) -> None:
    topic = raising.raise_topic(
        office.session,
        place="lijiagou",
        text="村口太黑，能不能装个灯",
        conversation_id=None,
        by="resident",
        key="k",
        now=office.now,
    )
    assert archive.packed(office.session, topic)["kept_for"] == "30年"
    _decide(office.session, "archive", 0)
    assert archive.packed(office.session, topic)["kept_for"] == "永久"

"""A slip is used once, from one telephone; guessing is slow; what is lost, taken or over ends."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from actions import persons
from actions.errors import Conflict, InvalidInput
from actions.roster import codes, handing, listing, own, printing, retention, slips, tries, voiding
from actions.roster.models import Basis, Household, How, Participant, ParticipantThread, Sex, Slip, SlipTry, Why, Wish
from actions.roster.voiding import Wisher
from tests.actions.roster.village import NOW, PLACE, household, printed

CLERK, OVERSEER = Wisher(1, "文书小李"), Wisher(2, "监委老王")
Sessions = sessionmaker[Session]


def wrong_codes(count: int) -> list[str]:
    return [codes.new_code() for _ in range(count)]


def use(session: Session, asker: str, code: str, *, later: timedelta = timedelta()) -> Participant:
    """As who calls does: committed also when refused."""
    try:
        return slips.use(session, asker=asker, place=PLACE, code=code, now=NOW + later)
    finally:
        session.commit()


def refused(session: Session, asker: str, code: str, *, later: timedelta = timedelta()) -> str:
    with pytest.raises(InvalidInput) as error:
        use(session, asker, code, later=later)
    return error.value.message_zh


def speaks(session: Session, asker: str, *, later: timedelta = timedelta()) -> Participant | None:
    return slips.participant_of(session, asker=asker, place=PLACE, now=NOW + later)


def test_only_a_hash_is_kept(sessions: Sessions) -> None:
    with sessions() as session:
        household(session)
        made = printed(session)
        assert [p.person_no for p in made] == [1, 2, 3]
        held = " ".join(
            str(value)
            for table in (Slip, Participant)
            for row in session.execute(select(table.__table__))
            for value in row
        )
        for one in made:
            assert one.code not in held
            assert session.get(Slip, codes.digest(PLACE, one.code)) is not None


def test_the_first_use_gives_a_voice_and_a_second_telephone_is_refused(sessions: Sessions) -> None:
    with sessions() as session:
        household(session)
        code = printed(session)[0].code
        assert speaks(session, "grandson") is None
        mine = use(session, "grandson", code.lower())
        assert speaks(session, "grandson") is mine
        assert (mine.how, mine.ends_on) == (How.slip, date(2027, 12, 1))
        assert use(session, "grandson", codes.spaced(code)).id == mine.id, "sent again by the same"
        assert refused(session, "page:aunt", code) == slips.TAKEN
        assert speaks(session, "page:aunt") is None
        assert speaks(session, "grandson") is not None


def test_of_two_at_one_moment_one_has_the_voice(sessions: Sessions) -> None:
    with sessions() as session:
        household(session)
        code = printed(session)[0].code
    outcomes, start = [], threading.Barrier(4)

    def run(asker: str) -> None:
        with sessions() as session:
            start.wait()
            try:
                use(session, asker, code)
                outcomes.append("in")
            except InvalidInput as error:
                outcomes.append(error.message_zh)

    _together([partial(run, f"t{n}") for n in range(4)])
    assert sorted(outcomes) == sorted(["in", *[slips.TAKEN] * 3])
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(ParticipantThread)) == 1


def test_a_joined_conversation_is_the_same_person(sessions: Sessions) -> None:
    with sessions() as session:
        household(session)
        code = printed(session)[0].code
        mine = use(session, "wechat", code)
        persons.join(session, "wechat", "widget")
        assert speaks(session, "widget") == mine
        assert use(session, "widget", code).id == mine.id


def test_one_telephone_speaks_for_one(sessions: Sessions) -> None:
    with sessions() as session:
        household(session)
        first, second, _ = printed(session)
        use(session, "grandson", first.code)
        assert "一部手机只登记一个人" in refused(session, "grandson", second.code)
        assert use(session, "grandma", second.code).person_no == 2, "it wasn't used up"


def test_a_code_is_good_in_its_own_village_only(sessions: Sessions) -> None:
    with sessions() as session:
        household(session)
        code = printed(session)[0].code
        with pytest.raises(InvalidInput, match="没有对上"):
            slips.use(session, asker="a", place="qingshi", code=code, now=NOW)


def test_five_wrong_tries_lock_the_asker_for_a_day_and_a_right_code_does_not_help(sessions: Sessions) -> None:
    with sessions() as session:
        household(session)
        code = printed(session)[0].code
        left = [refused(session, "thief", wrong) for wrong in wrong_codes(5)]
        assert [f"还可以试 {n} 次" in said for n, said in zip((4, 3, 2, 1), left[:4], strict=True)] == [True] * 4
        assert "明天" in left[4]
        assert "明天" in refused(session, "thief", code)
        assert "明天" in refused(session, "thief", code, later=timedelta(hours=23))
        assert use(session, "thief", code, later=timedelta(hours=25)).person_no == 1


def test_a_code_of_ones_own_gives_no_more_tries(sessions: Sessions) -> None:
    with sessions() as session:
        household(session)
        code = printed(session)[0].code
        for wrong in wrong_codes(4):
            refused(session, "thief", wrong)
        use(session, "thief", code)
        assert "明天" in refused(session, "thief", wrong_codes(1)[0])


@pytest.mark.parametrize(
    "written", ["", "我没有码", "ABC", "0" * 10, "'; DROP TABLE slip;--", "码" * 3000, "AAAAAAAAAA\x00"]
)
def test_what_is_no_code_is_refused_in_words_and_counts(sessions: Sessions, written: str) -> None:
    with sessions() as session:
        assert "还可以试 4 次" in refused(session, "a", written)


@pytest.mark.parametrize("asker", ["", "page:" + "x" * 60, "page:\x00", "\ud800"])
def test_an_asker_that_nobody_gave_out_is_refused(sessions: Sessions, asker: str) -> None:
    with sessions() as session:
        assert "刷新" in refused(session, asker, codes.new_code())
        assert speaks(session, asker) is None


def test_twenty_guesses_in_an_hour_put_the_village_on_its_guard_and_lock_out_nobody_else(sessions: Sessions) -> None:
    with sessions() as session:
        household(session)
        code = printed(session)[0].code
        for number in range(30):
            refused(session, f"typo{number}", code[:-1])
        assert tries.locked_until(session, PLACE, NOW) is None
        for number, wrong in enumerate(wrong_codes(20)):
            refused(session, f"page:{number}", wrong)
        assert tries.locked_until(session, PLACE, NOW) == NOW + timedelta(hours=1)
        assert tries.locked_until(session, "qingshi", NOW) is None
        said = [refused(session, "thief", wrong) for wrong in wrong_codes(3)]
        assert ["还可以试 1 次" in said[0], "13:00以后再试" in said[2]] == [True, True]
        assert "13:00以后再试" in refused(session, "thief", code), "also with a right one"
        refused(session, "honest", code[:-1])
        assert use(session, "honest", code).person_no == 1, "who has a slip is kept out by nobody"
        assert "还可以试 2 次" in refused(session, "thief", wrong_codes(1)[0], later=timedelta(minutes=61))


def test_guesses_at_one_moment_all_count(sessions: Sessions) -> None:
    start, said = threading.Barrier(8), []

    def run(wrong: str) -> None:
        with sessions() as session:
            start.wait()
            said.append(refused(session, "thief", wrong))

    _together([partial(run, wrong) for wrong in wrong_codes(8)])
    assert sum("没有对上" in one for one in said) == tries.ASKER.most
    with sessions() as session:
        assert session.get_one(SlipTry, "a:thief").locked_until is not None


def test_a_slip_ends_after_a_year_and_the_next_one_carries_the_voice_on(sessions: Sessions) -> None:
    with sessions() as session:
        household(session, adults=1)
        mine = use(session, "li", printed(session)[0].code)
        assert speaks(session, "li", later=timedelta(days=365))
        assert speaks(session, "li", later=timedelta(days=366, hours=13)) is None
        with pytest.raises(InvalidInput, match="没有要打印"):
            printed(session)
        soon = NOW + timedelta(days=340)
        new = printing.sheet(session, place=PLACE, group="一组", basis=Basis.person, is_again=False, by="李", now=soon)[
            0
        ]
        session.commit()
        assert speaks(session, "li", later=timedelta(days=341)), "until its own last day"
        assert use(session, "new telephone", new.code, later=timedelta(days=341)).id == mine.id
        assert speaks(session, "li", later=timedelta(days=341)) is None, "one telephone"
        assert "过期" in refused(session, "somebody", new.code, later=timedelta(days=800))


def test_a_sheet_is_printed_for_those_without_a_slip_and_again_only_what_was_not_handed_over(
    sessions: Sessions,
) -> None:
    with sessions() as session:
        household(session, "1-2", adults=2)
        household(session, "1-10", adults=1)
        made = printed(session)
        assert [(p.household, p.person_no) for p in made] == [("1-2", 1), ("1-2", 2), ("1-10", 1)]
        first = session.scalars(select(Participant).where(Participant.person_no == 2)).one()
        assert handing.hand_over(session, first, by="网格员小张", how=How.slip, now=NOW)
        assert not handing.hand_over(session, first, by="别人", how=How.desk, now=NOW), "a double tap"
        session.commit()
        with pytest.raises(InvalidInput, match="没有要打印"):
            printed(session)
        again = printed(session, is_again=True)
        assert [(p.household, p.person_no) for p in again] == [("1-2", 1), ("1-10", 1)]
        assert "作废" in refused(session, "a", made[0].code)
        assert use(session, "a", again[0].code).verified_by == ""
        assert use(session, "b", made[1].code).verified_by == "网格员小张"


def test_a_tap_on_the_wrong_line_is_taken_back_on_the_day_by_who_made_it(sessions: Sessions) -> None:
    with sessions() as session:
        household(session, adults=1)
        code = printed(session)[0].code
        person = session.scalars(select(Participant)).one()
        handing.hand_over(session, person, by="小张", how=How.slip, now=NOW)
        for by, now in (("小王", NOW), ("小张", NOW + timedelta(days=1))):
            with pytest.raises(Conflict):
                handing.take_back(session, person, by=by, now=now)
        handing.take_back(session, person, by="小张", now=NOW)
        handing.hand_over(session, person, by="小张", how=How.slip, now=NOW)
        use(session, "a", code)
        with pytest.raises(Conflict):
            handing.take_back(session, person, by="小张", now=NOW)


def test_a_lost_slip_dies_and_the_voice_stays(sessions: Sessions) -> None:
    with sessions() as session:
        mine, code = _used(session, "li")
        _granted(session, mine, Wish.lost)
        assert speaks(session, "li") == mine
        assert "作废" in refused(session, "finder", code)
        new = printed(session)[0]
        assert use(session, "li", new.code).id == mine.id


def test_with_the_telephone_gone_the_old_one_is_silent_and_the_voice_stays(sessions: Sessions) -> None:
    with sessions() as session:
        mine, _ = _used(session, "old telephone")
        _granted(session, mine, Wish.phone)
        assert speaks(session, "old telephone") is None
        assert voiding.revoked(session, PLACE) == []
        assert use(session, "new telephone", printed(session)[0].code).id == mine.id


def test_who_has_the_same_paper_ends_the_others_voice_and_gets_another(sessions: Sessions) -> None:
    with sessions() as session:
        thief, code = _used(session, "thief")
        with pytest.raises(InvalidInput, match="先把纸条上的码发给我"):
            slips.report_taken(session, asker="owner", place=PLACE, now=NOW)
        refused(session, "owner", code)
        assert "都作废了" in slips.report_taken(session, asker="owner", place=PLACE, now=NOW)
        session.commit()
        assert speaks(session, "thief") is None
        assert voiding.revoked(session, PLACE) == [thief.id]
        assert [h.code for h in voiding.without_paper(session, [PLACE])] == ["1-07"]
        assert "作废" in refused(session, "thief", code)
        new = printed(session)[0]
        assert voiding.without_paper(session, [PLACE]) == []
        owner = use(session, "owner", new.code)
        assert (owner.id != thief.id, owner.person_no) == (True, thief.person_no)


def test_what_was_asked_is_allowed_or_refused_once(sessions: Sessions) -> None:
    with sessions() as session:
        mine, _ = _used(session, "li")
        asked = voiding.ask(session, household=mine.household, participant=mine, wish=Wish.gone, by=CLERK, now=NOW)
        session.commit()
        with pytest.raises(Conflict):
            voiding.ask(session, household=mine.household, participant=mine, wish=Wish.lost, by=CLERK, now=NOW)
        assert speaks(session, "li") == mine, "nothing is done before"
        voiding.decide(session, asked, grants=False, by=OVERSEER, now=NOW)
        session.commit()
        with pytest.raises(Conflict):
            voiding.decide(session, asked, grants=True, by=OVERSEER, now=NOW)
        assert speaks(session, "li") == mine
        _granted(session, mine, Wish.gone)
        assert speaks(session, "li") is None
        assert mine.household.adults == 0
        with pytest.raises(InvalidInput, match="没有要打印"):
            printed(session)


def test_a_household_that_left_takes_all_its_voices_along(sessions: Sessions) -> None:
    with sessions() as session:
        home = household(session, adults=2)
        for name, made in zip(("a", "b"), printed(session), strict=True):
            use(session, name, made.code)
        asked = voiding.ask(session, household=home, participant=None, wish=Wish.close, by=CLERK, now=NOW)
        voiding.decide(session, asked, grants=True, by=OVERSEER, now=NOW)
        session.commit()
        assert [speaks(session, name) for name in ("a", "b")] == [None, None]
        assert not home.is_active
        assert len(voiding.revoked(session, PLACE)) == 2


def test_a_code_read_out_by_telephone_names_both(sessions: Sessions) -> None:
    with sessions() as session:
        home = household(session, adults=1)
        person = printing.person(session, home, basis=Basis.person, person_no=1)
        asked = voiding.ask(session, household=home, participant=person, wish=Wish.call, by=CLERK, now=NOW)
        with pytest.raises(InvalidInput):
            printing.by_telephone(session, asked, second="监委老王", now=NOW)
        voiding.decide(session, asked, grants=True, by=OVERSEER, now=NOW)
        made = printing.by_telephone(session, asked, second=OVERSEER.name, now=NOW)
        session.commit()
        mine = use(session, "far away", made.code)
        assert (mine.how, mine.verified_by) == (How.call, "文书小李、监委老王")


def test_a_household_may_have_one_voice_of_its_own(sessions: Sessions) -> None:
    with sessions() as session:
        household(session, adults=3)
        made = printed(session, basis=Basis.household)
        assert [(p.household, p.person_no) for p in made] == [("1-07", 0)]
        assert use(session, "a", made[0].code).basis is Basis.household


def test_who_uses_what_nobody_handed_over_is_named_to_the_overseer(sessions: Sessions) -> None:
    with sessions() as session:
        _used(session, "clerk's cousin")
        assert [s.participant.person_no for s in listing.unexplained(session, [PLACE])] == [1]


def test_deleting_ones_data_leaves_nothing_that_leads_to_the_slip(sessions: Sessions) -> None:
    with sessions() as session:
        mine, code = _used(session, "li")
        slips.tell_sex(session, mine, Sex.female)
        refused(session, "other", code)
        session.commit()
        assert own.exported(session, "li") == [
            {
                "place": PLACE,
                "group": "一组",
                "household": "1-07",
                "who": "第1人",
                "sex": "female",
                "verified_at": NOW.isoformat(),
                "given_by": "",
                "ends_on": "2027-12-01",
            }
        ]
        number = mine.id
        slips.forget(session, "li")
        slips.forget(session, "other")
        session.commit()
        assert own.exported(session, "li") == []
        for table in (Participant, ParticipantThread, Slip):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table
        assert [key for key in session.scalars(select(SlipTry.key)) if key != f"p:{PLACE}"] == []
        printed(session)
        assert session.scalars(select(Participant.id)).one() > number, "votes are kept under what is derived from it"


def test_a_conversation_kept_for_long_enough_leaves_the_paper_good(sessions: Sessions) -> None:
    with sessions() as session:
        mine, code = _used(session, "li")
        number = mine.id
        slips.let_go(session, "li")
        session.commit()
        assert speaks(session, "li") is None
        assert own.exported(session, "li") == []
        assert use(session, "li again", code).id == number


def test_a_year_after_it_ended_nothing_of_a_slip_is_left(sessions: Sessions) -> None:
    with sessions() as session:
        mine, _ = _used(session, "li")
        _granted(session, mine, Wish.gone)
        for _ in range(2):
            retention.tick(session, NOW + timedelta(days=360))
        assert session.scalar(select(func.count()).select_from(Slip)) == 1
        retention.tick(session, NOW + timedelta(days=370))
        for table in (Slip, Participant, ParticipantThread):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table
        assert session.scalar(select(func.count()).select_from(Household)) == 1


def test_a_browser_of_another_conversation_is_not_mistaken(sessions: Sessions) -> None:
    """The end of a slip by one way leaves the others as they are."""
    with sessions() as session:
        household(session, adults=2)
        one, two = printed(session)
        first, second = use(session, "a", one.code), use(session, "b", two.code)
        voiding.end(session, first, Why.stolen, now=NOW)
        session.commit()
        assert speaks(session, "b") == second


def _used(session: Session, asker: str) -> tuple[Participant, str]:
    household(session, adults=1)
    code = printed(session)[0].code
    return use(session, asker, code), code


def _granted(session: Session, person: Participant, wish: Wish) -> None:
    asked = voiding.ask(session, household=person.household, participant=person, wish=wish, by=CLERK, now=NOW)
    voiding.decide(session, asked, grants=True, by=OVERSEER, now=NOW)
    session.commit()


def _together(runs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

"""The words that a case's buttons send mean what stands on them, whatever they were taken for."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing, finding, moves, numbers
from actions.cases.models import Case
from actions.cases.status import CaseStatus
from actions.dialogue.case import EARLIER, CheckCase, ConfirmCase
from actions.dialogue.control import Affirm, Question, Report
from actions.dialogue.frame.base import Said, Turn, slots
from actions.dialogue.frame.case_buttons import pressed
from actions.offices.models import Team
from knowledge.normalise import normalise
from tests.actions.dialogue.test_base import given, user
from tests.actions.dialogue.test_forms import Pigs

DESK = moves.Actor("staff", "王芳", 1)


def filed(sessions: sessionmaker[Session], what: str = "路灯坏了", conversation: str = "c1") -> str:
    with sessions() as session:
        case = filing.file(
            session,
            request_key=what,
            conversation_id=conversation,
            place=None,
            category="其他",
            fields={"what": what},
            now=datetime.now(UTC),
        )
        return numbers.spoken(case.number)


def case_of(session: Session, number: str) -> Case:
    return next(c for c in finding.of_conversation(session, "c1") if numbers.spoken(c.number) == number)


def answer(sessions: sessionmaker[Session], number: str) -> None:
    with sessions() as session:
        session.add(Team(id=1, name="村委会", place_id="nation"))
        session.commit()
        case = case_of(session, number)
        for to in (CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress, CaseStatus.answered):
            moves.move(
                session, case.id, to, actor=DESK, key=to.value, now=datetime.now(UTC), note="修好了。", team_id=1
            )


def press(sessions: sessionmaker[Session], text: str, intent: str = "check_case") -> str:
    said = pressed(given(sessions), Turn("c1", text, intent=intent))
    assert said is not None, text
    return said.replies[0].text


def record(sessions: sessionmaker[Session], number: str) -> list[tuple[str, str]]:
    with sessions() as session:
        return [(e.what, e.note) for e in case_of(session, number).events if e.actor == "resident"][1:]


def test_urging_stands_in_the_record_once_a_day(sessions: sessionmaker[Session]) -> None:
    number = filed(sessions)
    assert "替您催了" in press(sessions, f"{number} 催一下")
    assert "今天已经替您催过了" in press(sessions, f"{number} 催一下")
    assert record(sessions, number) == [("居民催办", "")]


def test_urging_what_waits_for_the_resident_says_so(sessions: sessionmaker[Session]) -> None:
    number = filed(sessions)
    with sessions() as session:
        moves.pause(session, case_of(session, number).id, "哪一盏？", actor=DESK, key="p", now=datetime.now(UTC))
    assert "正等您补充" in press(sessions, f"{number} 催一下")
    assert record(sessions, number) == []


def test_urging_without_a_number_urges_the_only_one_or_asks_which(sessions: sessionmaker[Session]) -> None:
    number = filed(sessions)
    urged = CheckCase(given(sessions)).do(Turn("c1", "帮我催催", intent="check_case"))
    assert "替您催了" in urged.replies[0].text
    other = filed(sessions, "井盖丢了")
    asked = CheckCase(given(sessions)).do(Turn("c1", "帮我催催", intent="check_case")).replies[0]
    assert {b.payload for b in asked.buttons} == {f"{n} 催一下" for n in (number, other)}


@pytest.mark.parametrize("action", [Question, Report], ids=["a question", "a report"])
@pytest.mark.parametrize("words", ["他还欠我三个月工资不给，我该怎么办？", "他家的狗也没拴"])
def test_what_is_added_reaches_the_case_though_it_sounds_like_something_else(
    sessions: sessionmaker[Session], action: type[Question | Report], words: str
) -> None:
    number = filed(sessions)
    action(given(sessions)).do(Turn("c1", f"{number} 补充：{words}", intent="ask_law"))
    assert record(sessions, number) == [("居民补充", words)]


def test_an_open_form_does_not_swallow_them_and_goes_on(sessions: sessionmaker[Session]) -> None:
    number = filed(sessions)
    text = f"{number} 补充：3 号那盏"
    turn = Turn("c1", text, message=2, slots={"requested_slot": "pig_count"}, events=[user(2, text, 11)])
    said = Pigs(given(sessions)).do(turn)
    assert record(sessions, number) == [("居民补充", "3 号那盏")]
    assert said == Said(said.replies, slots(pig_message=2)), "nothing filled, nothing ended"


def test_solved_and_not_solved_move_what_was_answered(sessions: sessionmaker[Session]) -> None:
    number = filed(sessions)
    assert "已登记" in press(sessions, f"{number} 没解决"), "an older card's button tells where it stands"
    answer(sessions, number)
    assert "重新处理" in press(sessions, f"{number} 没解决")
    with sessions() as session:
        assert case_of(session, number).status is CaseStatus.reopened


def test_another_conversations_number_does_nothing(sessions: sessionmaker[Session]) -> None:
    number = filed(sessions, conversation="somebody")
    assert "没有您登记的" in press(sessions, f"{number} 补充：我是冒名的")
    assert "手机号后四位" in press(sessions, f"{number} 催一下")
    with sessions() as session:
        case = finding.of_conversation(session, "somebody")[0]
        assert [e.what for e in case.events] == ["登记"]


@pytest.mark.parametrize(
    "text", ["补充：他家的狗", "催一下", "261124-001-05", "编号261124-001-05 催一下吧", "13812345678"]
)
def test_other_words_are_left_to_the_rules(sessions: sessionmaker[Session], text: str) -> None:
    assert pressed(given(sessions), Turn("c1", text)) is None


def test_a_number_is_no_part_of_what_is_said_of_its_case() -> None:
    assert numbers.after("261124-001-05 补充：他又来了") == "补充：他又来了"
    assert numbers.after("他说 261124-001-05") == "他说 261124-001-05"


def asked_for_more(sessions: sessionmaker[Session], number: str, at: datetime) -> None:
    with sessions() as session:
        moves.pause(session, case_of(session, number).id, "四至是怎么写的？", actor=DESK, key="p", now=at)


ANSWER = "东到水渠,西到老王家地边"


def test_an_answer_to_what_a_case_asks_is_offered_to_it(sessions: sessionmaker[Session]) -> None:
    """In the resident's own words: 东到水渠 was answered with what to do about ditches, and the clock stood."""
    number = filed(sessions)
    asked_for_more(sessions, number, datetime.fromtimestamp(100, UTC))
    heard = [user(1, "邻居占我地", 50), user(2, ANSWER, 110)]
    turn = Turn("c1", ANSWER, intent="report_dispute", message=2, events=heard)
    said = Report(given(sessions)).do(turn)
    assert "补充给" in said.replies[0].text
    yes, no = said.replies[0].buttons
    after = replace(turn, text=yes.says, message=3, events=[*heard, user(3, yes.says, 120)])
    told = Report(given(sessions)).do(after)
    assert "补充进去了" in told.replies[0].text
    assert record(sessions, number) == [("居民补充", "东到水渠，西到老王家地边")], "as the resident wrote it"
    with sessions() as session:
        assert case_of(session, number).paused_at is None
    asked = Report(given(sessions)).do(replace(after, text=normalise(no.says)))
    assert "补充" not in asked.replies[0].text


def test_a_bare_yes_puts_the_answer_into_the_case(sessions: sessionmaker[Session]) -> None:
    number = filed(sessions)
    asked_for_more(sessions, number, datetime.fromtimestamp(100, UTC))
    heard = [user(2, ANSWER, 110), user(3, "对", 120)]
    waits = {"awaits": f"2 {number} {EARLIER}"}
    said = Affirm(given(sessions)).do(Turn("c1", "对", intent="affirm", message=3, events=heard, slots=waits))
    assert "补充进去了" in said.replies[0].text
    assert record(sessions, number) == [("居民补充", "东到水渠，西到老王家地边")]


@pytest.mark.parametrize(
    ("text", "intent", "earlier"),
    [
        ("低保怎么申请", "ask_service_guide", 0),  # a question
        ("谢谢", "thanks", 0),
        ("好的我晚点找", "affirm", 0),
        (ANSWER, "report_dispute", 2),  # long after
    ],
)
def test_other_words_are_no_answer_to_a_case(
    sessions: sessionmaker[Session], text: str, intent: str, earlier: int
) -> None:
    asked_for_more(sessions, filed(sessions), datetime.fromtimestamp(100, UTC))
    heard = [user(i, "别的话", 101 + i) for i in range(earlier)] + [user(9, text, 200)]
    assert pressed(given(sessions), Turn("c1", text, intent=intent, message=9, events=heard)) is None


def test_who_asks_why_nobody_comes_hears_where_their_case_stands(sessions: sessionmaker[Session]) -> None:
    """Not that they have none: it was filed three minutes before."""
    number = filed(sessions)
    said = ConfirmCase(given(sessions)).do(Turn("c1", "怎么还没人来", intent="confirm_case"))
    assert number in said.replies[0].text
    assert "没有您登记" not in said.replies[0].text
    assert f"{number} 催一下" in [button.says for button in said.replies[0].buttons]

import pytest
from sqlalchemy.orm import sessionmaker

from actions.dialogue.frame.base import NOTHING, Said, Turn, say, slots
from actions.dialogue.frame.forms import AGAIN, TO_THE_RULES, Ask, Form
from actions.dialogue.hearing import asides
from actions.replies import Reply, ReplyKind
from tests.actions.dialogue.test_base import given, user

ASKED = Said(events=slots(pig_hint=None, pig_message=2))  # nothing new: the form asks the same again


class Pigs(Form):
    """How many pigs."""

    prefix = "pig"
    fields = ("count", "message", "hint")
    aside_table = asides.BOOKING

    def farewell(self, turn: Turn) -> Reply:
        return Reply(ReplyKind.smalltalk, "不数了。")

    def read_step(self, turn: Turn, step: str) -> Said:
        if turn.text == "转人工":
            return TO_THE_RULES
        return say(events=slots(**{f"pig_{step}": turn.text})) if turn.text.isdigit() else AGAIN


def hear(text: str, *, message: int = 2, heard: int | None = None, before: str = "") -> Said:
    events = [user(1, before, 10), user(message, text, 11)]
    held = {"requested_slot": "pig_count", "pig_message": heard}
    return Pigs(given(sessionmaker())).do(Turn("c", text, message=message, slots=held, events=events))


def test_an_answer_fills_its_step_and_takes_the_hint_away() -> None:
    assert hear("3") == Said(events=slots(pig_hint=None, pig_count="3", pig_message=2))


def test_an_answer_that_says_nothing_is_asked_again() -> None:
    assert hear("猪") == ASKED


def test_what_belongs_to_the_other_rules_changes_nothing_at_all() -> None:
    assert hear("转人工") == NOTHING


@pytest.mark.parametrize("text", ["算了", "回头再说"])
def test_stopping_empties_the_form_and_ends_it(text: str) -> None:
    said = hear(text)
    assert [r.text for r in said.replies] == ["不数了。"]
    assert said.events == slots(pig_count=None, pig_message=None, pig_hint=None, requested_slot=None)


def test_a_small_question_is_answered_and_the_form_goes_on() -> None:
    said = hear("要钱吗")
    assert said.replies[0].text.startswith("不要钱")
    assert said.events == ASKED.events


def test_a_message_is_heard_once() -> None:
    assert hear("3", heard=2) == Said(events=slots(pig_message=2))


def test_a_double_tap_answers_one_question() -> None:
    assert hear("3", before="3") == Said(events=slots(pig_message=2))


class AskPigs(Ask):
    def ask(self, turn: Turn) -> Said:
        return say(Reply(ReplyKind.asking, "几头猪？"))


def test_a_question_is_kept_while_a_person_is_asked_for() -> None:
    asks = AskPigs(given(sessionmaker()))
    assert asks.do(Turn("c", "转人工", intent="human_handoff", sure=0.9)) == NOTHING
    assert asks.do(Turn("c", "三头", intent="human_handoff", sure=0.9)).replies

import asyncio
import threading
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session, sessionmaker

from actions.dialogue.frame.base import CustomAction, Said, Services, Turn, keep, said_before, say, slots
from actions.replies import Button, Effects, Reply, ReplyKind
from tests.conftest import DAY
from tests.fakes import services_that_find_nothing


def given(sessions: sessionmaker[Session]) -> Services:
    return services_that_find_nothing(sessions, DAY)


def user(message: int, text: str, at: float) -> dict[str, Any]:
    return {"event": "user", "text": text, "timestamp": at, "metadata": {"message": message}}


class Waits(CustomAction):
    """Waits for a word of the event loop, which only another thread can."""

    names = ("action_waits",)
    gone_on = threading.Event()

    def do(self, turn: Turn) -> Said:
        assert self.gone_on.wait(10)
        return say(
            Reply(
                ReplyKind.asking,
                f"听到了：{turn.text}",
                buttons=(Button("好"),),
                effects=Effects(place=turn.place or ""),
            ),
            events=slots(awaits="1 好"),
        )


def test_an_action_leaves_the_event_loop_to_others_and_speaks_rasas_json() -> None:
    said = CollectingDispatcher()
    told = {
        "text": "您好",
        "metadata": {"message": 3, "place": "lijiagou"},
        "intent": {"name": "greet", "confidence": 0.9},
    }
    action = Waits(given(sessionmaker()))

    async def both() -> list[Any]:
        running = asyncio.create_task(action.run(said, Tracker("c", {}, told, [], False, None, {}, None), {}))
        await asyncio.sleep(0)
        action.gone_on.set()
        return await running

    events = asyncio.run(both())
    assert said.messages[0]["custom"] == {
        "kind": "asking",
        "text": "听到了：您好",
        "buttons": [{"title": "好"}],
        "place": "lijiagou",
    }
    assert [(e["name"], e["value"]) for e in events] == [("awaits", "1 好")]


def test_a_turn_without_metadata_has_neither_message_nor_place() -> None:
    turn = Turn.of(Tracker("c", {"a": 1}, {"text": "ＡＢ"}, [], False, None, {"name": "dispute_form"}, None))
    assert (turn.text, turn.intent, turn.sure, turn.message, turn.place) == ("AB", "", 0.0, None, None)
    assert (turn.form, turn.slot("a"), turn.slot("b")) == ("dispute_form", 1, None)


def test_the_same_words_within_moments_are_one_press() -> None:
    assert Turn("c", "对", message=2, events=[user(1, "对", 10), user(2, "对", 12)]).is_double_tap
    assert not Turn("c", "对", message=2, events=[user(1, "对", 10), user(2, "对", 13)]).is_double_tap
    assert not Turn("c", "对", message=2, events=[user(1, "好", 10), user(2, "对", 12)]).is_double_tap


def test_a_second_try_at_one_message_is_no_second_press() -> None:
    assert not Turn("c", "对", message=2, events=[user(2, "对", 10), user(2, "对", 11)]).is_double_tap


def test_a_yes_means_what_was_asked_in_the_reply_before_and_nothing_older() -> None:
    asked = Turn("c", "撤回", message=1).waiting_for("确认撤回")
    events = [user(1, "撤回", 10), user(2, "对", 20)]
    assert Turn("c", "对", message=2, slots={"awaits": asked}, events=events).awaited == "确认撤回"
    later = [*events, user(3, "对", 30)]
    assert Turn("c", "对", message=3, slots={"awaits": asked}, events=later).awaited == ""


def test_what_was_kept_with_a_deed_is_said_again_by_a_second_try(sessions: sessionmaker[Session]) -> None:
    reply = Reply(ReplyKind.case, "撤回了。", buttons=(Button("要", "要"),), effects=Effects(is_green=True))
    with sessions() as session:
        assert said_before(session, Turn("c", "撤回", message=4)) is None
        keep(session, Turn("c", "撤回", message=4), reply)
        session.commit()
    with sessions() as session:
        assert said_before(session, Turn("c", "撤回", message=4)) == say(reply)
        assert said_before(session, Turn("c", "撤回")) is None


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("还有 修村道把我菜地占了三十多平 一分钱没给", None),
        ("另外想问一下我家的低保怎么停了", None),
        ("还有我妹妹呢，她也不给", "我哥不养老人"),
        ("还有，多久", "我哥不养老人"),
        ("那修村道占了我家菜地呢，一分钱没给", "我哥不养老人"),
    ],
)
def test_who_says_that_this_is_another_matter_is_read_without_the_one_before(text: str, last: str | None) -> None:
    held = {"last_question": "我哥不养老人", "last_document": "answer-a", "last_offered": ["answer-b"]}
    turn = Turn.of(Tracker("c", held, {"text": text}, [], False, None, {}, None))
    assert turn.slot("last_question") == last
    assert turn.slot("last_document") == ("answer-a" if last else None)

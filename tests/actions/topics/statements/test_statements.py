"""同意, 不同意, 跳过 from the first answer to the published result, on the real tables."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from actions import persons
from actions.errors import InvalidInput, NotAllowed
from actions.topics import clock, following, listing, opinions
from actions.topics.counting import archive, sealing
from actions.topics.models import Ballot, Opinion, Topic
from actions.topics.statements import choices, writing
from actions.topics.statements import result as statements
from actions.topics.statements.models import StatementResult
from actions.topics.status import TopicState
from actions.topics.steps import result, screening
from tests.actions.topics.statements.lamp import LINES, answer, opened, seeded, two_camps
from tests.actions.topics.village import CLERK, NOW, OVERSEER, Village

LATER = NOW + timedelta(days=12)


def ids(here: Village, topic: Topic) -> list[int]:
    return [row.id for row in choices.shown(here.session, topic)]


def held(here: Village, topic: Topic) -> list[tuple[dict[int, int], bool]]:
    return [(choices.unpacked(b.choice), b.is_verified) for b in sealing.ballots_of(here.session, topic)]


def say(here: Village, topic: Topic, words: str, *, asker: str = "a", key: str = "o") -> Opinion:
    said: dict[str, Any] = {"topic_id": topic.id, "asker": asker, "text": words, "stance": "", "source": "chat"}
    return opinions.add(here.session, key=key, now=NOW, **said)


def publish(here: Village, topic: Topic) -> None:
    said: dict[str, Any] = {"said": "先装学校门口，明年再装东头。", "outcome": "not_done", "tasks": []}
    result.propose(here.session, topic.id, actor=CLERK, key="w", now=LATER, **said)
    result.publish(here.session, topic.id, actor=OVERSEER, key="p", now=LATER)


@pytest.mark.parametrize("answers", [{}, {1: 1, 2: -1, 9: 0}, {10**6: -1}])
def test_packing_loses_nothing(answers: dict[int, int]) -> None:
    assert choices.unpacked(choices.packed(answers)) == answers


def test_one_voice_a_person_each_answer_changed_until_the_close(here: Village) -> None:
    topic = opened(here)
    first, second, *_ = ids(here, topic)
    here.slip("a")
    answer(here, topic, "a", first, choices.AGREE)
    answer(here, topic, "a", second, choices.PASS)
    answer(here, topic, "a", first, choices.DISAGREE)
    assert held(here, topic) == [({first: -1, second: 0}, True)]
    for bad in ({"statement": 10**6}, {"said": 2}, {"statement": -1}):
        said: dict[str, Any] = {"statement": first, "said": 1, **bad}
        with pytest.raises(InvalidInput):
            choices.answer(here.session, topic_id=topic.id, asker="a", source="chat", now=NOW, keys=here.keys, **said)
    with pytest.raises(NotAllowed, match="截止"):
        choices.answer(
            here.session,
            topic_id=topic.id,
            statement=first,
            said=1,
            asker="a",
            source="chat",
            now=LATER,
            keys=here.keys,
        )


def test_what_was_answered_before_the_slip_and_elsewhere_is_kept_and_the_last_word_counts(here: Village) -> None:
    topic = opened(here)
    first, second, third, *_ = ids(here, topic)
    answer(here, topic, "widget", first, choices.AGREE)
    answer(here, topic, "widget", second, choices.AGREE)
    persons.join(here.session, "wechat", "widget")
    here.slip("wechat")
    answer(here, topic, "wechat", second, choices.DISAGREE)
    answer(here, topic, "widget", third, choices.PASS)
    assert held(here, topic) == [({first: 1, second: -1, third: 0}, True)]


def test_a_slip_used_between_two_answers_lifts_what_was_said(here: Village) -> None:
    topic = opened(here)
    first = ids(here, topic)[0]
    answer(here, topic, "a", first, choices.AGREE)
    choices.lift(here.session, topic, asker="a", now=NOW, keys=here.keys)
    assert held(here, topic) == [({first: 1}, False)]
    here.slip("a")
    choices.lift(here.session, topic, asker="a", now=NOW, keys=here.keys)
    assert held(here, topic) == [({first: 1}, True)]


def test_each_hears_them_in_an_order_of_their_own_and_none_twice(here: Village) -> None:
    topic = opened(here)
    orders = set()
    for asker in ("a", "b", "c"):
        heard: list[int] = []
        for n in range(len(LINES)):
            at = choices.progress(here.session, topic, asker=asker, now=NOW, keys=here.keys)
            assert at.next is not None
            assert (at.done, at.of) == (n, len(LINES))
            heard.append(at.next.id)
            answer(here, topic, asker, at.next.id, choices.PASS)
        at = choices.progress(here.session, topic, asker=asker, now=NOW, keys=here.keys)
        assert at.next is None
        assert sorted(heard) == ids(here, topic)
        orders.add(tuple(heard))
    assert len(orders) == 3


def test_a_statement_of_ones_own_waits_is_shown_and_is_answered_by_others(here: Village) -> None:
    topic = opened(here)
    mine = say(here, topic, "路口的灯要亮一点", asker="author")
    assert mine.state == "waiting"
    with pytest.raises(InvalidInput):
        answer(here, topic, "b", mine.id, choices.AGREE)
    opinions.show(here.session, mine.id, actor=CLERK, now=NOW)
    answer(here, topic, "b", mine.id, choices.AGREE)
    for words, said in (
        ("路口的灯，要亮一点！", "已经有人写过"),
        ("灯" * 141, "最多140"),
        ("亮", "完整"),
        ("离婚的媳妇那份地该收回来", "妇女"),
    ):
        with pytest.raises(InvalidInput, match=said):
            say(here, topic, words, asker="c", key=words[:9])
    for n in range(3):
        say(here, topic, f"第{n}盏灯要装得高一点", asker="d", key=f"d{n}")
    with pytest.raises(InvalidInput, match="一天最多说3条"):
        say(here, topic, "第四盏也一样要高", asker="d", key="d4")


def test_the_village_begins_with_at_least_five_and_nothing_unlawful(here: Village) -> None:
    topic = here.raised()
    wording = screening.Wording("村口路段装路灯", matter="facility", method="opinions", days=10)
    screening.edit(here.session, topic.id, wording, actor=CLERK, key="e1", now=NOW)
    with pytest.raises(NotAllowed, match="怎么答"):
        seeded(here, topic, *LINES)
    wording = screening.Wording("村口路段装路灯", matter="facility", method="statements", days=10)
    screening.edit(here.session, topic.id, wording, actor=CLERK, key="e2", now=NOW)
    screening.take_up(here.session, topic.id, actor=CLERK, key="t", now=NOW)
    with pytest.raises(NotAllowed, match="开头的几句"):
        screening.propose_opening(here.session, topic.id, actor=CLERK, key="x", now=NOW)
    for lines in (LINES[:4], (*LINES[:5], LINES[0]), (*LINES[:5], "离婚的媳妇那份地该收回来"), (*LINES[:5], "灯")):
        with pytest.raises(InvalidInput):
            seeded(here, topic, *lines, key="bad")
    seeded(here, topic, *LINES)
    seeded(here, topic, *LINES[:6], key="again")
    seeded(here, topic, *LINES[:6], key="again")
    assert [row.text for row in writing.seeds(here.session, topic)] == list(LINES[:6])
    seeded(here, topic, *LINES[:5], "按法律调整一下承包地", key="flagged")
    assert topic.legality == "pending"
    screening.edit(here.session, topic.id, wording, actor=CLERK, key="e3", now=NOW)
    with pytest.raises(NotAllowed, match="法律工作者"):
        screening.propose_opening(here.session, topic.id, actor=CLERK, key="y", now=NOW)


def test_groups_come_out_of_the_seal_and_are_told_in_words_only(here: Village) -> None:
    session, topic = here.session, opened(here)
    two_camps(here, topic, 64, chance=random.Random(4))
    answer(here, topic, "loose", ids(here, topic)[0], choices.AGREE)  # without a slip: in no number
    here.tick(days=9)
    assert session.get(StatementResult, topic.id) is None  # never while it is open
    assert statements.told(session, topic) is None
    here.tick(days=11)
    row = session.get_one(StatementResult, topic.id)
    assert (row.found["people"], row.found["why_not"], len(row.found["groups"])) == (64, "", 2)
    told = statements.told(session, topic)
    assert told is not None
    assert [camp.letter for camp in told.camps] == ["A", "B"]
    assert "多数同意“装灯要请有证的电工”" in told.common
    said = " ".join(words for camp in told.camps for words in camp.own)
    assert "先装学校门口" in said or "省电" in said
    assert not any(letter.isdigit() for camp in told.camps for words in camp.own for letter in words)
    assert statements.fault_of(session, topic) == ""
    assert clock.verify(session, topic, now=LATER) == ""
    publish(here, topic)
    assert topic.shown[0] == "64人逐句表了态"
    assert topic.state is TopicState.result
    packed = archive.packed(session, topic)
    assert packed["statements"][ids(here, topic)[0]] == LINES[0]
    # whoever has the archive gets the same groups
    rows = sorted(packed["ballots"])
    assert len(rows) == 65


def test_numbers_of_statements_that_were_changed_break_the_seal(here: Village) -> None:
    session, topic = here.session, opened(here)
    two_camps(here, topic, 12, chance=random.Random(4))
    here.tick(days=11)
    row = session.get_one(StatementResult, topic.id)
    assert row.found["why_not"] == "people"
    row.found = {**row.found, "people": 13}
    session.commit()
    here.tick(days=12)
    session.refresh(topic)
    assert topic.seal_broken_at is not None
    with pytest.raises(DBAPIError, match="is sealed"):
        session.execute(update(Ballot).values(choice=[1]))
    session.rollback()


def test_few_people_get_no_groups_and_no_exact_handful(here: Village) -> None:
    """A circle of eighteen (scenario 6)."""
    session, topic = here.session, opened(here, size=18)
    two_camps(here, topic, 18, chance=random.Random(2))
    assert listing.running(session, topic) == ""
    here.tick(days=11)
    told = statements.told(session, topic)
    assert told is not None
    assert told.camps == ()
    assert told.common == ()
    assert "不到30人" in told.why_not
    for line in told.lines:
        counts = next(
            r["counts"] for r in session.get_one(StatementResult, topic.id).found["rows"] if _is(line, r, here)
        )
        if any(0 < count < 5 for count in counts):
            assert "以上" in line.told or "少于5人" in line.told
            assert not any(f"{count}人，" in f"{line.told}，" for count in counts if count)


def _is(line: statements.Line, row: dict[str, Any], here: Village) -> bool:
    return here.session.get_one(Opinion, row["id"]).text == line.text


def test_four_answers_are_told_as_nothing(here: Village) -> None:
    session, topic = here.session, opened(here)
    two_camps(here, topic, 4, chance=random.Random(2))
    here.tick(days=11)
    assert statements.told(session, topic) is None
    publish(here, topic)
    assert topic.shown == ["表态的不到10人"]


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([30, 12, 6], "同意30人，不同意12人，跳过6人"),
        ([30, 12, 0], "同意30人，不同意12人，没有人跳过"),
        ([30, 0, 0], "没有人反对"),
        ([0, 30, 0], "没有人同意"),
        ([2, 1, 1], "表态的少于5人，不公布"),
        ([0, 0, 0], "表态的少于5人，不公布"),
        ([31, 12, 3], "同意30人以上，不同意10人以上，跳过少于5人"),
    ],
)
def test_a_statement_is_told_by_the_rules_of_every_count(counts: list[int], told: str) -> None:
    assert statements._told(counts) == told


def test_who_deletes_their_data_leaves_neither_answers_nor_statement(here: Village) -> None:
    session, topic = here.session, opened(here)
    first = ids(here, topic)[0]
    for asker in ("leaver", "stays"):
        here.slip(asker)
        answer(here, topic, asker, first, choices.AGREE)
    mine = say(here, topic, "leaver说灯要亮", asker="leaver")
    opinions.show(session, mine.id, actor=CLERK, now=NOW)
    answer(here, topic, "stays", mine.id, choices.AGREE)
    following.forget(session, "leaver", now=NOW)
    session.commit()
    here.tick(days=1)
    assert [one for one, _ in held(here, topic)] == [{first: 1, mine.id: 1}]
    here.tick(days=11)
    assert session.get_one(StatementResult, topic.id).found["people"] == 1
    assert "leaver" not in str(session.execute(text("SELECT found FROM statement_result")).all())


def test_a_statement_taken_back_and_a_voice_taken_out_after_the_close_break_nothing(here: Village) -> None:
    session, topic = here.session, opened(here)
    two_camps(here, topic, 12, chance=random.Random(1))
    mine = say(here, topic, "路口的灯要亮一点", asker="p0")
    opinions.show(session, mine.id, actor=CLERK, now=NOW)
    for n in range(12):
        answer(here, topic, f"p{n}", mine.id, choices.AGREE)
    here.tick(days=11)
    following.forget(session, "p0", now=LATER)
    session.commit()
    here.tick(days=12)
    session.refresh(topic)
    assert topic.seal_broken_at is None
    assert session.get_one(StatementResult, topic.id).found["people"] == 11
    told = statements.told(session, topic)
    assert told is not None
    assert "（说的人收回了）" in [line.text for line in told.lines]
    publish(here, topic)
    assert session.scalars(select(Opinion).where(Opinion.id == mine.id)).all() == []


def test_a_residents_statement_is_answered_before_the_result_the_villages_own_isnt(here: Village) -> None:
    topic = opened(here)
    mine = say(here, topic, "路口的灯要亮一点")
    opinions.show(here.session, mine.id, actor=CLERK, now=NOW)
    here.tick(days=11)
    with pytest.raises(NotAllowed, match="1 条意见"):
        publish(here, topic)
    result.adopt(here.session, mine.id, "yes", "选亮的", actor=CLERK, now=LATER)
    publish(here, topic)

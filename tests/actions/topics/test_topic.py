"""A topic from the first word to the last (village_affairs.md, scenarios 1, 4, 5, 8)."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from actions.cases.models import Case
from actions.cases.moves import Actor
from actions.cases.moves import move as move_case
from actions.cases.status import CaseStatus
from actions.errors import Conflict, InvalidInput, NotAllowed
from actions.topics import ballots, following, listing, opinions
from actions.topics.counting import paper
from actions.topics.counting.paper import Box
from actions.topics.models import Ballot, Opinion, Topic, TopicEvent
from actions.topics.raising import Refused, raise_topic
from actions.topics.status import MOVES, By, TopicState
from actions.topics.steps import result, screening
from actions.topics.steps.result import Task
from actions.topics.steps.screening import Wording
from actions.topics.words import loudspeaker, state_of
from tests.actions.topics.village import CLERK, ENDS, LAMP, LAWYER, NOW, OVERSEER, PLACE, Village


def test_a_lamp_from_the_first_word_to_the_last(here: Village) -> None:
    session, topic = here.session, here.opened(boxes=1)
    assert topic.number == "议-26-001"
    assert state_of(topic, NOW) == "正在征求意见，还有10天，12月25日前公布结果"
    for n in range(12):
        here.slip(f"chat-{n}")
        _choose(here, topic, f"chat-{n}", [0 if n < 6 else 2])
    told = opinions.add(
        session,
        topic_id=topic.id,
        asker="chat-1",
        text="装太阳能的吧，省电钱",
        stance="办法",
        source="chat",
        key="o1",
        now=NOW,
    )
    opinions.show(session, told.id, actor=CLERK, now=NOW)
    here.tick(days=9)
    assert topic.sealed_at is None
    here.tick(days=11)
    assert topic.state is TopicState.counting
    _paper(here, topic, Box(1, (5, 0, 0, 0), 5, 1, ()))
    here.tick(days=12)
    assert topic.tally is not None
    assert (topic.tally["options"], topic.tally["voters"], topic.tally["paper"]) == ([11, 0, 6, 0], 17, 5)
    result.adopt(session, told.id, "no", "冬天日照不够", actor=CLERK, now=NOW)
    task = Task("东头装六盏灯", 7, date(2027, 3, 31))
    said: dict[str, Any] = {"said": "先装东头，学校门口明年装。", "outcome": "carry_out", "tasks": [task]}
    result.propose(session, topic.id, actor=CLERK, key="write", now=NOW + timedelta(days=12), **said)
    result.publish(session, topic.id, actor=OVERSEER, key="publish", now=NOW + timedelta(days=12))
    assert topic.shown == ["17人参加", "东头：11人", "西头：没有人选", "学校门口：6人", "都行：没有人选"]
    assert topic.state is TopicState.carrying_out
    case = session.scalars(select(Case)).one()
    assert (case.status, case.team_id, case.due_at and case.due_at.date()) == (
        CaseStatus.assigned,
        7,
        date(2027, 3, 31),
    )
    assert result.where_it_stands(session, topic) == [
        ("东头装六盏灯", "柳河镇城建所", "2027年3月31日前，已经交办", False)
    ]
    _answer(here, case)
    here.tick(days=100)
    assert topic.state is TopicState.fed_back
    said = session.scalars(select(TopicEvent.say).where(TopicEvent.state_to == TopicState.fed_back)).one()
    assert said is not None
    assert "单位的话：" in said
    following.answer_check(session, topic_id=topic.id, asker="chat-1", answer="yes", now=NOW)
    here.tick(days=131)
    assert topic.state is TopicState.done
    here.tick(days=200)
    _told_once(here, topic)


def _told_once(here: Village, topic: Topic) -> None:
    """Each step is one row, however often the clock looks."""
    for days in (200, 201, 250):
        here.tick(days=days)
    events = here.session.scalars(select(TopicEvent).where(TopicEvent.topic_id == topic.id)).all()
    whats = [event.what for event in events if event.say and not event.only_to]
    assert whats == ["列入议题", "开始征求意见", "截止", "公布结果", "办完了", "落实了", "九十天再问"]
    own = [event.say for event in events if event.only_to == "chat-1"]
    assert own == ["您提的“装太阳能的吧，省电钱”：不采纳。冬天日照不够"]
    assert set(following.followers(here.session, topic.id)) == {"c-raiser", *(f"chat-{n}" for n in range(12))}


def _choose(here: Village, topic: Topic, asker: str, choice: list[int], *, source: str = "chat") -> Ballot:
    return ballots.cast(
        here.session,
        topic_id=topic.id,
        asker=asker,
        choice=choice,
        source=source,
        key=f"{asker}-{choice}",
        now=NOW,
        keys=here.keys,
    )


def _paper(here: Village, topic: Topic, box: Box) -> None:
    now = NOW + timedelta(days=12)
    paper.write(here.session, topic.id, box, actor=CLERK, key="box", now=now)
    with pytest.raises(NotAllowed, match="自己录的不能自己确认"):
        paper.confirm(here.session, topic.id, box.number, actor=CLERK, key="own", now=now, keys=here.keys)
    paper.confirm(here.session, topic.id, box.number, actor=OVERSEER, key="box-2", now=now, keys=here.keys)


def _answer(here: Village, case: Case) -> None:
    for to, note in ((CaseStatus.in_progress, ""), (CaseStatus.answered, "装好了，花了六千元")):
        actor = Actor("staff", "城建所", 5)
        move_case(here.session, case.id, to, actor=actor, key=f"c-{to}", now=NOW + timedelta(days=90), note=note)


def test_what_the_law_forbids_is_refused_with_its_sentence_and_nothing_is_stored(here: Village) -> None:
    for text, law in (
        ("离婚的媳妇那份地该收回来，叫大家表个态", "妇女权益保障法第五十"),
        ("欠水费的名单贴出来", "个人信息保护法第"),
    ):
        with pytest.raises(Refused) as refused:
            here.raised(text)
        assert law in refused.value.message_zh
    assert here.session.scalars(select(Topic)).all() == []


def test_a_flagged_topic_waits_for_a_legal_worker_however_it_is_worded(here: Village) -> None:
    session, topic = here.session, here.raised("怎样按法律调整承包地")
    assert topic.legality == "pending"
    wording = Wording(title="怎样按法律调整承包地", matter="economy", method="opinions")
    screening.edit(session, topic.id, wording, actor=CLERK, key="e1", now=NOW)
    screening.take_up(session, topic.id, actor=CLERK, key="t", now=NOW)
    with pytest.raises(NotAllowed, match="法律工作者"):
        screening.propose_opening(session, topic.id, actor=CLERK, key="p", now=NOW)
    other = Wording(title="承包地的事怎么商量", matter="economy", method="opinions")
    screening.edit(session, topic.id, other, actor=CLERK, key="e2", now=NOW)
    with pytest.raises(NotAllowed, match="法律工作者"):
        screening.propose_opening(session, topic.id, actor=CLERK, key="p2", now=NOW)
    screening.clear(session, topic.id, "cleared", "", actor=LAWYER, key="c", now=NOW)
    screening.propose_opening(session, topic.id, actor=CLERK, key="p3", now=NOW)
    assert topic.pending == "open"
    screening.edit(session, topic.id, wording, actor=CLERK, key="e3", now=NOW)
    assert (topic.pending, topic.legality) == ("", "pending")  # other words than those that were cleared


def test_a_legal_worker_refuses_and_whoever_raised_it_reads_why(here: Village) -> None:
    session, topic = here.session, here.raised("怎样按法律调整承包地")
    screening.edit(
        session, topic.id, Wording(title="怎样按法律调整承包地", matter="economy"), actor=CLERK, key="e", now=NOW
    )
    screening.take_up(session, topic.id, actor=CLERK, key="t", now=NOW)
    screening.clear(session, topic.id, "refused", "承包期里不能调整。", actor=LAWYER, key="c", now=NOW)
    assert topic.state is TopicState.refused
    event = session.scalars(select(TopicEvent).where(TopicEvent.key == "c")).one()
    assert event.say is not None
    assert "承包期里不能调整。" in event.say
    assert "12348" in event.say


def test_nobody_closes_early_confirms_their_own_or_publishes_without_answers(here: Village) -> None:
    session, topic = here.session, here.opened()
    assert [to[TopicState.counting].by for to in MOVES.values() if TopicState.counting in to] == [{By.clock}]
    with pytest.raises(NotAllowed, match="截止以后"):
        result.propose(
            session,
            topic.id,
            said="就这么定了，装在东头。",
            outcome="not_done",
            tasks=[],
            actor=CLERK,
            key="w",
            now=NOW,
        )
    told = opinions.add(
        session, topic_id=topic.id, asker="a", text="灯要亮一点", stance="办法", source="page", key="o", now=NOW
    )
    opinions.show(session, told.id, actor=CLERK, now=NOW)
    here.tick(days=14)
    later = NOW + timedelta(days=14)
    write: dict[str, Any] = {
        "said": "就这么定了，装在东头。",
        "outcome": "not_done",
        "tasks": [],
        "actor": CLERK,
        "now": later,
    }
    with pytest.raises(NotAllowed, match="还有 1 条意见没写"):
        result.propose(session, topic.id, key="w1", **write)
    result.adopt(session, told.id, "yes", "选亮的", actor=CLERK, now=later)
    result.propose(session, topic.id, key="w2", **write)
    with pytest.raises(NotAllowed, match="自己写的不能自己确认"):
        result.publish(session, topic.id, actor=CLERK, key="p", now=later)
    result.publish(session, topic.id, actor=OVERSEER, key="p", now=later)
    assert state_of(topic, later) == "结果已公布，这次不办"


def test_an_opening_needs_two_people_a_roster_of_this_year_and_a_lawful_question(here: Village) -> None:
    session, topic = here.session, here.raised()
    with pytest.raises(InvalidInput, match="先写好题目"):
        screening.take_up(session, topic.id, actor=CLERK, key="t0", now=NOW)
    wording = Wording(title="路灯装哪头", matter="facility", method="single", options=ENDS)
    screening.edit(session, topic.id, wording, actor=CLERK, key="e", now=NOW)
    screening.take_up(session, topic.id, actor=CLERK, key="t", now=NOW)
    with pytest.raises(NotAllowed, match="名册"):
        screening.propose_opening(session, topic.id, actor=CLERK, key="p", now=NOW + timedelta(days=60))
    screening.propose_opening(session, topic.id, actor=CLERK, key="p", now=NOW)
    with pytest.raises(NotAllowed, match="换一个人"):
        screening.open_topic(session, topic.id, actor=CLERK, key="o", now=NOW, keys=here.keys)
    screening.send_back(session, topic.id, "选项少了北头", actor=OVERSEER, key="b", now=NOW)
    with pytest.raises(NotAllowed, match="还没有人写好"):
        screening.open_topic(session, topic.id, actor=OVERSEER, key="o", now=NOW, keys=here.keys)
    with pytest.raises(InvalidInput):
        screening.edit(
            session, topic.id, Wording(title="欠水费的名单贴不贴", matter="service"), actor=CLERK, key="x", now=NOW
        )


def test_a_refusal_is_written_by_one_confirmed_by_another_and_says_the_way_on(here: Village) -> None:
    session, topic = here.session, here.raised()
    said: dict[str, Any] = {"reason": "money", "said": "今年的钱都修路了"}
    screening.propose_refusal(session, topic.id, actor=CLERK, key="r", now=NOW, **said)
    with pytest.raises(NotAllowed):
        screening.confirm_refusal(session, topic.id, actor=CLERK, key="c", now=NOW)
    screening.confirm_refusal(session, topic.id, actor=OVERSEER, key="c", now=NOW)
    say = session.scalars(select(TopicEvent.say).where(TopicEvent.key == "c")).one()
    assert say == (
        "您提的“咱村口那段路晚上太黑，能不能装个灯”（议-26-001）没有列入议题。"
        "眼下没有钱，也没有来钱的办法：今年的钱都修路了。"
        "想大家来定，十分之一以上的村民，或者三分之一以上的村民代表提议，就应当召集村民会议。"
    )
    assert listing.refusals(session, PLACE, NOW) == 1
    assert listing.shown(session, PLACE) == []


def test_one_persons_trouble_becomes_a_case_and_two_of_one_kind_become_one(here: Village) -> None:
    session, first, other = here.session, here.raised(), here.raised("村口的路灯坏了", conversation="c-2", key="k2")
    case = screening.refer(session, other.id, actor=CLERK, key="f", now=NOW)
    assert screening.refer(session, other.id, actor=CLERK, key="f", now=NOW).id == case.id
    assert (case.conversation_id, other.state) == ("c-2", TopicState.referred)
    third = here.raised("村口装灯", conversation="c-3", key="k3")
    with pytest.raises(InvalidInput):
        screening.merge(session, third.id, "y99", actor=CLERK, key="m", now=NOW)
    screening.merge(session, third.id, "y1", actor=CLERK, key="m", now=NOW)
    assert following.followers(session, first.id) == ["c-3", "c-raiser"]


def test_it_is_prolonged_once_and_suspended_with_all_that_came_in_void(here: Village) -> None:
    session, topic = here.session, here.opened()
    here.slip("a")
    _choose(here, topic, "a", [1])
    screening.extend(session, topic.id, "下大雪，好多人没看到", actor=CLERK, key="x", now=NOW)
    with pytest.raises(NotAllowed, match="延长过一次"):
        screening.extend(session, topic.id, "再等等大家看到", actor=CLERK, key="x2", now=NOW)
    here.tick(days=20)
    assert topic.state is TopicState.open
    screening.suspend(session, topic.id, "有一项不合法律", actor=LAWYER, key="s", now=NOW)
    with pytest.raises(NotAllowed):
        _choose(here, topic, "a", [2])
    name = topic.key_file
    screening.resume(session, topic.id, actor=CLERK, key="r", now=NOW, keys=here.keys)
    assert session.scalars(select(Ballot)).all() == []
    assert not here.keys.has(name)
    assert topic.legality == "pending"


def test_an_answer_that_is_late_is_said_in_public_and_told_once(here: Village) -> None:
    topic = here.opened()
    here.tick(days=11)
    here.tick(days=25)
    here.tick(days=26)
    assert state_of(topic, NOW + timedelta(days=25)) == "应于12月25日答复，还没有答复"
    events = here.session.scalars(select(TopicEvent.what).where(TopicEvent.what.contains("到期没有答复"))).all()
    assert len(events) == 1


def test_a_third_who_say_it_was_not_done_bring_it_back(here: Village) -> None:
    session, topic = here.session, here.opened(method="opinions")
    here.tick(days=11)
    task = Task("东头装六盏灯", 7, date(2027, 1, 31))
    later = NOW + timedelta(days=12)
    result.propose(
        session,
        topic.id,
        said="先装东头，明年再装别处。",
        outcome="carry_out",
        tasks=[task],
        actor=CLERK,
        key="w",
        now=later,
    )
    result.publish(session, topic.id, actor=OVERSEER, key="p", now=later)
    case = session.scalars(select(Case)).one()
    _answer(here, case)
    here.tick(days=91)
    for n, answer in enumerate(("no", "no", "yes", "yes", "unsure", "yes")):
        with pytest.raises(NotAllowed, match="参与码"):
            following.answer_check(session, topic_id=topic.id, asker=f"a{n}", answer=answer, now=NOW)
        following.follow(session, topic.id, f"a{n}", why="asked")
        following.answer_check(session, topic_id=topic.id, asker=f"a{n}", answer=answer, now=NOW)
    here.tick(days=120)
    assert topic.state is TopicState.fed_back
    here.tick(days=122)
    session.refresh(case)
    assert (topic.state, topic.rounds, case.status) == (TopicState.carrying_out, 1, CaseStatus.reopened)


@pytest.mark.parametrize("text", ["", "  ", "灯", "好" * 301, "\x00\ud800"])
def test_what_is_no_topic_is_refused_in_words(here: Village, text: str) -> None:
    with pytest.raises(InvalidInput):
        here.raised(text)


def test_the_same_wish_is_one_topic_and_a_conversation_has_five_waiting(here: Village) -> None:
    assert here.raised().id == here.raised().id
    for n in range(4):
        here.raised(f"第{n}件事要大家议", key=f"n{n}")
    with pytest.raises(InvalidInput, match="5件没有答复"):
        here.raised("还有一件事要议", key="n9")


def test_numbers_run_on_in_each_village_and_are_found_as_people_say_them(here: Village) -> None:
    first, second = here.raised(), here.raised("村里的健身器材放哪", key="k2")
    elsewhere = raise_topic(here.session, place="other", text=LAMP, conversation_id=None, by="clerk", key="e", now=NOW)
    assert (first.ordinal, second.ordinal, elsewhere.ordinal) == (1, 2, 1)
    for said in ("议-26-002", "议26-2", "y2", "Y002", "议题2", "议题 2 怎么样了"):
        found = listing.by_number(here.session, PLACE, said)
        assert found is not None, said
        assert found.id == second.id, said
    assert listing.by_number(here.session, PLACE, "议-25-002") is None
    assert listing.by_number(here.session, PLACE, "没有编号") is None


def test_of_two_who_move_it_at_once_one_is_told_to_look_again(here: Village) -> None:
    session, topic = here.session, here.raised()
    screening.edit(session, topic.id, Wording(title="路灯装哪头", matter="facility"), actor=CLERK, key="e", now=NOW)
    session.execute(update(Topic).values(state=TopicState.refused))
    with pytest.raises((Conflict, NotAllowed)):
        screening.take_up(session, topic.id, actor=CLERK, key="t", now=NOW)


def test_what_the_loudspeaker_reads_is_short_and_says_that_it_is_no_vote(here: Village) -> None:
    topic = here.opened()
    said = loudspeaker(topic, NOW)
    assert len(said) <= 200
    assert "这是征求意见，不是表决。" in said
    topic.title, topic.options = "很长的题目" * 8, ["很长的选项" * 4] * 6
    assert len(loudspeaker(topic, NOW)) <= 200


def test_opinions_of_a_stranger_stand_apart_and_copies_stand_as_one(here: Village) -> None:
    session, topic = here.session, here.opened()
    here.slip("known")
    for n, (asker, text) in enumerate(
        [("known", "灯要亮一点"), ("x1", "灯要亮一点吧！"), ("x2", "灯，要亮一点。"), ("x3", "别装")]
    ):
        opinions.add(
            session, topic_id=topic.id, asker=asker, text=text, stance="理由", source="page", key=f"o{n}", now=NOW
        )
    waiting = listing.waiting_opinions(session, topic)
    assert [(o.text, o.is_verified) for o in waiting] == [("灯要亮一点", True), ("别装", False)]
    opinions.show(session, waiting[0].id, actor=CLERK, now=NOW)
    assert {o.state for o in session.scalars(select(Opinion).where(Opinion.normal == "灯要亮一点"))} == {"shown"}
    assert opinions.shown(session, topic, reader="r", now=NOW) == []  # fewer than five would tell whose they are

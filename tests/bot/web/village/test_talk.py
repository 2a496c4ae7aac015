"""Statements one by one, a hearing with a draw, deputies: without signing in, with hostile forms."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.deputies import service as deputies
from actions.deputies.models import DeputyQuestion
from actions.hearings.models import Hearing, HearingSignup
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Ballot, Opinion, Topic
from actions.topics.statements import choices, writing
from actions.topics.status import TopicState
from tests.bot.world import ATTACK, World

LAMP, HEARING = "/v/lijiagou/y1", "/v/lijiagou/t1"


@pytest.fixture
def lamp(world: World) -> Iterator[Session]:
    """The county's topic, of six statements."""
    with world.sessions() as session:
        topic = session.get_one(Topic, world.topic)
        topic.key_file = TopicKeys(world.settings.topic_keys).create(topic.id)
        topic.options, topic.method = [], "statements"
        now = datetime.now(UTC)
        for n in range(6):
            row = Opinion(
                topic_id=topic.id, key=f"s{n}", stance="说法", text=f"第{n}句{ATTACK}", normal=f"n{n}", at=now
            )
            row.source, row.state, row.is_verified, row.shown_at = writing.SEED, "shown", True, now
            session.add(row)
        session.commit()
        yield session


def held(session: Session) -> list[dict[int, int]]:
    session.expire_all()
    return [choices.unpacked(ballot.choice) for ballot in session.scalars(select(Ballot).order_by(Ballot.id))]


def test_statements_are_answered_one_by_one_and_gone_back_to(world: World, lamp: Session) -> None:
    visitor = world.visitor()
    assert f"{LAMP}/s" in visitor.get(LAMP).text
    first = visitor.get(f"{LAMP}/s")
    assert "第 1 句，一共 6 句" in first.text
    assert "<script" not in first.text
    assert not visitor.cookies
    ids = [row.id for row in choices.shown(lamp, lamp.get_one(Topic, world.topic))]
    for n, statement in enumerate(ids):
        answer = visitor.post(f"{LAMP}/s", data={"statement": str(statement), "said": ("1", "-1", "0")[n % 3]})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{LAMP}/s")
    assert "都答完了" in visitor.get(f"{LAMP}/s").text
    assert "改上一句" in visitor.get(f"{LAMP}/s?back=1").text
    visitor.post(f"{LAMP}/s", data={"statement": str(ids[0]), "said": "-1"})
    assert held(lamp) == [{n: (-1, -1, 0, 1, -1, 0)[i] for i, n in enumerate(ids)}]
    assert "6句" in visitor.get(f"{LAMP}?mine=1").text
    assert "人以上" not in visitor.get(LAMP).text


@pytest.mark.parametrize(
    "form",
    [{}, {"statement": "1"}, {"said": "1"}, {"statement": "9" * 40, "said": "1"}, {"statement": "-1", "said": "1"}]
    + [{"statement": "1", "said": said} for said in ("2", "yes", ATTACK, "1" * 500, "１")],
)
def test_what_is_no_answer_is_refused_in_words(world: World, lamp: Session, form: dict[str, str]) -> None:
    answer = world.visitor().post(f"{LAMP}/s", data=form)
    assert answer.status_code == 422
    assert "没有这一句" in answer.text
    assert "<script" not in answer.text
    assert held(lamp) == []


def test_a_wrong_slip_and_a_closed_topic_are_told(world: World, lamp: Session) -> None:
    visitor = world.visitor()
    wrong = visitor.post(f"{LAMP}/s", data={"code": "ABCDEFGHJK"})
    assert wrong.status_code == 422
    assert "码" in wrong.text
    lamp.get_one(Topic, world.topic).state = TopicState.counting
    lamp.commit()
    assert visitor.get(f"{LAMP}/s").status_code in (403, 409)
    assert visitor.post(f"{LAMP}/s", data={"statement": "1", "said": "1"}).status_code in (403, 409)
    assert world.visitor().get("/v/lijiagou/y999/s").status_code == 404


def test_a_seat_is_asked_for_once_and_given_back(world: World) -> None:
    visitor = world.visitor()
    page = visitor.get(HEARING).text
    assert "我要报名" in page
    assert "王大爷" not in page
    group = page.split("<option>")[1].split("<")[0] if "<option>" in page else "一组"
    form = {"name": f"张{ATTACK[:8]}", "group": group, "sex": "女", "affected": "1", "nonce": "n"}
    for _ in range(2):
        assert "您是 2 号" in visitor.post(HEARING, data=form).text
    with world.sessions() as session:
        rows = session.scalars(select(HearingSignup).order_by(HearingSignup.code)).all()
        assert [(row.code, row.sex, row.is_affected) for row in rows] == [(1, "", False), (2, "女", True)]
    assert "给您取消了" in visitor.post(HEARING, data={"leave": "1"}).text
    assert visitor.post(HEARING, data={"leave": "1"}).status_code == 422
    assert world.visitor().post(HEARING, data={"name": "", "group": group}).status_code == 422
    assert world.visitor().post(HEARING, data={"name": "李四", "group": "一组|二组\n"}).status_code == 422
    with world.sessions() as session:
        assert len(session.scalars(select(HearingSignup)).all()) == 1


def test_who_signed_up_sees_their_own_number_and_seat_and_nobody_else_does(world: World) -> None:
    """Told to remember a number for two weeks, nobody does."""
    visitor = world.visitor()
    assert "<strong>2 号</strong>：还没抽" in visitor.post(HEARING, data={"name": "李四", "group": "一组"}).text
    again = visitor.get(HEARING).text
    assert "<strong>2 号</strong>" in again
    assert "我要报名" not in again
    assert "您报的名" not in world.visitor().get(HEARING).text
    with world.sessions() as session:
        held = session.get_one(Hearing, 1)
        held.state, held.list_hash, held.dice = "drawn", "f" * 64, "1 2 3 4 5"
        held.drawn = {"affected": [1], "seated": [2], "reserve": []}
        session.commit()
    assert "<strong>2 号</strong>：有座" in visitor.get(HEARING).text
    assert "给您取消了" in visitor.post(HEARING, data={"leave": "1"}).text
    assert "您报的名" not in visitor.get(HEARING).text
    assert "来不了" in visitor.get(HEARING).text


def test_after_the_last_day_nobody_signs_up(world: World) -> None:
    with world.sessions() as session:
        session.get_one(Hearing, 1).closes_on = (datetime.now(UTC) - timedelta(days=2)).date()
        session.commit()
    visitor = world.visitor()
    assert "我要报名" not in visitor.get(HEARING).text
    assert visitor.post(HEARING, data={"name": "李四", "group": "一组"}).status_code == 422
    assert visitor.get("/v/lijiagou/t9").status_code == 404
    assert "路灯装在哪里" in visitor.get("/v/lijiagou/hearings").text


def test_a_deputy_is_asked_and_answers_by_a_day_without_who_asked(world: World) -> None:
    now = datetime.now(UTC)
    with world.sessions() as session:
        said = {"name": "陈代表", "kind": "congress", "group": "一组", "reception": "每月15日上午，村部", "phone": ""}
        who = deputies.add(
            session, "lijiagou", ends_on=now.date() + timedelta(days=300), by=1, key="k", now=now, **said
        ).id
        session.commit()
    visitor, page = world.visitor(), "/v/lijiagou/deputies"
    assert "每月15日上午" in visitor.get(page).text
    form = {"text": f"南沟那条路什么时候修{ATTACK}", "nonce": "n"}
    for _ in range(2):
        assert visitor.post(f"{page}/{who}", data=form).status_code == 303
    assert "南沟" not in visitor.get(page).text, "somebody looks first"
    with world.sessions() as session:
        [one] = session.scalars(select(DeputyQuestion))
        deputies.look(session, one, is_shown=True, by=1)
        session.commit()
        assert "答复" in visitor.get(page).text
        one.due_on = now.date() - timedelta(days=3)
        session.commit()
    shown = visitor.get(page).text
    assert "还没有答复" in shown
    assert "<script" not in shown
    assert visitor.post(f"{page}/{who}", data={"text": "路"}).status_code == 422
    assert visitor.post(f"{page}/999", data={"text": "南沟那条路什么时候修"}).status_code == 422
    assert visitor.post(f"{page}/{who}", data={"text": "我不想活了，药都准备好了"}).status_code == 422
    qingshi = world.visitor().post(f"/v/qingshi/deputies/{who}", data=form)
    assert qingshi.status_code in (404, 422)


def test_four_hundred_unverified_opinions_from_one_address_stop_at_twelve_a_minute(world: World, lamp: Session) -> None:
    """Scenario 9: one machine; how many from many machines is asked of the service."""
    topic = lamp.get_one(Topic, world.topic)
    topic.method = "opinions"
    lamp.commit()
    answers = []
    for n in range(30):
        form = {"text": f"装在东头第{n}遍", "stance": "理由", "nonce": str(n)}
        answers.append(world.visitor().post(f"{LAMP}/say", data=form))
    assert [a.status_code for a in answers[:12]] == [303] * 12
    assert {a.status_code for a in answers[12:]} == {422}
    lamp.expire_all()
    said = lamp.scalars(select(Opinion).where(Opinion.source == "page")).all()
    assert len(said) == 12
    assert not any(one.is_verified for one in said)
    assert "装在东头" not in world.visitor().get(LAMP).text, "nobody looked yet"

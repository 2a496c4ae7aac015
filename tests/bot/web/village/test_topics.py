"""议事 without signing in: read, choose, say, raise; on the real tables, with hostile forms."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from actions.roster import codes, printing
from actions.roster.models import Basis, Household, HouseholdKind
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Ballot, Opinion, Topic
from actions.topics.status import TopicState
from tests.bot.world import ATTACK, World

LAMP = "/v/lijiagou/y1"


@pytest.fixture
def lamp(world: World) -> Iterator[Session]:
    """The county's open topic, with its key."""
    with world.sessions() as session:
        topic = session.get_one(Topic, world.topic)
        topic.key_file = TopicKeys(world.settings.topic_keys).create(topic.id)
        topic.options = ["东头", "西头", "学校门口"]
        session.commit()
        yield session


@pytest.fixture(autouse=True)
def _pepper() -> None:
    codes.use_pepper(lambda: "the pepper of tests")


def ballots(session: Session) -> list[Ballot]:
    session.expire_all()
    return list(session.scalars(select(Ballot).order_by(Ballot.id)))


def test_it_is_read_without_a_cookie_a_script_or_a_number(world: World, lamp: Session) -> None:
    visitor = world.visitor()
    for path in ("/v/lijiagou", "/v/lijiagou/topics", LAMP):
        page = visitor.get(path)
        assert page.status_code == 200
        assert "村口路段装路灯，装在哪一头" in page.text
        assert "<script" not in page.text
    assert "这是征求意见，不是表决。" in page.text
    assert "人以上参加" not in page.text
    assert not visitor.cookies


def test_a_choice_is_taken_changed_and_shown_to_its_own_browser_alone(world: World, lamp: Session) -> None:
    visitor = world.visitor()
    answer = visitor.post(f"{LAMP}/choose", data={"choice": "1", "nonce": "n1"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{LAMP}?done=loose")
    assert "另算" in visitor.get(answer.headers["location"]).text
    assert "您选的是：西头" in visitor.get(f"{LAMP}?mine=1").text
    assert "您选的是" not in world.visitor().get(f"{LAMP}?mine=1").text
    visitor.post(f"{LAMP}/choose", data={"choice": "2", "nonce": "n2"})
    assert [b.choice for b in ballots(lamp)] == [[2]]


def test_a_slip_typed_beside_it_counts_and_a_wrong_one_gives_the_choice_back(world: World, lamp: Session) -> None:
    code = _slip(lamp)
    visitor = world.visitor()
    wrong = visitor.post(f"{LAMP}/choose", data={"choice": "0", "code": "ABCDEFGHJK"})
    assert wrong.status_code == 422
    assert "没有对上" in wrong.text or "参与码" in wrong.text
    assert 'value="0" checked' in wrong.text
    assert ballots(lamp) == []
    answer = visitor.post(f"{LAMP}/choose", data={"choice": "0", "code": code.lower()})
    assert answer.headers["location"] == f"{LAMP}?done=counted"
    assert [(b.choice, b.is_verified) for b in ballots(lamp)] == [([0], True)]
    other = world.visitor().post(f"{LAMP}/choose", data={"choice": "1", "code": code})
    assert other.status_code == 422
    assert "这个码已经登记在另一部手机上了" in other.text


def _slip(session: Session) -> str:
    today = datetime.now(UTC).date()
    session.add(
        Household(
            place_id="lijiagou",
            group_name="一组",
            code="1-07",
            kind=HouseholdKind.registered,
            adults=1,
            confirmed_on=today,
        )
    )
    session.flush()
    made = printing.sheet(
        session, place="lijiagou", group="一组", basis=Basis.person, is_again=False, by="文书", now=datetime.now(UTC)
    )
    session.commit()
    return made[0].code


@pytest.mark.parametrize("choice", [[], [""], ["9"], ["-1"], ["１"], ["0", "1"], ["1e3"], ["0' OR 1=1"], [ATTACK]])
def test_no_choice_and_a_made_up_one_are_refused_in_words(world: World, lamp: Session, choice: list[str]) -> None:
    answer = world.visitor().post(f"{LAMP}/choose", data={"choice": choice})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert ATTACK not in answer.text
    assert ballots(lamp) == []


def test_an_opinion_waits_until_somebody_looked_and_three_a_day_are_enough(world: World, lamp: Session) -> None:
    visitor = world.visitor()
    for n in range(3):
        said = {"text": f"{ATTACK}第{n}条", "stance": "担心", "nonce": f"n{n}"}
        assert visitor.post(f"{LAMP}/say", data=said).status_code == 303
    assert "第1条" not in visitor.get(LAMP).text
    refused = visitor.post(f"{LAMP}/say", data={"text": "还有一句没说", "stance": "担心"})
    assert "一天最多说3条" in refused.text
    assert "还有一句没说" in refused.text
    assert len(lamp.scalars(select(Opinion)).all()) == 3
    for n in range(5):
        text = f"{ATTACK}看过的{n}"
        shown = Opinion(topic_id=1, key=f"s{n}", stance="理由", text=text, normal=str(n), source="page")
        shown.at, shown.state = datetime.now(UTC), "shown"
        lamp.add(shown)
    lamp.commit()
    page = world.visitor().get(LAMP).text
    assert "看过的4" in page
    assert ATTACK not in page


def test_a_word_of_danger_is_answered_first_and_taken_when_sent_again(world: World, lamp: Session) -> None:
    visitor = world.visitor()
    said = {"text": "他正拿刀砍我，救命", "stance": "担心"}
    answer = visitor.post(f"{LAMP}/say", data=said)
    assert answer.status_code == 422
    assert "110" in answer.text
    assert "我没有危险，还是要说" in answer.text
    assert lamp.scalars(select(Opinion)).all() == []
    assert visitor.post(f"{LAMP}/say", data={**said, "sure": "1"}).status_code == 303


def test_a_topic_is_raised_once_and_what_the_law_forbids_is_stored_nowhere(world: World) -> None:
    visitor = world.visitor()
    said = {"text": "村里的健身器材放在哪儿好", "nonce": "n1"}
    page = visitor.post("/v/lijiagou/topics/new", data=said)
    assert "-002，请记一下" in page.text
    again = visitor.post("/v/lijiagou/topics/new", data=said)
    assert again.status_code == 200
    refused = visitor.post("/v/lijiagou/topics/new", data={"text": "离婚的媳妇那份地该收回来，叫大家表个态"})
    assert refused.status_code == 422
    assert "妇女" in refused.text
    assert "离婚的媳妇那份地该收回来" in refused.text  # the words are given back
    with world.sessions() as session:
        assert [t.text for t in session.scalars(select(Topic)) if t.id != world.topic] == [said["text"]]


def test_a_form_of_another_page_is_refused(world: World, lamp: Session) -> None:
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = world.visitor().post(f"{LAMP}/choose", data={"choice": "1"}, headers=headers)
        assert answer.status_code == 422
        assert "请从村里的页面操作" in answer.text
    assert ballots(lamp) == []


def test_too_many_forms_of_one_address_are_asked_to_wait(world: World, lamp: Session) -> None:
    answers = [world.visitor().post(f"{LAMP}/choose", data={"choice": "1"}) for _ in range(14)]
    assert "歇一分钟" in answers[-1].text
    assert len(ballots(lamp)) == 12


def test_what_isnt_for_everybody_has_no_page(world: World, lamp: Session) -> None:
    visitor: TestClient = world.visitor()
    for path in ("/v/lijiagou/y2", "/v/lijiagou/y0", "/v/lijiagou/y99999999999999999999", "/v/qingshi/y1"):
        assert visitor.get(path).status_code == 404, path
    lamp.get_one(Topic, 1).state = TopicState.raised
    lamp.commit()
    assert visitor.get(LAMP).status_code == 404


def test_a_result_stands_with_its_seal_its_answers_and_where_it_stands(world: World, lamp: Session) -> None:
    topic = lamp.get_one(Topic, 1)
    topic.state, topic.result_at, topic.result = TopicState.carrying_out, datetime.now(UTC), "先装东头"
    topic.shown, topic.seal = ["17人参加", "东头：11人"], "a" * 64
    topic.tasks = [{"text": "装六盏灯", "team_id": 1, "due_on": "2027-03-31", "case_id": None}]
    opinion = Opinion(topic_id=1, key="k", stance="办法", text="装太阳能", normal="x", source="page", state="shown")
    opinion.at, opinion.adoption, opinion.adoption_why = datetime.now(UTC), "no", "冬天日照不够"
    lamp.add(opinion)
    lamp.commit()
    page = world.visitor().get(LAMP).text
    for words in ("17人参加", "东头：11人", "a" * 64, "装六盏灯", "不采纳", "冬天日照不够"):
        assert words in page
    topic.seal_broken_at = datetime.now(UTC)
    lamp.commit()
    hidden = world.visitor().get(LAMP).text
    for words in ("17人参加", "东头：11人", "冬天日照不够"):
        assert words not in hidden
    assert "先收起来" in hidden


def test_a_late_answer_is_said_on_the_first_page(world: World, lamp: Session) -> None:
    topic = lamp.get_one(Topic, 1)
    topic.state = TopicState.counting
    topic.closes_at = datetime.now(UTC) - timedelta(days=30)
    topic.result_due_on = (datetime.now(UTC) - timedelta(days=10)).date()
    lamp.commit()
    assert "还没有答复" in world.visitor().get("/v/lijiagou").text

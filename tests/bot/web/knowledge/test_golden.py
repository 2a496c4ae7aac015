"""Golden questions at the console: added, asked, switched off, and since when one is wrong."""

from typing import Any

import pytest
from sqlalchemy import select

from knowledge.documents import versions
from knowledge.evaluation.models import GoldenQuestion, GoldenRun
from tests.bot.web.knowledge.indexed import ANN, Real, now
from tests.bot.world import World

pytestmark = pytest.mark.slow


def add(real: Real, **form: str) -> Any:
    return real.client.post("/staff/knowledge/golden", data={"ask": "低保去哪里办", "must": "低保怎么申请", **form})


def test_a_question_is_added_by_title_asked_and_shown(real: Real) -> None:
    assert add(real).status_code == 303
    with real.world.sessions() as session:
        question = session.scalars(select(GoldenQuestion)).one()
        assert (question.must, question.source, question.created_by) == (
            [real.document("低保怎么申请").id],
            "console",
            "administrator的人",
        )
    assert real.client.post("/staff/knowledge/golden/run").status_code == 303
    page = real.client.get("/staff/knowledge/golden").text
    assert "text-bg-success" in page
    assert '"share": [100.0]' in page
    with real.world.sessions() as session:
        assert session.scalars(select(GoldenRun)).one().passed == 1


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"must": "没有这份"}, "没有找到"),
        ({"must": ""}, "请写明要引用什么"),
        ({"ask": "低"}, "2 到 300"),
        ({"day": "明天"}, "日期"),
        ({"place": "nowhere"}, "没有这个地方"),
        ({"must": "低保怎么申请 第九条"}, "没有第九条"),
        ({"must": "law 民法典 x"}, "不是法条的写法"),
    ],
)
def test_a_question_that_asks_for_nothing_that_exists_is_refused(real: Real, form: dict[str, str], said: str) -> None:
    answer = add(real, **form)
    assert answer.status_code == 422
    assert said in answer.text
    with real.world.sessions() as session:
        assert session.scalars(select(GoldenQuestion)).all() == []


def test_the_same_question_twice_is_refused(real: Real) -> None:
    assert [add(real).status_code for _ in range(2)] == [303, 422]


def test_since_when_it_is_wrong_is_shown_with_the_versions(real: Real) -> None:
    add(real)
    real.client.post("/staff/knowledge/golden/run")
    with real.world.sessions() as session:
        version = versions.current(session, real.document("低保怎么申请").id)
        assert version is not None
        versions.withdraw(session, version.id, by=ANN, now=now(), reason="写错了")
        session.commit()
        number = session.scalars(select(GoldenQuestion.id)).one()
    real.client.post("/staff/knowledge/golden/run")
    page = real.client.get(f"/staff/knowledge/golden/{number}").text
    part = page.split("从什么时候开始错")[2].split("</section>")[0]
    assert "低保怎么申请（第 1 版）" in part.split("第一次错的时候")[0]
    assert "低保怎么申请" not in part.split("第一次错的时候")[1]


def test_a_shipped_question_is_switched_off_but_not_rewritten(real: Real) -> None:
    with real.world.sessions() as session:
        session.add(GoldenQuestion(id=7, key="s", ask="自带的", must=["x"], any_of=[], must_not=[], source="shipped"))
        session.commit()
    assert (
        real.client.post("/staff/knowledge/golden/7", data={"do": "save", "ask": "改掉", "abstains": "1"}).status_code
        == 409
    )
    assert real.client.post("/staff/knowledge/golden/7", data={"do": "off"}).status_code == 303
    with real.world.sessions() as session:
        question = session.get_one(GoldenQuestion, 7)
        assert (question.ask, question.is_active) == ("自带的", False)


def test_a_hit_of_try_it_fills_in_the_form_and_stores_nothing(real: Real) -> None:
    before = real.world.rows()
    page = real.client.post(
        "/staff/knowledge/golden", data={"do": "write", "ask": "低保去哪里办", "must": "guide-x"}
    ).text
    assert 'value="低保去哪里办"' in page
    assert ">guide-x</textarea>" in page
    assert real.world.rows() == before


def test_beside_pass_and_fail_stands_what_the_bot_would_say(real: Real) -> None:
    add(real)
    with real.world.sessions() as session:
        number = session.scalars(select(GoldenQuestion.id)).one()
    assert f"/staff/knowledge/golden/{number}/said" in real.client.get("/staff/knowledge/golden").text
    said = real.client.get(f"/staff/knowledge/golden/{number}/said").text
    assert "低保向乡镇政府申请" in said
    assert "听成了“问办事”" in said


def test_many_questions_stand_fifty_a_page_and_are_searched(world: World) -> None:
    """455 at once were 198 KB and 65,000 px on a telephone (ux, what confused)."""
    with world.sessions() as session:
        session.add_all(
            GoldenQuestion(
                key=f"own-{n}", ask=f"低保问法{n:03}", must=["guide-x"], any_of=[], must_not=[], source="file"
            )
            for n in range(119)
        )
        session.commit()
    client = world.enter("legal_worker")
    first, last = (client.get("/staff/knowledge/golden", params={"page": page}).text for page in (1, 99))
    assert (first.count("said-now"), last.count("said-now")) == (50, 20)
    assert "1 / 3" in first
    assert len(first.encode()) < 70_000
    found = client.get("/staff/knowledge/golden?q=问法007").text
    assert (found.count("said-now"), "“问法007”：1 个" in found) == (1, True)
    assert client.get("/staff/knowledge/golden?show=own").text.count("said-now") == 1
    assert "没有找到。" in client.get("/staff/knowledge/golden?show=own&q=低保").text

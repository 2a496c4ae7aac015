"""月报 and feed.json: only what everybody may read, on one page, without a script."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from actions.disclosure.models import Disclosure, DisclosureQuestion
from actions.disclosure.status import State
from actions.topics.models import Topic
from actions.topics.status import TopicState
from knowledge.clock import SHANGHAI
from tests.bot.world import ATTACK, World

FEED = "/v/lijiagou/feed.json"


def today() -> datetime:
    return datetime.now(UTC).astimezone(SHANGHAI)


def this_month() -> str:
    return f"/v/lijiagou/report/{today():%Y-%m}"


def topic_of(session: Session) -> Topic:
    return session.get_one(Topic, 1)


def posted(session: Session, title: str = "三季度的账") -> Disclosure:
    now = datetime.now(UTC)
    row = Disclosure(place_id="lijiagou", duty_code="common_concern", period="2026Q3", state=State.posted, title=title)
    row.rows, row.at, row.posted_on = [["户", "钱"], ["王秀英", "300"]], now, today().date()
    row.posted_until = row.posted_on + timedelta(days=15)
    session.add(row)
    session.flush()
    return row


def test_a_month_names_what_was_opened_posted_and_asked_and_nobody(world: World) -> None:
    with world.sessions() as session:
        item = posted(session)
        asked = DisclosureQuestion(disclosure_id=item.id, key="q", text="王秀英凭什么拿钱", shown_text="这笔钱凭什么发")
        asked.conversation_id, asked.asked_at, asked.due_at = "conversation-1", datetime.now(UTC), datetime.now(UTC)
        asked.answered_at, asked.answer, asked.is_public = datetime.now(UTC), "按规定发的。", True
        session.add(asked)
        session.commit()
    page = world.visitor().get(this_month())
    assert page.status_code == 200
    for said in ("村口路段装路灯，装在哪一头", "开始征求意见", "三季度的账", "这笔钱凭什么发", "这个月还没完"):
        assert said in page.text
    for hidden in ("王秀英", "conversation-1", "<script"):
        assert hidden not in page.text
    assert page.headers["x-robots-tag"] == "noindex"


def test_what_is_owed_stands_first_and_is_told_in_red(world: World) -> None:
    with world.sessions() as session:
        topic = topic_of(session)
        topic.state, topic.closes_at = TopicState.counting, datetime.now(UTC) - timedelta(days=15)
        topic.opens_at = topic.closes_at - timedelta(days=10)
        topic.result_due_on = today().date() - timedelta(days=1)
        session.commit()
        last = f"{topic.result_due_on:%Y-%m}"
    page = world.visitor().get(f"/v/lijiagou/report/{last}").text
    assert "还没有答复" in page
    assert 'class="when urgent"' in page


def test_a_result_that_was_put_away_is_told_nowhere(world: World) -> None:
    with world.sessions() as session:
        topic = topic_of(session)
        topic.state, topic.result, topic.result_at = TopicState.result, "装在学校门口", datetime.now(UTC)
        session.commit()
        visitor = world.visitor()
        assert "装在学校门口" in visitor.get(this_month()).text
        assert "装在学校门口" in visitor.get(FEED).text
        topic.seal_broken_at = datetime.now(UTC)
        session.commit()
        assert "装在学校门口" not in visitor.get(this_month()).text
        assert "装在学校门口" not in visitor.get(FEED).text


@pytest.mark.parametrize(
    "code", ["2099-01", "9999-12", "2026-13", "2026-00", "2019-12", "x", "２０２６-11", "2026-11-01", "%00"]
)
def test_what_is_no_month_is_said_in_words(world: World, code: str) -> None:
    answer = world.visitor().get(f"/v/lijiagou/report/{code}")
    assert answer.status_code == 404
    assert "没有这个月的月报" in answer.text


def test_a_village_without_anything_offers_no_month_and_says_so(empty: World) -> None:
    visitor = empty.visitor()
    assert "月报" not in visitor.get("/v/lijiagou").text
    assert "还没有公开的事" in visitor.get("/v/lijiagou/report").text
    assert visitor.get(FEED).json()["items"] == []


def test_a_long_list_is_cut_and_says_how_many_are_left(world: World) -> None:
    with world.sessions() as session:
        for number in range(12):
            item = posted(session, f"第{number}件")
            item.period = f"2026Q3-{number}"
            session.flush()
        session.commit()
    page = world.visitor().get(this_month()).text
    assert "还有4件" in page


def feed(world: World) -> dict[str, Any]:
    answer = world.visitor().get(FEED)
    assert answer.headers["content-type"].startswith("application/feed+json")
    found: dict[str, Any] = answer.json()
    return found


def test_the_feed_is_of_version_1_1_with_ids_that_stay(world: World) -> None:
    with world.sessions() as session:
        item = posted(session, f"三季度的账{ATTACK}")
        session.commit()
        number = item.id
    found = feed(world)
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["feed_url"].endswith(FEED)
    ids = [one["id"] for one in found["items"]]
    assert len(ids) == len(set(ids)) > 2
    assert {"urn:linli:lijiagou:y1", f"urn:linli:lijiagou:open:{number}"} <= set(ids)
    for one in found["items"]:
        assert one["content_text"]
        for name in ("date_published", "date_modified"):
            assert name not in one or datetime.fromisoformat(one[name]).tzinfo
        path = one["url"].split("://", 1)[1].partition("/")[2]
        assert world.visitor().get(f"/{path}").status_code == 200, path
    assert [one["id"] for one in feed(world)["items"]] == ids


def test_the_feed_has_no_names_and_nothing_that_isnt_public(world: World) -> None:
    with world.sessions() as session:
        posted(session)
        draft = Disclosure(place_id="lijiagou", duty_code="finance", period="2026Q4", state=State.drafted)
        draft.title, draft.at = "没核对过的账", datetime.now(UTC)
        topic_of(session).state = TopicState.raised
        session.add(draft)
        session.commit()
    text = world.visitor().get(FEED).text
    for hidden in ("王秀英", "没核对过的账", "路灯，装在哪一头", "村会计", "文书"):
        assert hidden not in text

"""What is missing where, counted and shown."""

import html
import re
from datetime import timedelta
from typing import Any

from bot.conversations.coverage import WITHOUT, coverage
from bot.conversations.models import Conversation, Message, Sender
from tests.bot.web.knowledge.indexed import live, now
from tests.bot.world import DAY, World


def test_coverage_counts_documents_questions_and_what_was_answered(world: World) -> None:
    with world.sessions() as session:
        live(session, "低保", "找镇里。", reviewed_on=DAY - timedelta(days=400))
        live(session, "特困", "找镇里。", reviewed_on=DAY)
        live(session, "酒席", "八桌。", place="shiqiao")
        session.add(Conversation(id="c2", channel="widget", place_id="shiqiao", topic="劳动用工"))
        session.flush()
        for kind, rating, topic, age in (
            ("answer", None, "社会保障与救助", 1),
            ("answer", "down", "社会保障与救助", 1),
            ("abstention", None, None, 1),
            ("answer", None, "社会保障与救助", 100),
            ("smalltalk", None, None, 1),
        ):
            session.add(
                Message(
                    conversation_id="c2",
                    sender=Sender.bot,
                    kind=kind,
                    text="答",
                    rating=rating,
                    body={"topic": topic} if topic else {},
                    created_at=now() - timedelta(days=age),
                )
            )
        session.commit()

        def found(place: str | None = None, asked_at: list[str] | None = None) -> Any:
            return coverage(session, documents_of=None, asked_at=asked_at, place=place, now=now(), today=DAY)

        aid = found().topics["社会保障与救助"]
        assert (aid.documents, aid.stale, aid.questions, aid.asked, aid.answered, aid.share, aid.reviewed_on) == (
            3,
            2,
            3,
            2,
            1,
            50,
            DAY,
        )
        assert (found().topics["劳动用工"].asked, found().topics["劳动用工"].share) == (1, 0)
        assert found().topics["环境卫生"].share is None
        assert found().topics.get(WITHOUT) is None
        assert [title for _, title, *_ in found().stale] == ["酒席", "低保"]
        assert (
            found("shiqiao").topics["社会保障与救助"].documents,
            found("lijiagou").topics["社会保障与救助"].asked,
        ) == (1, 0)
        assert found(asked_at=["lijiagou"]).topics["社会保障与救助"].asked == 0
        assert found().grid["社会保障与救助"][list(found().places).index("shiqiao")].asked == 2
    page = world.enter("administrator").get("/staff/knowledge/coverage?place=shiqiao").text
    assert "50%（1/2）" in page
    assert ">酒席</a>" in page
    assert ">低保</a>" not in page


def said(world: World, question: str, kind: str, *, topic: str | None = "劳动用工", place: str = "shiqiao") -> None:
    with world.sessions() as session:
        conversation = f"c-{place}"
        if session.get(Conversation, conversation) is None:
            session.add(Conversation(id=conversation, channel="widget", place_id=place))
            session.flush()
        message = Message(conversation_id=conversation, sender=Sender.resident, text=question)
        session.add(message)
        session.flush()
        body = {"topic": topic} if topic else {}
        reply = Message(conversation_id=conversation, sender=Sender.bot, kind=kind, text="答", body=body)
        reply.in_reply_to, reply.ordinal = message.id, 0
        session.add(reply)
        session.commit()


def test_the_thinnest_come_first_and_each_figure_leads_to_what_it_counts(world: World) -> None:
    for question, kind in (("工钱拖着不给", "abstention"), ("工钱拖着不给", "abstention"), ("加班费", "answer")):
        said(world, question, kind)
    said(world, "您选哪一件", "asking")
    said(world, "您是哪个村的", "asking", topic=None)  # asks back for something else: no question of ours
    said(world, "低保", "answer", topic="社会保障与救助", place="lijiagou")
    client = world.enter("administrator")
    page = client.get("/staff/knowledge/coverage").text
    first = page.split('aria-label="最薄的地方"')[1].split("</li>")[0]
    assert "劳动用工" in first
    assert ">4</a> 次" in first
    assert ">3</a> 次" in first
    links = [html.unescape(link) for link in re.findall(r'href="([^"]*coverage/asked[^"]*)"', first)]
    everything, missed = (client.get(link).text for link in links)
    assert "加班费" in everything
    assert "加班费" not in missed
    assert re.search(r"工钱拖着不给</td><td>2</td>", missed)
    assert "让居民挑" in missed
    assert "低保" not in everything
    assert "您是哪个村的" not in everything


def test_a_figure_of_documents_leads_to_as_many(world: World) -> None:
    with world.sessions() as session:
        live(session, "低保", "找镇里。")
        live(session, "酒席", "八桌。", place="shiqiao")
        session.commit()
    client = world.enter("administrator")
    page = client.get("/staff/knowledge/coverage").text
    row = page.split('<th scope="row">社会保障与救助</th>')[1].split("</tr>")[0]
    figures = re.findall(r'<a href="(/staff/knowledge\?[^"]*)">(\d+)</a>', row)
    assert figures
    for link, count in figures:
        listed = client.get(html.unescape(link)).text
        assert f">{count} 份</span>" in re.sub(r"\s+", " ", listed), link


def test_what_residents_of_other_places_asked_is_not_listed_and_names_are_masked(world: World) -> None:
    said(world, "我叫张建国，电话13871204456，工钱不给", "abstention", place="liuhe")
    said(world, "我叫张建国，电话13871204456，加班不给钱", "abstention", place="qingshi")
    page = world.enter("qingshi").get("/staff/knowledge/coverage/asked").text
    assert "加班不给钱" in page
    assert "工钱不给" not in page
    assert "13871204456" not in page

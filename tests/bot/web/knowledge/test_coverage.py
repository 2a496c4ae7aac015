"""What is missing where, counted and shown."""

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

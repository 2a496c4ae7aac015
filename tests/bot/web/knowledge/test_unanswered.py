"""What wasn't answered, at the console: grouped, masked, written about, asked again."""

import re
from collections.abc import Sequence

import numpy as np
import pytest
from sqlalchemy import select, update

from actions.feedback import UnansweredQuestion
from bot.conversations.models import Message, Sender
from bot.staff.models import AuditEntry
from bot.web.knowledge.asking import groups as groups_of
from knowledge.documents import versions
from knowledge.documents.models import DocumentVersion
from knowledge.documents.versions import Person
from tests.bot.web.knowledge.indexed import ANN, Real, live, now
from tests.bot.world import DAY
from tests.fakes import NoSearch

pytestmark = pytest.mark.slow


def asked(real: Real, *questions: str, place: str | None = "lijiagou", reason: str = "abstained") -> None:
    with real.world.sessions() as session:
        session.add_all(UnansweredQuestion(question=q, reason=reason, place_id=place) for q in questions)
        session.commit()


def groups(real: Real) -> list[tuple[str, int, str]]:
    """Label, how often, ids; as shown."""
    page = real.client.get("/staff/knowledge/unanswered").text
    found = re.findall(
        r'<section[^>]*aria-label="([^"]*)"[^>]*>.*?text-bg-success">(\d+) 次.*?name="ids" value="([\d,]*)"', page, re.S
    )
    return [(label, int(n), ids) for label, n, ids in found]


def test_questions_of_one_meaning_stand_together_most_wanted_first(real: Real) -> None:
    asked(real, "无人机喷农药要不要办证")
    asked(real, "摩托车年检去哪里办", "摩托车年检去哪里办", "摩托车年检到哪里办", reason="wrong")
    found = groups(real)
    assert [(label, n) for label, n, _ in found] == [("摩托车年检去哪里办", 3), ("无人机喷农药要不要办证", 1)]
    assert "坐席说答错了 3" in real.client.get("/staff/knowledge/unanswered").text


def test_personal_data_is_masked_on_the_page_and_in_the_draft(real: Real) -> None:
    asked(real, "我叫张建国，电话13871204456，摩托车年检去哪里办")
    page = real.client.get("/staff/knowledge/unanswered").text
    assert "13871204456" not in page
    assert "张建国" not in page
    assert "摩托车年检" in page
    ((label, _, ids),) = groups(real)
    real.client.post(
        "/staff/knowledge/unanswered",
        data={"do": "draft", "ids": ids, "label": label, "kind": "service_guide", "place": "nation"},
    )
    with real.world.sessions() as session:
        held = session.scalars(select(DocumentVersion).order_by(DocumentVersion.id.desc())).first()
        assert held is not None
        assert "13871204456" not in str(held.content)
        assert "张建国" not in str(held.content)
        assert "摩托车年检" in str(held.content["questions"])


def test_an_unanswered_question_becomes_a_document_and_is_answered_afterwards(real: Real) -> None:
    asked(real, "摩托车年检去哪里办", "摩托车年检到哪里办")
    ((label, _, ids),) = groups(real)
    answer = real.client.post(
        "/staff/knowledge/unanswered",
        data={"do": "draft", "ids": ids, "label": label, "kind": "service_guide", "place": "nation"},
    )
    with real.world.sessions() as session:
        version = session.scalars(select(DocumentVersion).order_by(DocumentVersion.id.desc()).limit(1)).one()
        document = version.document_id
        assert answer.headers["location"] == f"/staff/knowledge/versions/{version.id}"
        assert version.content["questions"] == ["摩托车年检去哪里办", "摩托车年检到哪里办"]
        assert version.content["topic"] == "社会保障与救助"
        assert {q.document_id for q in session.scalars(select(UnansweredQuestion))} == {document}
    assert groups(real) == []
    again = f"/staff/knowledge/unanswered/again?document={document}"
    assert "引用的就是这份" not in real.client.get(again).text
    with real.world.sessions() as session:
        version = versions.save_draft(
            session,
            version.id,
            content={**version.content, "answer": "摩托车年检到县车管所。"},
            in_force_from=DAY,
            in_force_to=None,
            reviewed_on=DAY,
            revision=1,
            by=ANN,
            now=now(),
        )
        versions.submit(session, version.id, by=ANN, now=now())
        versions.approve(session, version.id, by=Person(901, "波"), now=now())
        versions.publish(session, version.id, by=versions.SYSTEM, now=now(), today=DAY)
        session.commit()
    real.index()
    shown = real.client.get(again).text
    assert shown.count("引用的就是这份") == 2
    assert "都答得上了" in shown


@pytest.mark.parametrize("kind", ["service_guide", "policy", "village_rule", "case_story", "regulation"])
def test_a_draft_of_any_kind_holds_the_residents_wording(real: Real, kind: str) -> None:
    asked(real, "摩托车年检去哪里办")
    real.client.post(
        "/staff/knowledge/unanswered",
        data={"do": "draft", "ids": groups(real)[0][2], "label": "摩托车年检", "kind": kind, "place": "lijiagou"},
    )
    with real.world.sessions() as session:
        version = session.scalars(select(DocumentVersion).order_by(DocumentVersion.id.desc()).limit(1)).one()
        assert [q.text for q in versions.built(version)[1]] == ["摩托车年检去哪里办"]
        assert version.document.place_id == "lijiagou"


def test_dismissed_questions_are_gone_and_a_second_press_is_told(real: Real) -> None:
    asked(real, "在吗在吗")
    ids = groups(real)[0][2]
    presses = [
        real.client.post(
            "/staff/knowledge/unanswered", data={"do": do, "ids": ids, "kind": "service_guide", "place": "nation"}
        ).status_code
        for do in ("dismiss", "dismiss", "draft")
    ]
    assert presses == [303, 409, 409]
    assert groups(real) == []


def test_questions_of_other_places_are_neither_seen_nor_taken(real: Real) -> None:
    asked(real, "李家沟的摩托车年检", place="lijiagou")
    asked(real, "没说是哪里的年检", place=None)
    ids = {q: i for q, _, i in groups(real)}
    real.client = real.world.enter("qingshi")
    assert [label for label, _, _ in groups(real)] == ["没说是哪里的年检"]
    every = ",".join(ids.values())
    assert real.client.post("/staff/knowledge/unanswered", data={"do": "dismiss", "ids": every}).status_code == 303
    with real.world.sessions() as session:
        assert {
            q.question
            for q in session.scalars(select(UnansweredQuestion).where(UnansweredQuestion.dismissed_at.is_(None)))
        } == {"李家沟的摩托车年检"}


def test_vectors_of_what_residents_said_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    embedder, given = NoSearch().embedder, list[str]()
    encode = embedder.encode_queries

    def encoding(texts: Sequence[str]) -> np.ndarray:
        given.extend(texts)
        return encode(texts)

    monkeypatch.setattr(embedder, "encode_queries", encoding)
    vectors = groups_of.Vectors(embedder)
    assert vectors(["甲乙", "丙丁", "甲乙"]).shape == (3, 384)
    assert vectors(["丙丁"]).shape == (1, 384)
    assert given == ["甲乙", "丙丁"]


def test_many_groups_stand_on_pages(real: Real, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups_of, "_NEAR", 1.1)  # each question is a group of its own
    asked(real, *(f"第 {n} 块地的水渠归谁修" for n in range(45)))
    pages = [real.client.get(f"/staff/knowledge/unanswered?page={n}").text for n in (1, 2, 3, 9)]
    labels = [re.findall(r'<section[^>]*aria-label="(第 [^"]*)"', page) for page in pages]
    assert [len(some) for some in labels] == [20, 20, 5, 5]
    assert len({*labels[0], *labels[1], *labels[2]}) == 45
    assert "3 / 3" in pages[3]


def test_the_same_index_is_asked_once_and_again_when_it_is_another(real: Real) -> None:
    searches = real.rasa.asked
    asked(real, "摩托车年检去哪里办")
    with real.world.sessions() as session:
        session.execute(update(UnansweredQuestion).values(document_id="rule-1"))
        session.commit()
    again = "/staff/knowledge/unanswered/again?document=rule-1"
    assert real.client.get(again).text == real.client.get(again).text
    assert len(searches) == 1
    real.client.get(f"{again}&fresh=1")
    assert len(searches) == 2, "who presses the button wants it asked now"
    with real.world.sessions() as session:
        live(session, "摩托车年检去哪里办", "摩托车年检到县车管所。")
        session.commit()
    real.index()
    real.client.get(again)
    assert len(searches) == 3


def told(real: Real, question: str, *, said: str, kind: str, place: str = "lijiagou") -> None:
    """A resident's question, the bot's words to it, and its row in the list."""
    with real.world.sessions() as session:
        message = Message(conversation_id="conversation-1", sender=Sender.resident, text=question)
        session.add(message)
        session.flush()
        session.add(
            Message(
                conversation_id="conversation-1",
                sender=Sender.bot,
                kind=kind,
                text=said,
                in_reply_to=message.id,
                ordinal=0,
            )
        )
        reason = "abstained" if kind == "abstention" else "wrong"
        session.add(UnansweredQuestion(question=question, reason=reason, place_id=place, message_id=message.id))
        session.commit()


def test_a_group_says_what_was_said_then_and_what_would_be_said_now(real: Real) -> None:
    told(real, "低保怎么申请", said="这个问题我没有把握，那天是这样说的。", kind="abstention")
    told(real, "火星上的蚯蚓吃什么", said="不知道蚯蚓。", kind="abstention")
    told(real, "临时救助", said="错的那句话。", kind="answer")
    shown = {}
    for label, _, ids in groups(real):
        shown[label] = real.client.get(f"/staff/knowledge/unanswered/now?ids={ids}").text
    assert "那天是这样说的" in shown["低保怎么申请"]
    assert "会答：《低保怎么申请》" in shown["低保怎么申请"]
    assert "data-answered" in shown["低保怎么申请"]
    assert "还是不敢答" in shown["火星上的蚯蚓吃什么"]
    assert "data-answered" not in shown["火星上的蚯蚓吃什么"]
    assert "会答：《临时救助》" in shown["临时救助"]
    assert "data-answered" not in shown["临时救助"], "it was told then, too, and somebody said that it is wrong"


def test_ticked_groups_are_closed_together_and_the_audit_says_why(real: Real) -> None:
    asked(real, "低保怎么申请", "火星上的蚯蚓吃什么")
    ids = [i for _, _, i in groups(real)]
    assert len(ids) == 2
    answer = real.client.post("/staff/knowledge/unanswered", data={"do": "answered", "ids": ids})
    assert answer.status_code == 303
    assert groups(real) == []
    with real.world.sessions() as session:
        assert "没答上的问题：已经答得上" in set(session.scalars(select(AuditEntry.what)))


def test_another_way_of_asking_is_proposed_and_taken_up_with_the_draft(real: Real) -> None:
    asked(real, "摩托车年检去哪里办")
    ids = groups(real)[0][2]
    sent = {"do": "draft", "ids": ids, "label": "摩托车年检", "kind": "answer", "place": "nation"}
    real.client.post("/staff/knowledge/unanswered", data=sent)
    asked(real, "摩托车年检到哪里办")
    asked(real, "火星上的蚯蚓吃什么")
    with real.world.sessions() as session:
        version = session.scalars(select(DocumentVersion).order_by(DocumentVersion.id.desc()).limit(1)).one()
    near = real.client.get(f"/staff/knowledge/unanswered/near?version={version.id}").text
    assert 'data-add-question="摩托车年检到哪里办"' in near
    assert "蚯蚓" not in near
    form = {"do": "save", "revision": "1", "title": "摩托车年检", "in_force_from": DAY.isoformat()}
    typed = {**form, "questions": "摩托车年检去哪里办\n摩托车年检到哪里办"}
    assert real.client.post(f"/staff/knowledge/versions/{version.id}", data=typed).status_code == 303
    assert [label for label, _, _ in groups(real)] == ["火星上的蚯蚓吃什么"]


def test_a_village_s_text_takes_up_no_question_of_another_village(real: Real) -> None:
    """Nobody there would hear it, and the question would be off the list for good."""
    asked(real, "荷塘边能不能搭棚子卖凉粉", place="shiqiao")
    ids = groups(real)[0][2]
    sent = {"do": "draft", "ids": ids, "label": "荷塘搭棚", "kind": "answer", "place": "shiqiao"}
    real.client.post("/staff/knowledge/unanswered", data=sent)
    asked(real, "荷塘旁边能不能搭棚子卖凉粉", place="lijiagou")
    with real.world.sessions() as session:
        version = session.scalars(select(DocumentVersion).order_by(DocumentVersion.id.desc()).limit(1)).one()
    near = f"/staff/knowledge/unanswered/near?version={version.id}"
    assert "荷塘旁边" not in real.client.get(near).text
    asked(real, "荷塘旁边能不能搭棚子卖凉粉", place="shiqiao")
    assert "荷塘旁边" in real.client.get(near).text
    form = {"do": "save", "revision": "1", "title": "荷塘搭棚", "in_force_from": DAY.isoformat()}
    typed = {**form, "questions": "荷塘边能不能搭棚子卖凉粉\n荷塘旁边能不能搭棚子卖凉粉"}
    assert real.client.post(f"/staff/knowledge/versions/{version.id}", data=typed).status_code == 303
    with real.world.sessions() as session:
        left = session.scalars(select(UnansweredQuestion).where(UnansweredQuestion.document_id.is_(None))).all()
        assert [(q.question, q.place_id) for q in left] == [("荷塘旁边能不能搭棚子卖凉粉", "lijiagou")]

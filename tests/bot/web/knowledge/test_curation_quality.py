"""Try it, golden questions, unanswered and coverage at the console, over a small real index."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from actions.feedback import UnansweredQuestion
from bot.conversations.coverage import WITHOUT, coverage
from bot.conversations.models import Conversation, Message, Sender
from bot.settings import Settings
from bot.staff.models import AuditEntry
from bot.web.knowledge import unanswered
from knowledge.documents import versions
from knowledge.documents.models import Document, DocumentVersion, Kind
from knowledge.documents.versions import Person
from knowledge.encoder.cache import VectorCache
from knowledge.encoder.embedding import SentenceEmbedder, prepare_model
from knowledge.evaluation.models import GoldenQuestion, GoldenRun
from knowledge.search import building as index_building
from knowledge.search import snapshot
from knowledge.search.searcher import Searcher
from tests.bot.world import ATTACK, DAY, World, console
from tests.fakes import NoSearch

pytestmark = pytest.mark.slow

ANN = Person(900, "安")
TEXTS = [
    ("低保怎么申请", "低保向乡镇政府申请，村里可以代交材料。"),
    ("低保多久能批下来", "低保批下来一般要三十天。"),
    ("临时救助", "家里突然困难可以申请临时救助。"),
    ("特困供养", "无儿无女的老人可以申请特困供养。"),
    ("工伤怎么认定", "上班受伤一年内申请工伤认定。"),
]


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    return SentenceEmbedder(prepare_model(Settings().cache), learned=Settings().learned)


def now() -> datetime:
    """Not that of the collection, which may lie half an hour back: the index looks for what was published since it
    was built, with ten minutes' margin.
    """
    return datetime.now(UTC)


def live(
    session: Session,
    title: str,
    answer: str,
    *,
    place: str = "nation",
    document_id: str | None = None,
    reviewed_on: date | None = None,
) -> DocumentVersion:
    content = {"title": title, "answer": answer, "topic": "社会保障与救助", "questions": [title]}
    version = versions.start_draft(
        session,
        by=ANN,
        now=now(),
        content=content,
        in_force_from=date(2026, 1, 1),
        reviewed_on=reviewed_on,
        document_id=document_id,
        kind=Kind.service_guide,
        place_id=place,
    )
    versions.submit(session, version.id, by=ANN, now=now())
    versions.approve(session, version.id, by=Person(901, "波"), now=now())
    return versions.publish(session, version.id, by=versions.SYSTEM, now=now(), today=DAY)


class Real:
    """The console's pages over an index of its own; `index` takes in what was published since."""

    def __init__(self, world: World, searcher: Searcher, index: Any) -> None:
        self.world, self.searcher, self.index = world, searcher, index
        self.client = world.enter("administrator")

    def document(self, title: str) -> Document:
        with self.world.sessions() as session:
            return session.scalars(select(Document).where(Document.title == title)).one()

    def try_it(self, q: str, **more: str) -> str:
        return str(self.client.post("/staff/knowledge/try", data={"q": q, "day": DAY.isoformat(), **more}).text)


@pytest.fixture()
def real(world: World, embedder: SentenceEmbedder, tmp_path: Path) -> Iterator[Real]:
    root, cache = tmp_path / "snapshots", VectorCache(tmp_path / "vectors.sqlite")
    with world.sessions() as session:
        session.execute(delete(UnansweredQuestion))
        session.execute(delete(GoldenQuestion))
        for title, answer in TEXTS:
            live(session, title, answer)
        live(session, "石桥酒席规矩", "红事酒席不超过八桌。", place="shiqiao")
        session.commit()
        index_building.build_snapshot(session, root=root, embedder=embedder, cache=cache, today=DAY)
    loaded = snapshot.load(root)
    searcher = Searcher(embedder=embedder, live=lambda: snapshot.refreshed(loaded, root))

    async def intent(text: str) -> str:
        return "ask_service_guide"

    app = console(
        world.settings,
        world.sessions,
        searcher=searcher,
        golden=searcher,
        intent=intent,
        topic=lambda _: "社会保障与救助",
    )

    def take_in() -> None:
        with world.sessions() as session:
            while index_building.update_delta(session, root=root, embedder=embedder, cache=cache, today=DAY):
                pass

    yield Real(replace(world, app=app), searcher, take_in)
    cache.close()


def test_the_answer_is_shown_with_its_hits_and_a_way_to_edit_them(real: Real) -> None:
    shown = real.try_it("低保怎么申请")
    assert "低保向乡镇政府申请" in shown and "像这个问法" in shown
    assert f'href="/staff/knowledge/{real.document("低保怎么申请").id}"' in shown


def test_what_is_left_out_is_named_with_the_reason(real: Real) -> None:
    with real.world.sessions() as session:
        version = versions.current(session, real.document("特困供养").id)
        assert version is not None
        versions.withdraw(session, version.id, by=ANN, now=now(), reason="写错了")
        session.commit()
    hidden = real.try_it("酒席不超过几桌 特困供养", place="lijiagou").split("没有给居民看的")[1]
    assert re.search(r"石桥酒席规矩.{0,40}别的村的", hidden) and re.search(r"特困供养.{0,40}已撤回", hidden)


def test_a_draft_is_included_only_when_asked_for(real: Real) -> None:
    with real.world.sessions() as session:
        draft = versions.start_draft(
            session,
            by=ANN,
            now=now(),
            content={"title": "低保怎么申请", "answer": "改成找民政所的小陈办低保。", "questions": ["低保怎么申请"]},
            in_force_from=DAY,
            document_id=real.document("低保怎么申请").id,
        )
        session.commit()
    assert "小陈" not in real.try_it("低保怎么申请")
    with_it = real.try_it("低保怎么申请", version=str(draft.id))
    assert "改成找民政所的小陈" in with_it and "正在试的这一版会替代它" in with_it
    assert (
        "小陈" in real.client.get(f"/staff/knowledge/try?version={draft.id}").text
        or f'value="{draft.id}" selected' in real.client.get(f"/staff/knowledge/try?version={draft.id}").text
    )


def test_an_abstention_and_a_danger_are_shown_as_a_resident_meets_them(real: Real) -> None:
    assert "不敢乱答" in real.try_it("低保怎么申请", day="2020-01-01")
    assert "居民先看到的是这个" in real.try_it("救命，有人拿刀砍我")


def test_nothing_of_a_question_is_kept_and_a_hostile_one_is_words(real: Real) -> None:
    before = real.world.rows()
    shown = real.try_it(f"低保怎么申请{ATTACK}")
    assert ATTACK not in shown and "&lt;script&gt;" in shown
    for q, day in (("", DAY.isoformat()), ("低保", "不是日期"), ("\u200b", "")):
        assert real.client.post("/staff/knowledge/try", data={"q": q, "day": day}).status_code == 422
    assert real.world.rows() == before
    with real.world.sessions() as session:
        assert not any("低保" in e.detail for e in session.scalars(select(AuditEntry)))


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
    assert "text-bg-success" in page and '"share": [100.0]' in page
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
    assert answer.status_code == 422 and said in answer.text
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
    assert (
        "低保怎么申请（第 1 版）" in part.split("第一次错的时候")[0]
        and "低保怎么申请" not in part.split("第一次错的时候")[1]
    )


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
    assert 'value="低保去哪里办"' in page and ">guide-x</textarea>" in page
    assert real.world.rows() == before


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
    assert "13871204456" not in page and "张建国" not in page and "摩托车年检" in page
    ((label, _, ids),) = groups(real)
    real.client.post(
        "/staff/knowledge/unanswered",
        data={"do": "draft", "ids": ids, "label": label, "kind": "service_guide", "place": "nation"},
    )
    with real.world.sessions() as session:
        held = session.scalars(select(DocumentVersion).order_by(DocumentVersion.id.desc())).first()
        assert (
            held is not None
            and "13871204456" not in str(held.content)
            and "张建国" not in str(held.content)
            and "摩托车年检" in str(held.content["questions"])
        )


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
        assert (
            version.content["questions"] == ["摩托车年检去哪里办", "摩托车年检到哪里办"]
            and version.content["topic"] == "社会保障与救助"
        )
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
    assert shown.count("引用的就是这份") == 2 and "都答得上了" in shown


@pytest.mark.parametrize("kind", ["service_guide", "policy", "village_rule", "case_story", "regulation"])
def test_a_draft_of_any_kind_holds_the_residents_wording(real: Real, kind: str) -> None:
    asked(real, "摩托车年检去哪里办")
    real.client.post(
        "/staff/knowledge/unanswered",
        data={"do": "draft", "ids": groups(real)[0][2], "label": "摩托车年检", "kind": kind, "place": "lijiagou"},
    )
    with real.world.sessions() as session:
        version = session.scalars(select(DocumentVersion).order_by(DocumentVersion.id.desc()).limit(1)).one()
        assert [q.text for q in versions.built(version)[1]] == [
            "摩托车年检去哪里办"
        ] and version.document.place_id == "lijiagou"


def test_dismissed_questions_are_gone_and_a_second_press_is_told(real: Real) -> None:
    asked(real, "在吗在吗")
    ids = groups(real)[0][2]
    presses = [
        real.client.post(
            "/staff/knowledge/unanswered", data={"do": do, "ids": ids, "kind": "service_guide", "place": "nation"}
        ).status_code
        for do in ("dismiss", "dismiss", "draft")
    ]
    assert presses == [303, 409, 409] and groups(real) == []


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
    monkeypatch.setattr(embedder, "encode_queries", lambda texts: given.extend(texts) or encode(texts))
    vectors = unanswered.Vectors(embedder)
    assert vectors(["甲乙", "丙丁", "甲乙"]).shape == (3, 384) and vectors(["丙丁"]).shape == (1, 384)
    assert given == ["甲乙", "丙丁"]


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
        assert found().topics["环境卫生"].share is None and found().topics.get(WITHOUT) is None
        assert [title for _, title, *_ in found().stale] == ["酒席", "低保"]
        assert (
            found("shiqiao").topics["社会保障与救助"].documents,
            found("lijiagou").topics["社会保障与救助"].asked,
        ) == (1, 0)
        assert found(asked_at=["lijiagou"]).topics["社会保障与救助"].asked == 0
        assert found().grid["社会保障与救助"][list(found().places).index("shiqiao")].asked == 2
    page = world.enter("administrator").get("/staff/knowledge/coverage?place=shiqiao").text
    assert "50%（1/2）" in page and ">酒席</a>" in page and ">低保</a>" not in page

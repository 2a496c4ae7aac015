"""The console's list: one row a document, filtered, searched and paged; real database."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from knowledge.documents.models import Chunk, Document, DocumentVersion, Kind, VersionStatus
from knowledge.encoder.cache import VectorCache
from knowledge.exchange import corpus
from knowledge.normalise import content_hash
from knowledge.search import building as index_building
from knowledge.search import index, snapshot
from knowledge.search.catalogue import COUNTED_UP_TO, Page, list_documents
from tests.conftest import CORPUS, DAY
from tests.fakes import PairEmbedder

S = VersionStatus
NOW = datetime(2026, 11, 24, tzinfo=UTC)


class Shelf:
    def __init__(self, session: Session) -> None:
        self.session = session

    def put(
        self,
        id: str,
        *statuses: VersionStatus,
        title: str = "",
        text: str = "",
        kind: Kind = Kind.village_rule,
        place: str = "lijiagou",
        topic: str | None = None,
        end: date | None = None,
        content: dict[str, Any] | None = None,
        writer: int | None = None,
    ) -> None:
        self.session.add(Document(id=id, kind=kind, title=title or id, place_id=place, topic=topic))
        self.session.flush()
        for number, status in enumerate(statuses, 1):
            version = DocumentVersion(
                document_id=id,
                number=number,
                status=status,
                in_force_from=date(2020, 1, 1),
                in_force_to=end,
                content=content or {"clauses": [{"number": "第一条", "text": text or id}]},
                content_hash="",
                created_at=NOW,
                published_at=NOW,
                author_id=writer,
            )
            version.chunks = [
                Chunk(ordinal=0, text=text or id, embed_text=text or id, content_hash=content_hash(id), details={})
            ]
            self.session.add(version)
            self.session.flush()
        self.session.commit()

    def names(self, **given: object) -> list[str]:
        return [r.version.document_id for r in self.page(**given).rows]

    def page(self, **given: object) -> Page:
        return list_documents(self.session, **given)  # type: ignore[arg-type]


@pytest.fixture
def shelf(sessions: sessionmaker[Session]) -> Iterator[Shelf]:
    with sessions() as session:
        corpus.import_places(session, CORPUS)
        yield Shelf(session)


def test_a_document_stands_once_with_its_latest_version_and_the_latest_change_first(shelf: Shelf) -> None:
    shelf.put("old", S.published)
    shelf.put("changed", S.superseded, S.published, S.draft)
    rows = shelf.page().rows
    assert [(r.version.document_id, r.version.number, r.version.status, r.published) for r in rows] == [
        ("changed", 3, S.draft, 2),
        ("old", 1, S.published, 1),
    ]


def test_a_status_finds_what_is_so_today(shelf: Shelf) -> None:
    shelf.put("live", S.published)
    shelf.put("edited", S.superseded, S.published, S.in_review)
    shelf.put("gone", S.superseded, S.withdrawn)
    shelf.put("new", S.draft)
    assert shelf.names(status=S.published) == ["edited", "live"]
    assert shelf.names(status=S.in_review) == ["edited"]
    assert shelf.names(status=S.withdrawn) == ["gone"]
    assert shelf.names(status=S.superseded) == []
    assert shelf.names(status=S.draft) == ["new"]


def test_filters_narrow_together(shelf: Shelf) -> None:
    shelf.put("a", S.published, topic="环境卫生")
    shelf.put("b", S.published, topic="环境卫生", place="shiqiao")
    shelf.put("c", S.published, topic="环境卫生", kind=Kind.policy)
    shelf.put("d", S.published)
    assert shelf.names(topic="环境卫生") == ["c", "b", "a"]
    assert shelf.names(topic="环境卫生", place_ids={"lijiagou"}, kinds=[Kind.village_rule]) == ["a"]
    assert shelf.names(place_ids=set()) == []


def test_what_ends_soon_is_found(shelf: Shelf) -> None:
    shelf.put("soon", S.published, end=date(2026, 12, 1))
    shelf.put("later", S.published, end=date(2027, 12, 1))
    shelf.put("open", S.published)
    shelf.put("ended", S.expired, end=date(2026, 12, 1))
    assert shelf.names(expiring=(DAY, date(2026, 12, 24))) == ["soon"]


def test_what_nobody_checked_and_what_is_in_work_for_whom_is_found(shelf: Shelf) -> None:
    shelf.put("live", S.published)
    shelf.put("mine", S.published, S.draft, writer=7)
    shelf.put("theirs", S.in_review, writer=8)
    assert shelf.names(unchecked_since=date(2020, 1, 2)) == ["mine", "live"]
    assert shelf.names(unchecked_since=date(2020, 1, 1)) == []
    assert shelf.names(written_by=7) == ["mine"]
    assert shelf.names(written_by=9) == []
    assert shelf.names(to_review_by=7) == ["theirs"]
    assert shelf.names(to_review_by=8) == []


def test_pages_follow_each_other_without_gap(shelf: Shelf) -> None:
    for number in range(7):
        shelf.put(f"d{number}", S.published)
    pages = [shelf.page(page=n, per_page=3) for n in (1, 2, 3)]
    assert [[r.version.document_id for r in p.rows] for p in pages] == [["d6", "d5", "d4"], ["d3", "d2", "d1"], ["d0"]]
    assert [p.has_next for p in pages] == [True, True, False]
    assert {(p.total, p.is_more) for p in pages} == {(7, False)}
    assert shelf.names(page=-5, per_page=0) == ["d6"]


def test_very_many_are_counted_up_to_a_limit(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    assert COUNTED_UP_TO == 1_000
    monkeypatch.setattr("knowledge.search.catalogue.COUNTED_UP_TO", 4)
    for number in range(6):
        shelf.put(f"d{number}", S.published)
    page = shelf.page(per_page=2, page=2)
    assert (page.total, page.is_more, page.has_next, len(page.rows)) == (4, True, True, 2)
    assert not shelf.page(per_page=2, page=4).has_next


@pytest.fixture
def live(shelf: Shelf, tmp_path: Path) -> Iterator[Callable[[], index.Index]]:
    cache = VectorCache(tmp_path / "vectors.sqlite")

    def build() -> index.Index:
        index_building.build_snapshot(
            shelf.session, root=tmp_path / "snapshots", embedder=PairEmbedder(), cache=cache, today=DAY
        )
        return snapshot.load(tmp_path / "snapshots")

    yield build
    cache.close()


def test_words_are_found_in_titles_published_texts_and_texts_in_work(
    shelf: Shelf, live: Callable[[], index.Index]
) -> None:
    shelf.put("title", S.published, title="禁止焚烧秸秆的规定")
    shelf.put("text", S.published, text="地里的秸秆不要点火，收割后联系农机站打捆。")
    shelf.put("work", S.draft, text="秸秆由村里统一回收")
    shelf.put("former", S.superseded, S.published, text="别的事情")
    shelf.put("gone", S.withdrawn, text="秸秆每斤一角")
    built = live()
    assert shelf.names(words="秸秆", index=built) == ["work", "text", "title"]
    assert shelf.names(words="秸秆 农机站", index=built) == ["text"]
    assert shelf.names(words="秸秆", index=built, status=S.draft) == ["work"]
    assert shelf.names(words="没有这个词", index=built) == []


def test_a_document_found_by_its_text_shows_the_sentence_that_says_most(
    shelf: Shelf, live: Callable[[], index.Index]
) -> None:
    shelf.put("text", S.published, text=f"农机站在镇东。{'收割以后，' * 10}秸秆联系农机站打捆，不要点火。")
    shelf.put("title", S.published, title="秸秆怎么办")
    shelf.put(
        "work", S.draft, content={"clauses": [], "questions": ["秸秆能点火吗"], "title": ""}, kind=Kind.service_guide
    )
    shelf.put("word", S.draft, content={"answer": "写着别的", "title": ""}, kind=Kind.service_guide)
    built = live()
    found = {r.version.document_id: r.snippet for r in shelf.page(words="秸秆 农机站", index=built).rows}
    assert list(found) == ["text"]
    assert [words for words, is_said in found["text"] if is_said] == ["秸秆", "农机站"]
    assert found["text"][0][0].startswith("……")
    assert found["text"][-1] == ("打捆，不要点火。", False)
    by_title = {r.version.document_id: r.snippet for r in shelf.page(words="秸秆", index=built).rows}
    assert by_title["title"] == ()
    assert by_title["work"] == (("秸秆", True), ("能点火吗", False))
    assert shelf.names(words="answer", index=built) == []  # how the text is stored is no text


def test_words_that_very_many_titles_and_texts_hold_are_still_found_at_one_place(
    shelf: Shelf, live: Callable[[], index.Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.search.catalogue._RARE", 3)
    monkeypatch.setattr("knowledge.search.catalogue._LOOKED_AT", 3)
    shelf.put("here", S.published, title="别的", text="养狗要拴绳", place="shiqiao")
    shelf.put("named", S.published, title="养狗的规矩", place="shiqiao")
    for number in range(8):
        shelf.put(f"d{number}", S.published, title=f"养狗{number}", text="养狗要拴绳")
    built = live()
    assert len(shelf.names(words="养狗", index=built)) == 9
    assert shelf.names(words="养狗", index=built, place_ids={"shiqiao"}) == ["named", "here"]
    assert shelf.names(words="养狗", index=built, place_ids={"shiqiao"}, kinds=[Kind.policy]) == []


@pytest.mark.parametrize(
    "hostile", ["%", "_", "'; DROP TABLE document; --", "\\", "秆" * 5000, "🙂", "a b c d e f g h i j"]
)
def test_hostile_words_are_only_words(shelf: Shelf, live: Callable[[], index.Index], hostile: str) -> None:
    shelf.put("one", S.published, title="秸秆")
    assert shelf.names(words=hostile, index=live()) == []
    assert shelf.names(words="\x00 \u200b") == ["one"]

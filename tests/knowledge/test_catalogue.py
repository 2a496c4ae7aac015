"""The console's list: one row a document, filtered, searched and paged; real database."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from knowledge import index, indexing, store
from knowledge.catalogue import COUNTED_UP_TO, Page, list_documents
from knowledge.embedding import VectorCache
from knowledge.models import Chunk, Document, DocumentVersion, Kind, VersionStatus
from tests.conftest import CORPUS, DAY
from tests.fakes import PairEmbedder

S = VersionStatus
NOW = datetime(2026, 11, 24, tzinfo=UTC)


class Shelf:
    def __init__(self, session: Session) -> None:
        self.session = session

    def put(self, id: str, *statuses: VersionStatus, title: str = "", text: str = "", kind: Kind = Kind.village_rule, place: str = "lijiagou", topic: str | None = None, end: date | None = None) -> None:
        self.session.add(Document(id=id, kind=kind, title=title or id, place_id=place, topic=topic))
        self.session.flush()
        for number, status in enumerate(statuses, 1):
            version = DocumentVersion(document_id=id, number=number, status=status, in_force_from=date(2020, 1, 1), in_force_to=end, content={}, content_hash="", created_at=NOW, published_at=NOW)
            version.chunks = [Chunk(ordinal=0, text=text or id, embed_text=text or id, content_hash=id, details={})]
            self.session.add(version)
            self.session.flush()
        self.session.commit()

    def names(self, **given: object) -> list[str]:
        return [r.document_id for r in self.page(**given).rows]

    def page(self, **given: object) -> Page:
        return list_documents(self.session, **given)  # type: ignore[arg-type]


@pytest.fixture()
def shelf(sessions: sessionmaker[Session]) -> Iterator[Shelf]:
    with sessions() as session:
        store.import_places(session, CORPUS)
        yield Shelf(session)


def test_a_document_stands_once_with_its_latest_version_and_the_latest_change_first(shelf: Shelf) -> None:
    shelf.put("old", S.published)
    shelf.put("changed", S.superseded, S.published, S.draft)
    rows = shelf.page().rows
    assert [(r.document_id, r.number, r.status, r.is_published) for r in rows] == [("changed", 3, S.draft, True), ("old", 1, S.published, True)]


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
    assert shelf.names(topic="环境卫生", place_ids={"lijiagou"}, kind=Kind.village_rule) == ["a"]
    assert shelf.names(place_ids=set()) == []


def test_what_ends_soon_is_found(shelf: Shelf) -> None:
    shelf.put("soon", S.published, end=date(2026, 12, 1))
    shelf.put("later", S.published, end=date(2027, 12, 1))
    shelf.put("open", S.published)
    shelf.put("ended", S.expired, end=date(2026, 12, 1))
    assert shelf.names(expiring=(DAY, date(2026, 12, 24))) == ["soon"]


def test_pages_follow_each_other_without_gap(shelf: Shelf) -> None:
    for number in range(7):
        shelf.put(f"d{number}", S.published)
    pages = [shelf.page(page=n, per_page=3) for n in (1, 2, 3)]
    assert [[r.document_id for r in p.rows] for p in pages] == [["d6", "d5", "d4"], ["d3", "d2", "d1"], ["d0"]]
    assert [p.has_next for p in pages] == [True, True, False]
    assert {(p.total, p.is_more) for p in pages} == {(7, False)}
    assert shelf.names(page=-5, per_page=0) == ["d6"]


def test_very_many_are_counted_up_to_a_limit(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    assert COUNTED_UP_TO == 1_000
    monkeypatch.setattr("knowledge.catalogue.COUNTED_UP_TO", 4)
    for number in range(6):
        shelf.put(f"d{number}", S.published)
    page = shelf.page(per_page=2, page=2)
    assert (page.total, page.is_more, page.has_next, len(page.rows)) == (4, True, True, 2)


@pytest.fixture()
def live(shelf: Shelf, tmp_path: Path) -> Iterator[Callable[[], index.Index]]:
    cache = VectorCache(tmp_path / "vectors.sqlite")

    def build() -> index.Index:
        indexing.build_snapshot(shelf.session, root=tmp_path / "snapshots", embedder=PairEmbedder(), cache=cache, today=DAY)
        return index.load(tmp_path / "snapshots")

    yield build
    cache.close()


def test_words_are_found_in_titles_published_texts_and_texts_in_work(shelf: Shelf, live: Callable[[], index.Index]) -> None:
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


@pytest.mark.parametrize("hostile", ["%", "_", "'; DROP TABLE document; --", "\\", "秆" * 5000, "🙂", "a b c d e f g h i j"])
def test_hostile_words_are_only_words(shelf: Shelf, live: Callable[[], index.Index], hostile: str) -> None:
    shelf.put("one", S.published, title="秸秆")
    assert shelf.names(words=hostile, index=live()) == []
    assert shelf.names(words="\x00 \u200b") == ["one"]

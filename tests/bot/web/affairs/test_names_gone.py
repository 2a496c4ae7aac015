"""Scenario 18: a list of who gets relief, after its days. Gone from page, console, search index, chat and database."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, undefer

from actions.dialogue.affairs.disclosure import AskDisclosure
from actions.disclosure import schedule
from actions.disclosure.models import Disclosure, DisclosureQuestion
from actions.disclosure.sheets import HIDDEN
from knowledge.clock import SHANGHAI
from knowledge.documents import saving
from knowledge.encoder.cache import VectorCache
from knowledge.search import building, snapshot
from knowledge.search.searcher import Searcher
from tests.actions.dialogue.affairs.hall import Resident
from tests.bot.web.affairs.test_disclosure import HOME, begun, do, picture, posted
from tests.bot.world import World
from tests.conftest import DAY
from tests.fakes import PairEmbedder
from tests.knowledge.search.test_indexing import rule

__all__ = ["begun"]

LIST = "姓名,救助类别\n王大勇,低保\n李二妹,特困\n"
NAMES = ("王大勇", "李二妹")


def relief(world: World) -> int:
    clerk, today = world.enter("scribe"), datetime.now(SHANGHAI).date().isoformat()
    fields = {"place": "lijiagou", "code": "relief_decisions", "title": "第三批", "day": today, "nonce": "n"}
    clerk.post(f"{HOME}/open", data=fields)
    number = posted(world, "relief_decisions", LIST, names=1, why="社会救助法第四十五条，王大勇等两户")
    do(clerk, number, "board", photo=("a.png", picture(), "image/png"))
    return number


def is_named(world: World) -> list[str]:
    """The tables that say who it is, however the text is kept: JSON stands as backslashes and codes."""
    return [
        table
        for table, rows in world.rows().items()
        if any(name in repr(rows) or json.dumps(name)[1:-1] in repr(rows) for name in NAMES)
    ]


class Indexed:
    """The index as the worker builds it from this very database."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.root, self.embedder = session, folder / "snapshots", PairEmbedder()
        self.cache = VectorCache(folder / "vectors.sqlite")

    def found(self, words: str) -> str:
        building.build_snapshot(self.session, root=self.root, embedder=self.embedder, cache=self.cache, today=DAY)
        live = snapshot.load(self.root)
        searcher = Searcher(embedder=self.embedder, live=lambda: live)
        found = searcher.search(self.session, words, day=DAY, place="lijiagou")
        return " ".join(f"{passage.title} {passage.text} {passage.details}" for passage in found)


def test_who_stood_on_the_list_is_gone_everywhere_with_its_last_day(begun: World, tmp_path: Path) -> None:
    number, visitor, clerk = relief(begun), begun.visitor(), begun.enter("scribe")
    path = f"/v/lijiagou/open/{number}"
    visitor.post(f"{path}/ask", data={"text": "王大勇是哪一户的", "nonce": "q"})
    assert is_named(begun) == ["disclosure", "disclosure_question"]
    assert all(name in visitor.get(path).text for name in NAMES)
    later = datetime.now(UTC) + timedelta(days=17)
    begun.app.state.clock = lambda: later
    with begun.sessions() as session:
        schedule.tick(session, later)
        schedule.tick(session, later)
    assert is_named(begun) == []
    for page in (visitor.get(path), visitor.get("/v/lijiagou/open?all=1"), clerk.get(f"{HOME}/{number}")):
        assert page.status_code == 200
        assert not any(name in page.text for name in NAMES)
    assert "公布期满，写着姓名的格不再显示" in visitor.get(path).text
    assert clerk.get(f"{HOME}/{number}").text.count("公布期满，姓名从系统里删掉了") == 1
    assert visitor.get(f"{path}/board.jpg").status_code == 404
    assert clerk.get(f"{HOME}/{number}/board.jpg").status_code == 200  # the paper: the law itself publishes who it is


def test_the_search_index_never_says_who_is_on_a_list(begun: World, tmp_path: Path) -> None:
    relief(begun)
    with begun.sessions() as session:
        indexed = Indexed(session, tmp_path)
        saving.save_document(session, rule("评议", "赵铁柱管低保评议的会"), key=None)
        session.commit()
        assert "赵铁柱" in indexed.found("赵铁柱 低保")  # who is in a document is found: this index does look
        for later in (datetime.now(UTC), datetime.now(UTC) + timedelta(days=17)):
            schedule.tick(session, later)
            for words in ("王大勇 低保", "低保名单有谁", "李二妹 特困", "第三批"):
                assert not any(name in indexed.found(words) for name in NAMES)
        indexed.cache.close()


@pytest.mark.parametrize("days", [0, 17])
def test_the_chat_says_which_list_hangs_there_and_never_who_is_on_it(begun: World, days: int) -> None:
    relief(begun)
    with begun.sessions() as session:
        schedule.tick(session, datetime.now(UTC) + timedelta(days=days))
    me = Resident(begun.sessions)
    for words in ("低保名单公布了没", "低保名单上有谁", "王大勇吃低保吗，公布没有"):
        told = me.say(words, AskDisclosure)
        assert "第三批" in repr(told)
        assert not any(name in repr(told) for name in NAMES)


def test_the_file_itself_holds_no_name_after_the_clock(begun: World) -> None:
    """What is deleted is overwritten (`secure_delete`), or whoever copies the file would read it."""
    relief(begun)
    with begun.sessions() as session:
        bind = session.get_bind()
        if bind.dialect.name != "sqlite":
            pytest.skip("PostgreSQL lets old rows go with VACUUM")
        file = Path(str(bind.engine.url.database))

        def bytes_now() -> bytes:
            session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            session.rollback()
            return file.read_bytes()

        codes = [json.dumps(name)[1:-1].encode() for name in NAMES] + [name.encode() for name in NAMES]
        assert any(code in bytes_now() for code in codes)
        schedule.tick(session, datetime.now(UTC) + timedelta(days=17))
        assert not any(code in bytes_now() for code in codes)


def test_where_no_law_names_anybody_the_photograph_goes_too(begun: World) -> None:
    table = "日期,事由,收入,支出,结余,经手\n7月1日,付王大勇工钱,0,300,700,王大勇\n"
    number = posted(begun, table=table, names=1, why="是施工队的名字")
    do(begun.enter("scribe"), number, "board", photo=("a.png", picture(), "image/png"))
    with begun.sessions() as session:
        schedule.tick(session, datetime.now(UTC) + timedelta(days=17))
        found = session.get_one(Disclosure, number, options=[undefer(Disclosure.board_photo)])
        assert (found.board_photo, found.has_board_photo, found.held) == (None, False, [])
        assert found.rows[1] == ["7月1日", HIDDEN, "0", "300", "700", HIDDEN]
    assert is_named(begun) == []


def test_a_corrected_list_is_forgotten_as_soon_as_the_new_one_hangs(begun: World) -> None:
    old, clerk, own = relief(begun), begun.enter("scribe"), begun.enter("own")
    to = clerk.post(f"{HOME}/{old}/correct", data={"why": "少了一户"}).headers["location"]
    new = int(to.split("?")[0].rsplit("/", 1)[1])
    do(clerk, new, "put", table=LIST.replace("王大勇,低保\n", ""))
    do(own, new, "check", edition=1, names=1, why="社会救助法第四十五条")
    do(clerk, new, "post")
    with begun.sessions() as session:
        schedule.tick(session, datetime.now(UTC))
        assert session.get_one(Disclosure, old).held == []
        assert "李二妹" in repr(session.get_one(Disclosure, new).rows)
        assert "王大勇" not in repr(session.get_one(Disclosure, old).rows)


def test_nobody_is_named_beside_a_list_of_people(begun: World) -> None:
    clerk, today = begun.enter("scribe"), datetime.now(SHANGHAI).date().isoformat()
    fields = {"place": "lijiagou", "code": "relief_decisions", "day": today, "nonce": "n"}
    refused = clerk.post(f"{HOME}/open", data={**fields, "title": "关于王大勇的公示"})
    assert refused.status_code == 422
    assert "像是姓名" in refused.text
    number = relief(begun)
    for deed, data in (("correct", {"why": "王大勇不该在上面"}),):
        assert clerk.post(f"{HOME}/{number}/{deed}", data=data).status_code == 422
    begun.visitor().post(f"/v/lijiagou/open/{number}/ask", data={"text": "怎么评的", "nonce": "q"})
    with begun.sessions() as session:
        question = session.scalars(select(DisclosureQuestion)).one().id
    answer = {"question": str(question), "shown": "怎么评的", "text": "王大勇家是村民代表会议评的"}
    assert clerk.post(f"{HOME}/{number}/answer", data=answer).status_code == 422
    do(clerk, number, "answer", **{**answer, "text": "是村民代表会议评的"})


def test_a_photograph_that_comes_after_the_last_day_is_not_kept(begun: World) -> None:
    number = relief(begun)
    with begun.sessions() as session:
        schedule.tick(session, datetime.now(UTC) + timedelta(days=17))
    sent = begun.enter("scribe").post(f"{HOME}/{number}/board", files={"photo": ("a.png", picture(), "image/png")})
    assert sent.status_code == 403

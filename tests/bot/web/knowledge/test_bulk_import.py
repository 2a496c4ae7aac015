"""The import of papers in the console: looked at first, stored as a draft, a ZIP with a report, everything out
again.
"""

import html
import io
import re
import threading
import zipfile
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from bot.staff.models import AuditEntry
from bot.web.body_limit import BodyLimit
from bot.web.knowledge import bulk_import
from knowledge.documents.models import Document, DocumentVersion, Kind, VersionStatus
from knowledge.errors import FileRefused
from knowledge.exchange import bulk, files
from knowledge.exchange.archive import of_zip
from knowledge.importing.files import MOST_BYTES
from tests.bot.web.staff.test_staff_pages import fine
from tests.bot.world import ATTACK, World
from tests.knowledge.importing import sample_files

RULE = "村规民约\n第一条 环境卫生：每户负责自家门前的清扫。\n第二条 提倡婚事新办。\n自2026年3月1日起施行。"


def look(
    client: TestClient, data: bytes | str, *, name: str = "村规.docx", kind: str = "village_rule", **more: str
) -> Any:
    sent = {"do": "preview", "kind": kind, **more}
    if isinstance(data, str):
        return client.post("/staff/knowledge/import", data={**sent, "text": data}, files={"file": ("", b"")})
    return client.post("/staff/knowledge/import", data=sent, files={"file": (name, data)})


def fields(page: str) -> dict[str, str]:
    """What the preview's form would send."""
    form = page[page.index("存为草稿</h2>") :].split("</form>")[0]
    found = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    chosen = re.search(r'<option value="(\w+)" selected', form)
    return {**found, "place": chosen[1] if chosen else "", "do": "save"}


def drafts(world: World) -> list[DocumentVersion]:
    with world.sessions() as session:
        return list(
            session.scalars(
                select(DocumentVersion)
                .where(DocumentVersion.status == VersionStatus.draft, DocumentVersion.document_id != "rule-1")
                .order_by(DocumentVersion.id)
            )
        )


def problem(answer: Any) -> str:
    found = re.search(r'<div class="alert alert-warning" role="alert">([^<]+)</div>', answer.text)
    assert answer.status_code == 422, answer.text[:500]
    assert found, answer.text[:500]
    return html.unescape(found[1])


def packed(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return out.getvalue()


def send(client: TestClient, data: bytes, **more: str) -> Any:
    return client.post("/staff/knowledge/import/folder", data=more, files={"file": ("资料.zip", data)})


def test_a_docx_is_looked_at_and_then_stored_as_a_draft(world: World) -> None:
    client = world.enter("legal_worker")
    page = look(client, sample_files.rules_docx(), place="lijiagou")
    assert page.status_code == 200
    assert drafts(world) == []
    for words in ("认出 3 条村规，第一条到第三条。", "没有找到从哪天起施行", "第三条", "酒席 | 十五桌 | 倡导"):
        assert words in page.text, words
    form = fields(page.text)
    assert (form["title"], form["place"], form["from"]) == ("李家沟村村规民约", "lijiagou", "")
    assert "请写从哪天起施行" in problem(client.post("/staff/knowledge/import", data=form))
    done = client.post("/staff/knowledge/import", data={**form, "from": "2026-03-01"})
    assert done.status_code == 303
    [draft] = drafts(world)
    assert (
        draft.content["title"],
        str(draft.in_force_from),
        draft.author,
        len(draft.content["clauses"]),
        draft.content["clauses"][1]["status"],
    ) == ("李家沟村村规民约", "2026-03-01", "legal_worker的人", 3, "unclear")
    assert "李家沟村村规民约" in client.get(done.headers["location"]).text
    with world.sessions() as session:
        assert session.scalars(select(AuditEntry.what).order_by(AuditEntry.id.desc()).limit(1)).one() == "导入资料"


def test_pasted_text_gives_title_and_day(world: World) -> None:
    form = fields(look(world.enter("legal_worker"), RULE, place="shiqiao").text)
    assert (form["title"], form["from"], form["place"]) == ("村规民约", "2026-03-01", "shiqiao")


@pytest.mark.parametrize(
    ("kind", "place", "title", "is_told"),
    [
        ("village_rule", "shiqiao", "村规民约（2026 修订）", True),
        ("village_rule", "lijiagou", "村规民约（2026 修订）", False),
        ("policy", "shiqiao", "村规民约", False),
    ],
    ids=["a second rule of the village", "of another village", "another kind"],
)
def test_a_second_text_of_the_same_is_told_before_it_is_saved(
    world: World, kind: str, place: str, title: str, is_told: bool
) -> None:
    """Both were published, and residents heard two sums (MaxKB#1789; ux, 16)."""
    client = world.enter("legal_worker")
    client.post("/staff/knowledge/import", data=fields(look(client, RULE, place="shiqiao").text))
    [draft] = drafts(world)
    with world.sessions() as session:
        session.get_one(DocumentVersion, draft.id).status = VersionStatus.published
        session.commit()
    again = look(client, RULE, kind=kind, place=place, title=title).text
    assert ("居民已经看得到一份" in again) is is_told
    client.post("/staff/knowledge/import", data=fields(again))
    with world.sessions() as session:
        newest = session.scalars(select(DocumentVersion.id).order_by(DocumentVersion.id.desc()).limit(1)).one()
    assert ("居民已经看得到一份" in client.get(f"/staff/knowledge/versions/{newest}").text) is is_told


@pytest.mark.parametrize("kind", bulk_import.OFFERED)
def test_every_kind_has_a_preview_and_a_draft(world: World, kind: Kind) -> None:
    client = world.enter("legal_worker")
    page = look(client, RULE, kind=kind.value, place="qinghe")
    assert page.status_code == 200
    assert client.post("/staff/knowledge/import", data=fields(page.text)).status_code == 303
    [draft] = drafts(world)
    with world.sessions() as session:
        assert session.get_one(Document, draft.document_id).kind is kind


def test_two_presses_of_the_button_are_one_draft(world: World) -> None:
    form = fields(look(world.enter("legal_worker"), RULE, place="lijiagou").text)
    answers: list[int] = []
    presses = [
        threading.Thread(
            target=lambda: answers.append(
                world.enter("legal_worker").post("/staff/knowledge/import", data=form).status_code
            )
        )
        for _ in range(3)
    ]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    assert answers == [303] * 3
    assert len(drafts(world)) == 1


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.docx", sample_files.ole("EncryptedPackage"), "加了密码"),
        ("a.docm", sample_files.rules_docx(), "有宏"),
        ("a.exe", b"MZ", "不能读"),
        ("a.docx", b"PK\x03\x04 broken", "坏了"),
        ("a.txt", b"a" * (MOST_BYTES + 1), "12 MB"),
        (f"{ATTACK}.x<b>", b"x", "不能读"),
    ],
    ids="encrypted macros exe broken big attack".split(),
)
def test_a_refused_file_is_a_sentence_on_the_page(world: World, name: str, data: bytes, sentence: str) -> None:
    answer = look(world.enter("legal_worker"), data, name=name)
    assert sentence in problem(answer)
    fine(answer)
    assert drafts(world) == []


def test_nothing_chosen_is_said_and_what_was_pasted_stays(world: World) -> None:
    client = world.enter("legal_worker")
    assert "请选一个文件" in problem(look(client, ""))
    answer = look(client, RULE, kind="")
    assert "请选是哪一种" in problem(answer)
    assert "每户负责自家门前的清扫" in answer.text


def test_a_long_text_goes_through_and_a_longer_one_is_refused(world: World) -> None:
    client = world.enter("legal_worker")
    text = "村规\n" + "\n".join(f"第{n}条 {'好' * 1990}" for n in range(1, 199))
    form = fields(look(client, text, place="lijiagou").text)
    done = client.post("/staff/knowledge/import", data={**form, "from": "2026-01-01"}, files={"file": ("", b"")})
    assert done.status_code == 303
    assert len(drafts(world)[0].content["clauses"]) == 198
    assert "40 万字" in problem(look(client, "好" * 400_001))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "null",
        "{",
        "1",
        '"x"',
        "[" * 50_000,
        '{"clauses": 5}',
        '{"clauses": [{"number": {}, "text": []}]}',
        '{"sections": []}',
    ],
)
def test_a_forged_preview_is_refused_or_brought_into_shape(world: World, content: str) -> None:
    client = world.enter("legal_worker")
    for kind in bulk_import.OFFERED:
        fine(
            client.post(
                "/staff/knowledge/import",
                data={
                    "do": "save",
                    "kind": kind.value,
                    "title": "题",
                    "place": "lijiagou",
                    "from": "2026-01-01",
                    "content": content,
                },
            )
        )
    for draft in drafts(world):
        assert isinstance(draft.content.get("clauses", []), list)
        assert isinstance(draft.content.get("sections", {}), dict)


def test_words_of_a_file_are_shown_as_words(world: World) -> None:
    page = look(
        world.enter("legal_worker"),
        f"{ATTACK}\n第一条 {ATTACK}\n第二条 '\"><img src=x onerror=alert(1)>",
        place="lijiagou",
    )
    fine(page)
    assert "onerror=alert(1)>" not in page.text
    assert ATTACK in fields(page.text)["content"]


def test_a_zip_becomes_drafts_with_a_line_on_every_file(world: World) -> None:
    client = world.enter("legal_worker")
    guide = {
        "id": "guide-x",
        "kind": "service_guide",
        "title": "办证",
        "place": "nation",
        "in_force_from": "2026-01-01",
        "answer": "去办。",
    }
    data = packed(
        **{
            "村规/李家沟村村规民约.docx": sample_files.rules_docx(),
            "指南/青石乡.txt": "怎么办证\n带什么\n身份证".encode("gbk"),
            "老.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "../../etc/passwd": b"x",
            "guides/guide-x.yml": files.dump(guide).encode(),
        }
    )
    page = send(client, data)
    assert page.status_code == 200
    for words in ("新增 3", "没导入 2", "文件名指到了压缩包外面", "../../etc/passwd", "李家沟村村规民约（草稿）"):
        assert words in page.text, words
    found = drafts(world)
    assert len(found) == 3
    assert all(v.author == "legal_worker的人" and v.editors == [v.author_id] for v in found)
    again = send(client, data)
    assert "没变 3" in again.text
    assert len(drafts(world)) == 3


def test_kind_and_place_of_an_archive_may_be_chosen(world: World) -> None:
    page = send(world.enter("legal_worker"), packed(**{"a.txt": RULE.encode()}), kind="village_rule", place="shiqiao")
    assert "新增 1" in page.text
    with world.sessions() as session:
        assert session.get_one(Document, drafts(world)[0].document_id).place_id == "shiqiao"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "请选一个"),
        (b"Rar!", "请传 .zip"),
        (packed(**{"a.txt": b" " * 51_000_000}), "解开以后太大"),
        (packed(**{f"{n}.txt": b"x" for n in range(201)}), "200 份"),
        (b"PK" + b"0" * MOST_BYTES, "压缩包太大"),
    ],
    ids="empty rar bomb many big".split(),
)
def test_a_hostile_archive_is_a_sentence_on_the_page(world: World, data: bytes, sentence: str) -> None:
    assert sentence in problem(send(world.enter("legal_worker"), data))
    assert drafts(world) == []


def test_what_comes_too_late_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_import, "_LONGEST_S", 0.0)
    assert "没来得及读" in send(world.enter("legal_worker"), packed(**{"村规/李家沟村.txt": RULE.encode()})).text


def test_nothing_of_the_database_is_held_while_papers_are_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, held, read_all = world.sessions.kw["bind"].pool, list[int](), bulk.read_all

    def reading(*given: Any, **more: Any) -> Any:
        held.append(pool.checkedout())
        return read_all(*given, **more)

    monkeypatch.setattr(bulk, "read_all", reading)
    page = send(world.enter("legal_worker"), packed(**{"村规/李家沟村.txt": RULE.encode()}))
    assert "新增 1" in page.text
    assert held == [0]


def test_an_import_that_breaks_off_stores_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    store_all = bulk.store_all

    def broken(*given: Any, **more: Any) -> Any:
        store_all(*given, **more)
        raise FileRefused

    monkeypatch.setattr(bulk, "store_all", broken)
    answer = send(world.enter("legal_worker"), packed(**{"村规/李家沟村.txt": RULE.encode()}))
    assert answer.status_code == 422
    assert drafts(world) == []


def test_a_township_imports_and_sees_only_its_own(world: World) -> None:
    client = world.enter("qingshi")
    page = send(client, packed(**{"村规/李家沟村.txt": RULE.encode(), "村规/王家湾村.txt": RULE.encode()}))
    assert "这个地方不归您管" in page.text
    assert len(drafts(world)) == 1
    own = page.text.split('aria-label="试一试"')[0]  # in the box below it, one asks as a resident of any village
    assert 'value="lijiagou"' not in own
    assert 'value="wangjiawan"' in own
    world_draft = fields(look(world.enter("legal_worker"), RULE, place="lijiagou").text)
    done = world.enter("legal_worker").post("/staff/knowledge/import", data={**world_draft, "title": "柳河的草稿"})
    assert "柳河的草稿" in world.enter("legal_worker").get(done.headers["location"]).text
    assert "柳河的草稿" not in client.get(done.headers["location"]).text
    mine = {g.path: g.data.decode() for g in of_zip(client.get("/staff/knowledge/export.zip?drafts=1").content)}
    assert sum(path.startswith("drafts/") for path in mine) == 1
    assert "柳河的草稿" not in str(mine)


def test_everything_leaves_as_a_zip_and_drafts_only_on_request(world: World) -> None:
    client = world.enter("legal_worker")
    send(client, packed(**{"村规/李家沟村.txt": RULE.encode()}))
    answer = client.get("/staff/knowledge/export.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert [g.path for g in of_zip(answer.content)] == ["places.yml"]
    given = {g.path.split("/")[0] for g in of_zip(client.get("/staff/knowledge/export.zip?drafts=1").content)}
    assert given == {"places.yml", "drafts"}
    with world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.what == "导出资料")) == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [("/staff/knowledge/import", 200), ("/staff/knowledge/import/folder", 200), ("/staff/import/grid", 413)],
)
def test_only_the_import_takes_large_files(path: str, status: int) -> None:
    async def taken(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    client = TestClient(BodyLimit(taken))
    assert client.post(path, content=b"x" * 1_000_000).status_code == status
    assert client.post(path, content=b"x" * (13_000_001)).status_code == 413

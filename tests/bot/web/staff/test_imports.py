"""Tables of committees, grid workers and openings: what is read, what is refused, what it changes."""

import io
import re
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.bookings.models import Mode, Opening
from actions.errors import InvalidInput
from actions.imports import committees, openings, tables
from actions.imports.tables import BadLine
from actions.offices import routing
from actions.offices.models import GridWorker, RoutingRule, Team
from bot.staff.models import AuditEntry, Staff
from bot.web.staff import imports
from knowledge.exchange.corpus import import_places
from knowledge.places import Level, Place, find_village, find_villages, village_labels
from tests.bot.web.staff.test_staff_pages import TestClient, fine
from tests.bot.world import ATTACK, World
from tests.conftest import CORPUS

HEAD = "名称,上级,级别,别名,电话,兜底"
DAY = (datetime.now(UTC) + timedelta(days=30)).date()
SLOTS = "日期,开始,结束,时长,方式,给哪里,地点,人数,法律工作者账号"


def send(client: TestClient, kind: str, table: str | bytes, *, do: str = "import", name: str = "表.csv") -> Any:
    if isinstance(table, bytes):
        return client.post(f"/staff/import/{kind}", data={"do": do}, files={"file": (name, table)})
    return client.post(f"/staff/import/{kind}", data={"do": do, "table": table})


def bad_lines(answer: Any) -> dict[int, str]:
    """The bad lines a page names, by number."""
    found = re.search(r"<strong>有 \d+ 行不对.*?</ul>", answer.text, re.S)
    return {int(n): text for n, text in re.findall(r"第 (\d+) 行：(.*?)</li>", found[0])} if found else {}


def problem(answer: Any) -> str:
    found = re.search(r'<div class="alert alert-warning" role="alert">([^<]+)</div>', answer.text)
    assert answer.status_code == 422, answer.text[:500]
    assert found, answer.text[:500]
    return found[1]


def sheet(rows: list[list[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def entries(world: World) -> list[AuditEntry]:
    with world.sessions() as session:
        return list(
            session.scalars(select(AuditEntry).where(AuditEntry.what.startswith("导入")).order_by(AuditEntry.id))
        )


ROWS = [(1, ["村", "姓名"]), (2, ["石桥村", "张三"])]


@pytest.mark.parametrize("separator", [",", "，", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_read_as_offices_write_it(separator: str, encoding: str, end: str) -> None:
    text = end.join(separator.join(cells) for _, cells in ROWS) + end
    assert tables.read_bytes(text.encode(encoding)) == ROWS


def test_a_workbook_is_read_whatever_it_is_called() -> None:
    data = sheet(
        [
            ["日期", "开始", "电话"],
            [None, None],
            [datetime(2026, 12, 1), time(9, 0), 13800001234],
            [date(2026, 12, 2), "14:30", 13800001234.0],
        ]
    )
    assert tables.read_bytes(data) == [
        (1, ["日期", "开始", "电话"]),
        (3, ["2026-12-01", "09:00", "13800001234"]),
        (4, ["2026-12-02", "14:30", "13800001234"]),
    ]


def test_line_numbers_are_those_of_the_file() -> None:
    lines = tables.read_text('村,姓名\n\n"石桥村\n（东）",张三\n李家沟村,李四\n')
    assert lines == [(1, ["村", "姓名"]), (3, ["石桥村 （东）", "张三"]), (5, ["李家沟村", "李四"])]
    assert [n for n, _ in tables.read_text(tables.as_csv(lines))] == [1, 3, 5]


def test_a_line_typed_with_another_comma_is_understood() -> None:
    assert tables.read_text("村,姓名\n石桥村，张三")[1] == (2, ["石桥村", "张三"])
    assert tables.read_text('村,地点\n石桥村,"二楼，左边"')[1] == (2, ["石桥村", "二楼，左边"])


def bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    return held.getvalue()


def archive(**files: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return held.getvalue()


HOSTILE = {
    "empty": (b"", "请选一个文件"),
    "only the first line": ("村,片区,姓名,电话".encode(), "一行也没有"),
    "a NUL": ("村,片区,姓名,电话\n石桥村,一\x00组,张三,13800000000".encode(), "不是文字表格"),
    "a picture": (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 20, "不是文字表格"),
    "half a character": ("村,片区".encode() + b"\xe6\x9d", "不是文字表格|第 1 行要写"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500, "另存为"),
    "a zip of something else": (archive(a=b"1"), "打不开"),
    "a broken workbook": (archive(**{"xl/workbook.xml": b"<no"}), "打不开"),
    "a cut workbook": (sheet([["村"]])[:900], "打不开"),
    "an open quote": (
        '村,片区,姓名,电话\n石桥村,"一组,张三,13800000000\n李家沟村,一组,李四,13800000000'.encode(),
        "第 2 行附近的引号",
    ),
    "words after a quote": ('村,片区,姓名,电话\n"石桥"村,一组,张三,13800000000'.encode(), "引号"),
    "fifty thousand lines": ("村,片区,姓名,电话\n".encode() + b"a,b\n" * 50_000, "最多导入 5000 行"),
    "too large": (b"a" * 300_001, "太大"),
    "one cell of all": ("村,片区,姓名,电话\n".encode() + b"x" * 140_000, "字太多"),
    "other columns": (b"a,b,c\n1,2,3", "第 1 行要写：村,片区,姓名,电话"),
    "a column twice": ("村,村,姓名,电话\n1,2,3,4".encode(), "第 1 行要写"),
    "an unknown column": ("村,姓名,电话,邮箱\n1,2,3,4".encode(), "没有“邮箱”这一栏"),
    "an attack": (f"{ATTACK},村\n1,2".encode(), "第 1 行要写"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_that_is_none_gets_a_sentence(world: World, name: str) -> None:
    data, sentence = HOSTILE[name]
    before, client = world.rows(), world.enter("supervisor")
    for do in ("check", "import"):
        answer = send(client, "grid", data, do=do)
        fine(answer)
        assert re.search(sentence, problem(answer)), problem(answer)
    assert world.rows() == before
    assert not entries(world)


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked() -> None:
    data = bomb()
    assert len(data) < tables.MOST_BYTES
    with pytest.raises(InvalidInput, match="解开以后太大"):
        tables.read_bytes(data)


@hypothesis_settings(derandomize=True)
@given(
    data=st.binary(max_size=300)
    | st.text(max_size=300).map(lambda t: t.encode("utf-8"))
    | st.text(alphabet='村,"\n\r\t，=片\ufeff', max_size=60).map(str.encode)
)
def test_any_bytes_are_a_table_or_a_sentence(data: bytes) -> None:
    try:
        lines = tables.read_bytes(data)
    except InvalidInput as refused:
        assert re.search("[一-龥]", refused.message_zh)
    else:
        assert all(any(cells) for _, cells in lines)


@hypothesis_settings(derandomize=True)
@given(
    rows=st.lists(st.lists(st.text(alphabet='村a，,"=。', min_size=1, max_size=6), min_size=2, max_size=4), max_size=4)
)
def test_a_table_shown_for_another_look_is_the_same_table(rows: list[list[str]]) -> None:
    lines = [(1, ["村", "姓名"]), *((3 * i, row) for i, row in enumerate(rows, 1))]
    assert tables.read_text(tables.as_csv(lines)) == lines


@hypothesis_settings(derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["committees", "grid", "openings"]),
    cells=st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
            | st.sampled_from(
                ["石桥村", "柳河镇", "=1+1", "9" * 30, "²", "2026-13-45", "9999-12-31", "25:61", ATTACK, "nation"]
            ),
            max_size=9,
        ),
        max_size=4,
    ),
)
def test_hostile_cells_are_refused_or_taken_as_words(world: World, kind: str, cells: list[list[str]]) -> None:
    client = world.enter("administrator")
    head = {"committees": HEAD, "grid": "村,片区,姓名,电话", "openings": SLOTS}[kind]
    fine(send(client, kind, head + "\n" + tables.as_csv([(i, c) for i, c in enumerate(cells, 1)])))
    fine(client.get(f"/staff/import/{kind}"))


def test_the_empty_table_of_a_kind_has_its_columns(world: World) -> None:
    client = world.enter("supervisor")
    for kind, head in (("committees", HEAD), ("grid", "村,片区,姓名,电话"), ("openings", SLOTS)):
        found = client.get(f"/staff/import/{kind}.csv")
        assert found.content.decode("utf-8-sig").strip() == head
        assert found.content.startswith(b"\xef\xbb\xbf")
        assert "一行也没有" in problem(send(client, kind, found.content))
    assert (
        client.get("/staff/import/nonsense").status_code == client.get("/staff/import/nonsense.csv").status_code == 404
    )


VILLAGES = f"""{HEAD}
赵家坳,柳河镇,,赵家坳大队 老赵家,0312-5550123,
和平,青石乡,居,,,否
石桥村,青石乡,村,,,
红旗镇,清禾县,乡镇,,0312-5550100,是
新村村委会,红旗镇,村,,,"""


def test_a_look_says_what_the_import_then_does(world: World) -> None:
    client, before = world.enter("supervisor"), world.rows()
    shown = send(client, "committees", VILLAGES, do="check")
    assert shown.status_code == 200
    assert "5 行都对，还没有导入" in shown.text
    assert "新增 5 行" in shown.text
    assert "别处也有同名的村" in shown.text
    assert world.rows() == before
    assert not entries(world)
    assert send(client, "committees", VILLAGES).headers["location"] == "/staff/import/committees?done=5-0-0"
    assert "新增 5 行" in client.get("/staff/import/committees?done=5-0-0").text
    with world.sessions() as session:
        made = {p.name: p for p in session.scalars(select(Place).where(Place.id.startswith("p-")))}
        assert {n: (p.level, p.parent_id) for n, p in made.items()} == {
            "赵家坳村": (Level.village, "liuhe"),
            "和平社区": (Level.village, "qingshi"),
            "石桥村": (Level.village, "qingshi"),
            "红旗镇": (Level.township, "qinghe"),
            "新村": (Level.village, made["红旗镇"].id),
        }
        assert set(made["赵家坳村"].aliases) == {"赵家坳", "赵家坳村", "柳河赵家坳", "赵家坳大队", "老赵家"}
        teams = {t.place_id: t for t in session.scalars(select(Team).where(Team.place_id.startswith("p-")))}
        assert {n: teams[p.id].name for n, p in made.items()} == {
            "赵家坳村": "赵家坳村委会",
            "和平社区": "和平社区居委会",
            "石桥村": "青石乡石桥村委会",
            "红旗镇": "红旗镇综治中心",
            "新村": "新村村委会",
        }
        assert teams[made["赵家坳村"].id].phone == "0312-5550123"
        assert teams[made["红旗镇"].id].is_fallback
        assert all(p.id.isascii() for p in made.values())
        assert routing.team_for(session, category="其他", place=made["新村"].id, text="") == teams[made["红旗镇"].id]
    assert [e.detail.split("。")[0] for e in entries(world)] == ["新增 5，改动 0，已有 0"]
    assert "赵家坳村委会" in entries(world)[0].detail


@pytest.mark.parametrize("kind", ["committees", "grid", "openings"])
def test_the_same_table_twice_changes_nothing_the_second_time(world: World, kind: str) -> None:
    client = world.enter("supervisor")
    table = {
        "committees": VILLAGES,
        "grid": "村,片区,姓名,电话\n李家沟村,一组,张三,13800000000\n石桥村,,李四,0312-5550123",
        "openings": f"{SLOTS}\n{DAY},9:00,11:00,,电话,李家沟村,,2,legal_worker\n{DAY},14点,,60,坐班,柳河镇,镇政府,6,",
    }[kind]
    assert send(client, kind, table).status_code == 303
    before = world.rows()
    number = table.count("\n")
    assert send(client, kind, table).headers["location"].endswith(f"?done=0-0-{number}")
    assert world.rows() == before


def test_a_committee_may_be_written_short_or_in_full() -> None:
    assert (
        committees.names("李家沟村村民委员会", "村")
        == committees.names("李家沟", "村")
        == ("李家沟村", "李家沟", "李家沟村委会")
    )
    assert committees.names("新村", "村") == ("新村", "新村", "新村村委会")
    assert (
        committees.names("和平居委会", "居")
        == committees.names("和平社区", "居")
        == ("和平社区", "和平", "和平社区居委会")
    )
    assert committees.names("城关街道办事处", "乡镇") == ("城关街道", "城关", "城关街道综治中心")


def test_an_imported_village_is_known_to_residents(world: World) -> None:
    send(world.enter("supervisor"), "committees", VILLAGES)
    visitor = world.visitor()
    with world.sessions() as session:
        village = session.scalars(select(Place).where(Place.name == "赵家坳村")).one()
        twin = session.scalars(select(Place).where(Place.name == "石桥村", Place.parent_id == "qingshi")).one()
        for said in ("就在赵家坳村口", "我们老赵家这边", "柳河镇赵家坳村三组"):
            assert find_village(session, said) == village, said
        # a name of two characters is no alias by itself
        assert find_village(session, "我们村东头") is None
        assert find_village(session, "想和平解决") is None
        assert {p.parent_id for p in find_villages(session, "我是石桥村的")} == {"liuhe", "qingshi"}
        assert find_village(session, "我是石桥村的") is None
        assert find_village(session, "我是青石乡石桥村的") == twin
        assert find_village(session, "柳河镇石桥村").id == "shiqiao"
        assert ("石桥村（青石乡）", "青石乡石桥村") in [(label, said) for _, label, said in village_labels(session)]
        # A set-up in between leaves what was imported as it is.
        session.scalars(select(Place).where(Place.id == "lijiagou")).one().aliases = ["李家沟", "老李家"]
        session.commit()
        import_places(session, CORPUS)
        session.commit()
    with world.sessions() as session:
        assert session.get(Place, village.id) is not None
        assert session.get_one(Place, "lijiagou").aliases == ["李家沟", "老李家"]
    started = visitor.post("/api/widget/conversations", json={"village": village.id}).json()
    assert started["village"] == village.id
    assert {"id": village.id, "name": "赵家坳村"} in started["places"]
    assert {
        "id": twin.id,
        "name": "石桥村（青石乡）",
    } in started["places"]
    assert "赵家坳村" in world.enter("supervisor").get("/staff/settings").text


def test_every_bad_line_of_committees_is_named_and_nothing_imported(world: World) -> None:
    table = "\n".join(
        [
            HEAD,
            "好村,柳河镇,村,,,",  # 2: right
            ",柳河镇,村,,,",
            "甲村,没有镇,村,,,",
            "乙村,清禾县,村,,,",
            "丙镇,柳河镇,乡镇,,,",
            "丁村,柳河镇,市,,,",
            "戊村,柳河镇,村,石桥村,,",
            "己村,柳河镇,村,一,,",
            "庚村,柳河镇,村,,12ab,",
            "辛村,柳河镇,村,,,也许",
            "=1+1,柳河镇,村,,,",
            "好村委会,柳河镇,村,,,",
            "字" * 41 + ",柳河镇,村,,,",
            "壬村,柳河镇,村,,,,多出来",
            "村,柳河镇,村,,,",
        ]
    )
    before, client = world.rows(), world.enter("supervisor")
    for do in ("check", "import"):
        found = bad_lines(send(client, "committees", table, do=do))
        assert sorted(found) == list(range(3, 17)), found
    assert "第 2 行" in found[13]
    assert "石桥村" in found[8]
    assert "公式" in found[12]
    assert world.rows() == before
    assert not entries(world)


def test_a_second_table_changes_what_it_names_and_nothing_else(world: World) -> None:
    client = world.enter("supervisor")
    send(client, "committees", VILLAGES)
    changed = f"{HEAD}\n赵家坳村,柳河镇,村,赵家坳大队,0312-5550999,是\n李家沟,柳河镇,村,,0312-5550001,"
    assert "改动 2 行" in send(client, "committees", changed, do="check").text
    assert send(client, "committees", changed).headers["location"].endswith("?done=0-2-0")
    with world.sessions() as session:
        place = session.scalars(select(Place).where(Place.name == "赵家坳村")).one()
        assert "老赵家" not in place.aliases
        assert "赵家坳大队" in place.aliases
        team = session.scalars(select(Team).where(Team.place_id == place.id)).one()
        assert (team.phone, team.is_fallback) == ("0312-5550999", True)
        assert session.scalars(select(Team).where(Team.name == "李家沟村委会")).one().phone == "0312-5550001"
        assert "李家沟大队" in session.get_one(Place, "lijiagou").aliases  # an empty cell takes nothing away


def test_a_renamed_committee_is_not_made_a_second_time(world: World) -> None:
    client = world.enter("supervisor")
    with world.sessions() as session:
        number = session.scalars(select(Team.id).where(Team.place_id == "lijiagou")).one()
    client.post("/staff/settings/team", data={"id": number, "name": "李家沟两委"})
    assert send(client, "committees", "名称,上级\n李家沟,柳河镇").headers["location"].endswith("?done=0-0-1")
    with world.sessions() as session:
        assert [t.name for t in session.scalars(select(Team).where(Team.place_id == "lijiagou"))] == ["李家沟两委"]


def test_a_township_imports_its_own_villages_only(world: World) -> None:
    client = world.enter("qingshi")
    assert send(client, "committees", "名称,上级\n赵家坳,青石乡").status_code == 303
    assert "不在您负责的地方" in bad_lines(send(client, "committees", "名称,上级\n钱家坳,柳河镇"))[2]
    with world.sessions() as session:
        place = session.scalars(select(Place).where(Place.name == "赵家坳村")).one()
    assert send(client, "grid", "村,姓名,电话\n赵家坳村,张三,13800000000").status_code == 303
    assert place.parent_id == "qingshi"


def test_grid_workers_come_from_a_workbook_and_get_new_phones(world: World) -> None:
    client = world.enter("supervisor")
    rows: list[list[object]] = [
        ["村", "片区", "姓名", "电话"],
        ["李家沟村", "一组", "张三", 13800000000],
        ["柳河石桥", None, "李四", "１３８００００１２３４"],
    ]
    assert send(client, "grid", sheet(rows), name="表.csv").status_code == 303
    rows[1][3] = 13900000000
    assert "原来是 13800000000" in send(client, "grid", sheet(rows), do="check").text
    assert send(client, "grid", sheet(rows)).headers["location"].endswith("?done=0-1-1")
    with world.sessions() as session:
        assert sorted((w.place_id, w.area, w.name, w.phone) for w in session.scalars(select(GridWorker))) == [
            ("lijiagou", "一组", "张三", "13900000000"),
            ("shiqiao", "全村", "李四", "13800001234"),
        ]


def test_one_grid_worker_with_two_phones_is_a_bad_line(world: World) -> None:
    found = bad_lines(
        send(
            world.enter("supervisor"),
            "grid",
            "村,姓名,电话\n石桥村,张三,13800000000\n石桥村,张三,13900000000\n石桥村,李四,+8613800000000",
        )
    )
    assert list(found) == [3]
    assert "第 2 行" in found[3]


def test_a_file_that_was_looked_at_can_be_imported_from_the_page(world: World) -> None:
    client = world.enter("supervisor")
    shown = send(client, "grid", "村\t姓名\t电话\n石桥村\t张三\t13800000000".encode("gb18030"), do="check").text
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", shown, re.S)
    assert found
    assert send(client, "grid", found[1]).status_code == 303


def test_what_was_pasted_stays_to_be_mended(world: World) -> None:
    answer = send(world.enter("supervisor"), "grid", '村,姓名,电话\n石桥村,"张三,13800000000')
    assert "引号" in problem(answer)
    assert "石桥村,&#34;张三,13800000000</textarea>" in answer.text


def test_openings_are_published_for_whom_the_table_names(world: World) -> None:
    client = world.enter("supervisor")
    day = f"{DAY.year}年{DAY.month}月{DAY.day}日"
    assert (
        send(
            client,
            "openings",
            (
                f"{SLOTS}\n{day},９：00,11:00,,到村里坐班,李家沟,党群服务中心,6,legal_worker\n"
                f"{DAY:%Y/%m/%d},下午2点半,,1.5小时,视频,清禾县,,,"
            ),
        ).status_code
        == 303
    )
    with world.sessions() as session:
        workers = {s.login: s.id for s in session.scalars(select(Staff))}
        first, second = session.scalars(select(Opening).where(Opening.id > 1, Opening.kind == "").order_by(Opening.id))
    assert (first.worker_id, first.mode, first.place_id, first.address, first.capacity) == (
        workers["legal_worker"],
        Mode.visit,
        "lijiagou",
        "党群服务中心",
        6,
    )
    assert first.starts_at == datetime(DAY.year, DAY.month, DAY.day, 1, tzinfo=UTC)
    assert first.ends_at - first.starts_at == timedelta(hours=2)
    assert (second.worker_id, second.place_id, second.capacity) == (workers["supervisor"], "qinghe", 1)
    assert (second.starts_at.hour, second.starts_at.minute, second.ends_at.hour) == (6, 30, 8)


BAD_SLOTS = {
    f"{DAY},9:00,11:00,,电话,没有村,,1,": "没有“没有村”",
    "2020-01-01,9:00,11:00,,电话,李家沟村,,1,": "过去",
    "9999-12-31,9:00,11:00,,电话,李家沟村,,1,": "太远",
    "2026-02-30,9:00,11:00,,电话,李家沟村,,1,": "日期“2026-02-30”不对",
    f"{DAY},25:00,26:00,,电话,李家沟村,,1,": "时间“25:00”不对",
    f"{DAY},9:00,8:00,,电话,李家沟村,,1,": "结束时间要晚于开始时间",
    f"{DAY},9:00,,,电话,李家沟村,,1,": "要写一个",
    f"{DAY},9:00,11:00,60,电话,李家沟村,,1,": "对不上",
    f"{DAY},9:00,,9,电话,李家沟村,,1,": "时长",
    f"{DAY},9:00,11:00,,写信,李家沟村,,1,": "“方式”请写",
    f"{DAY},9:00,11:00,,电话,李家沟村,,0,": "人数请填 1 到 200",
    f"{DAY},9:00,11:00,,电话,李家沟村,,²,": "人数“²”不对",
    f"{DAY},9:00,11:00,,电话,李家沟村,,1,agent": "不能放预约",
    f"{DAY},9:00,11:00,,电话,李家沟村,,1,nobody": "没有“nobody”这个账号",
    f"{DAY},9:00,11:00,,电话,李家沟村,,1,qingshi": "不负责李家沟村",
    f"{DAY},9:00,11:00,,电话,李家沟村,=HYPERLINK(1),1,": "公式",
}


def test_every_bad_opening_is_named_and_none_published(world: World) -> None:
    before, client = world.rows(), world.enter("supervisor")
    table = "\n".join([SLOTS, f"{DAY},9:00,11:00,,电话,李家沟村,,1,legal_worker", *BAD_SLOTS])
    for do in ("check", "import"):
        found = bad_lines(send(client, "openings", table, do=do))
        assert sorted(found) == list(range(3, len(BAD_SLOTS) + 3))
    for (line, reason), text in zip(BAD_SLOTS.items(), found.values(), strict=True):
        assert reason in text, line
    assert world.rows() == before


def test_a_worker_is_never_in_two_places_at_once(world: World) -> None:
    client = world.enter("supervisor")
    held = f"{DAY},9:00,11:00,,坐班,李家沟村,村委会,6,legal_worker"
    assert send(client, "openings", f"{SLOTS}\n{held}").status_code == 303
    lines = [
        held,
        f"{DAY},10:59,12:00,,电话,李家沟村,,1,legal_worker",
        f"{DAY},11:00,12:00,,电话,李家沟村,,1,legal_worker",
        f"{DAY},11:30,12:00,,电话,石桥村,,1,legal_worker",
        f"{DAY},9:00,11:00,,坐班,李家沟村,村委会,7,legal_worker",
        f"{DAY},9:00,11:00,,电话,李家沟村,,1,colleague",
    ]
    clash = bad_lines(send(client, "openings", "\n".join([SLOTS, *lines])))
    assert sorted(clash) == [3, 5, 6]
    assert "撞" in clash[3]
    assert "第 4 行" in clash[5]
    assert "人数或地点不一样" in clash[6]
    with world.sessions() as session:
        session.scalars(select(Opening).where(Opening.id > 1, Opening.kind == "")).one().is_cancelled = True
        session.commit()
    assert send(client, "openings", f"{SLOTS}\n{held}").headers["location"].endswith("?done=1-0-0")


def test_a_legal_worker_imports_their_own_times_only(world: World) -> None:
    client = world.enter("legal_worker")
    own, other = f"{DAY},9:00,11:00,,电话,李家沟村,,1,", f"{DAY},13:00,14:00,,电话,李家沟村,,1,"
    assert "替别人导入" in bad_lines(send(client, "openings", f"{SLOTS}\n{own}\n{other}colleague"))[3]
    assert "替别人导入" in bad_lines(send(client, "openings", f"{SLOTS}\n{other}nobody"))[2]  # nor learns who exists
    assert send(client, "openings", f"{SLOTS}\n{own}\n{other}Legal_Worker").status_code == 303
    shown = client.get("/staff/import").text
    assert "/staff/import/openings" in shown
    assert "/staff/import/committees" not in shown


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        ("2026/1/9", date(2026, 1, 9)),
        ("2026.12.1", date(2026, 12, 1)),
        ("2026年12月1日", date(2026, 12, 1)),
        ("20261201", date(2026, 12, 1)),
        ("2026121", None),
        ("12-01", None),
        ("", None),
        ("0000-01-01", None),
    ],
)
def test_a_day_is_read_as_people_write_it(text: str, day: date | None) -> None:
    if day:
        assert openings.read_day(text) == day
    else:
        with pytest.raises(BadLine):
            openings.read_day(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("9:00", time(9)),
        ("09:30:00", time(9, 30)),
        ("14点", time(14)),
        ("14点半", time(14, 30)),
        ("下午2点05分", time(14, 5)),
        ("上午9时", time(9)),
        ("24:00", None),
        ("9", None),
        ("9:60", None),
        ("", None),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, at: time | None) -> None:
    if at:
        assert openings.read_time(text) == at
    else:
        with pytest.raises(BadLine):
            openings.read_time(text)


def test_a_long_table_is_looked_at_without_holding_up_the_rest(world: World) -> None:
    lines = [f"{DAY + timedelta(days=i // 40)},{9 + i % 8}:{i // 8 % 5 * 10:02}," for i in range(2000)]
    table = "\n".join([SLOTS, *(f"{line},10,电话,李家沟村,,1,legal_worker" for line in lines)])
    started = datetime.now(UTC)
    assert "2000 行都对" in send(world.enter("supervisor"), "openings", table, do="check").text
    assert datetime.now(UTC) - started < timedelta(seconds=30)
    with world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Opening).where(Opening.kind == "")) == 1


def test_a_table_imported_by_four_presses_at_once_is_imported_once(world: World) -> None:
    lines = tables.read_text(f"{SLOTS}\n{DAY},9:00,11:00,,坐班,李家沟村,村委会,6,")
    with world.sessions() as opened:
        worker = opened.scalars(select(Staff.id).where(Staff.login == "legal_worker")).one()
    reports: list[list[tables.Line]] = []

    def press() -> None:
        with world.sessions() as opened:
            staff = opened.get_one(Staff, worker)
            reports.append(imports.look_or_import(opened, staff, "openings", lines, is_import=True))

    threads = [threading.Thread(target=press) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(report[0].outcome for report in reports) == ["new", "same", "same", "same"]
    with world.sessions() as opened:
        assert (
            opened.scalar(select(func.count()).select_from(Opening).where(Opening.worker_id == worker, Opening.id > 1))
            == 1
        )


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.sessions() as opened:
        yield opened


def test_rules_keep_pointing_to_a_place_that_is_imported_again(world: World, session: Session) -> None:
    client = world.enter("administrator")
    before = [(r.id, r.place_id, r.team_id) for r in session.scalars(select(RoutingRule).order_by(RoutingRule.id))]
    assert send(client, "committees", f"{HEAD}\n石桥,柳河镇,村,石桥大队,,\n王家湾,青石乡,村,,,").status_code == 303
    session.expire_all()
    assert [
        (r.id, r.place_id, r.team_id) for r in session.scalars(select(RoutingRule).order_by(RoutingRule.id))
    ] == before
    assert session.scalar(select(func.count()).select_from(Place)) == 8

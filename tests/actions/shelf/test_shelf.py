"""农家书屋's list from a table: new, changed, the same, off the shelf; every bad line by its number."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from actions.imports import shelf, tables
from actions.imports.tables import Line, Outcome
from actions.shelf import listing

NOW = datetime(2026, 12, 2, 4, 0, tzinfo=UTC)
TABLE = """种类,名称,作者,编号,数量,放在哪里,说明
书,《西游记》,吴承恩,A001,2,一排,
,平凡的世界,路遥,,,,三册
器材,折叠梯,,T1,1,仓库,要两个人抬
"""


def take(session: Session, text: str, place: str = "lijiagou") -> list[Line]:
    rows, bad = tables.named(tables.read_text(text), shelf.COLUMNS, needed=shelf.NEEDED)
    found = shelf.take(session, rows, place=place, now=NOW)
    session.commit()
    return sorted([*found, *bad], key=lambda line: line.number)


def stands(session: Session, words: str = "", place: str = "lijiagou") -> list[tuple[str, str, int]]:
    return [(item.kind, item.title, item.count) for item in listing.items(session, place, words)]


@pytest.fixture
def session(sessions: object) -> Session:
    return sessions()  # type: ignore[operator,no-any-return]


def test_a_table_twice_is_one_shelf_and_other_villages_have_their_own(session: Session) -> None:
    assert [line.outcome for line in take(session, TABLE)] == [Outcome.new] * 3
    assert [line.outcome for line in take(session, TABLE)] == [Outcome.same] * 3
    assert stands(session) == [("book", "平凡的世界", 1), ("book", "西游记", 2), ("tool", "折叠梯", 1)]
    assert stands(session, place="qingshi") == []
    take(session, TABLE, place="qingshi")
    assert listing.count(session, "lijiagou") == listing.count(session, "qingshi") == 3


def test_a_line_changes_what_has_its_number_and_nought_takes_it_off(session: Session) -> None:
    take(session, TABLE)
    head = TABLE.splitlines()[0]
    [line] = take(session, f"{head}\n书,西游记（上下册）,吴承恩,A001,３,二排,\n")
    assert line.outcome is Outcome.changed
    [line] = take(session, f"{head}\n器材,折叠梯,,T1,0,,\n")
    assert (line.outcome, line.text) == (Outcome.changed, "折叠梯，下架")
    assert stands(session) == [("book", "平凡的世界", 1), ("book", "西游记（上下册）", 3)]
    [line] = take(session, f"{head}\n器材,折叠梯,,T1,0,,\n")
    assert line.outcome is Outcome.same


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("药,感冒药,,,,,", "“种类”里的“药”不认得"),
        ("书,,鲁迅,,,,", "“名称”没写"),
        ("书,呐喊,鲁迅,,两本,,", "“数量”写数字"),
        ("书,呐喊,鲁迅,,-1,,", "“数量”写数字"),
        ("书,呐喊,鲁迅,,99999999999999999999,,", "“数量”写数字"),
        ("书,=HYPERLINK(1),,,,,", "像公式"),
        (f"书,{'长' * 81},,,,,", "最多 80 个字"),
        ("书,呐喊,鲁迅,,1,,,多一格", "要有 7 栏"),
        ("书,《西游记》,吴承恩,A001,5,,", "和第 2 行是同一样东西"),
    ],
)
def test_a_bad_line_is_named_by_its_number(session: Session, line: str, said: str) -> None:
    found = take(session, f"{TABLE}{line}\n")
    assert [(each.number, each.outcome) for each in found if each.outcome is Outcome.bad] == [(5, Outcome.bad)]
    assert said in found[3].text


def test_it_is_looked_through_by_title_author_or_number_and_a_sign_is_a_sign(session: Session) -> None:
    take(session, TABLE)
    assert [title for _, title, _ in stands(session, "路遥")] == ["平凡的世界"]
    assert [title for _, title, _ in stands(session, "A00")] == ["西游记"]
    assert stands(session, "%") == []
    assert len(stands(session, "  ")) == 3

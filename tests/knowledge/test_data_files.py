"""What is wrong in a data file is told with file and line, in words for whoever edits it."""

import re
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from knowledge.data_files import DataModel, Source, Text, read, read_words
from knowledge.errors import DataFileInvalid


class Entry(DataModel):
    title: Text
    amount: int
    unit: Literal["days", "years"] = "days"
    sources: tuple[Source, ...] = ()
    words: re.Pattern[str] | None = None


class File(DataModel):
    entries: tuple[Entry, ...]
    names: dict[str, str] = Field(default_factory=dict)


RIGHT = """\
# 第一行是说明
entries:
  - title: 上诉
    amount: 15
    sources: [民事诉讼法 第一百七十一条]
  - title: 再审
    amount: 6
names:
  a: 甲
  b: 乙
"""


def refused(tmp_path: Path, text: str) -> str:
    path = tmp_path / "matters.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileInvalid) as error:
        read(path, File)
    return str(error.value)


def test_a_file_that_fits_its_schema_is_read(tmp_path: Path) -> None:
    path = tmp_path / "matters.yml"
    path.write_text(RIGHT, encoding="utf-8")
    found = read(path, File)
    assert [(e.title, e.amount, e.unit) for e in found.entries] == [("上诉", 15, "days"), ("再审", 6, "days")]
    assert found.entries[0].sources == (("民事诉讼法", "第一百七十一条"),)
    assert found.names == {"a": "甲", "b": "乙"}


@pytest.mark.parametrize(
    ("right", "wrong", "line", "said"),
    [
        ("amount: 15", "amount: 十五", 4, "“amount”要写成整数。"),
        ("title: 上诉", "title: 110", 3, "“title”要写成文字；是数字的，请加上引号"),
        ("title: 上诉", "title: ''", 3, "“title”不能空着。"),
        ("amount: 15", "amount: 15\n    words: (打|骂", 5, "“words”里的写法读不懂，是不是括号没配成对？"),
        ("    amount: 15\n", "", 3, "少了“amount”这一项。"),
        ("amount: 15", "amount: 15\n    untl: days", 5, "不认得“untl”这一项，是不是写错了名字？"),
        ("amount: 15", "amount: 15\n    unit: weeks", 5, "“unit”只能写 'days' 或 'years'。"),
        ("[民事诉讼法 第一百七十一条]", "[民事诉讼法第一百七十一条]", 5, "要写成“法律简称 空格 第几条”"),
        ("[民事诉讼法 第一百七十一条]", "民事诉讼法 第一百七十一条", 5, "“sources”要一样写一行，每行前面加“- ”。"),
        ("  a: 甲\n", "  - 甲\n", 10, "写法不对，读不下去"),
        ("  b: 乙", "  a: 乙", 10, "“a”写了两遍，第 9 行已经有了，请删掉一处。"),
        ("amount: 15", "amount: 15\n    amount: 15", 5, "“amount”写了两遍，第 4 行已经有了"),
        ("title: 上诉", 'title: "上诉', 3, "引号没配成对"),
        ("title: 上诉", "title: *none", 3, "写法不对，读不下去"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path: Path, right: str, wrong: str, line: int, said: str) -> None:
    assert right in RIGHT
    message = refused(tmp_path, RIGHT.replace(right, wrong))
    assert message.startswith(f"matters.yml 第 {line} 行：")
    assert said in message


def test_each_thing_wrong_has_its_own_line(tmp_path: Path) -> None:
    message = refused(tmp_path, RIGHT.replace("amount: 15", "amount: 多").replace("title: 再审", "titel: 再审"))
    assert [line.partition("：")[0] for line in message.splitlines()] == [
        "matters.yml 第 4 行",
        "matters.yml 第 6 行",
        "matters.yml 第 6 行",
    ]


@pytest.mark.parametrize("text", ["", "# 只有说明\n", "- 一\n- 二\n", "只有一句话"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text).startswith("matters.yml 第 1 行：")


def test_a_file_in_another_encoding_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "matters.yml"
    path.write_bytes("entries:\n  - title: 上诉\n".encode("gb18030"))
    with pytest.raises(DataFileInvalid, match=r"^matters.yml 第 2 行：.*UTF-8"):
        read(path, File)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFileInvalid, match=r"^none\.yml 第 1 行：文件打不开"):
        read(tmp_path / "none.yml", File)


def test_words_stand_apart_by_blanks_and_remarks_are_none(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("# 这些是词\n别人 别急\n\n王法  # 说明\n", encoding="utf-8")
    assert read_words(path) == {"别人", "别急", "王法"}

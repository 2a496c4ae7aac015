"""What the archive keeps of a topic as rows, for who opens it in a spreadsheet: the same as the JSON, nothing more."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from actions.topics import words
from actions.topics.steps import result
from knowledge.clock import SHANGHAI

Row = tuple[str, str, str, str]
COLUMNS: Row = ("部分", "哪一项", "内容", "说明")


def rows_of(found: dict[str, Any]) -> Iterator[Row]:
    """Of what `counting.archive.packed` gave, which alone says what is public. Not yet safe from formulas: give it to
    `reports.tables`.
    """
    yield COLUMNS
    options: list[str] = found["options"] or []
    yield from _head(found)
    yield from (("选项", str(number), name, "") for number, name in enumerate(options))
    yield from (("公布的结果", "", line, "") for line in found["shown"])
    for task in found["tasks"]:
        yield "交给谁办", f"单位编号{task['team_id']}", task["text"], f"{task['due_on']}前办完"
    for key, text in found["statements"].items():
        yield "表态的句子", str(key), text, ""
    for one in found["opinions"]:
        answer = "：".join(part for part in (result.ADOPTIONS.get(one["adoption"], ""), one["why"]) if part)
        yield "大家说的", one["stance"], one["text"], answer
    for receipt, choice in found["ballots"]:
        yield "票（回执，没有人名）", receipt, json.dumps(choice, ensure_ascii=False), _named(choice, options)
    for one in found["events"]:
        yield "经过", _time(one["at"]), one["what"], ""


def _head(found: dict[str, Any]) -> Iterator[Row]:
    for name, value in (
        ("编号", found["number"]),
        ("村", found["place"]),
        ("题目", found["title"]),
        ("怎么回事", found["background"]),
        ("怎么问的", words.METHODS.get(found["method"], found["method"])),
        ("开始", _time(found["opens_at"])),
        ("截止", _time(found["closes_at"])),
        ("结果", found["result"]),
        ("封条（SHA-256）", found["seal"]),
        ("保管多久", found["kept_for"]),
    ):
        if value:
            yield "议题", name, value, ""


def _time(moment: str | None) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if moment else ""


def _named(choice: object, options: list[str]) -> str:
    """The options by name; empty where a voice is no list of options, as with statements."""
    if not isinstance(choice, list) or not all(isinstance(n, int) and 0 <= n < len(options) for n in choice):
        return ""
    return "、".join(options[n] for n in choice)

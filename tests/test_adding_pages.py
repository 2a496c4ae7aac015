"""The pages on adding things are followed by strangers: what they name is there, and what they show fits the code."""

import re
import textwrap
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from actions.dialogue.frame.base import CustomAction
from bot.channels.base import Channel
from bot.emergency.guidance import PATH as GUIDANCE
from bot.emergency.guidance import EmergencyKind, GuidanceFile
from bot.emergency.recognising import recognise
from bot.settings import ROOT
from knowledge.data_files import read
from knowledge.documents.kinds.base import KindSpec
from knowledge.named_words import NamedWords

PAGES = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "adding").glob("*.md")}
# Added for a page and taken out again, and what grows out of its next step.
_TOYS = re.compile(r"workday\.(?:yml|py)|mailbox|notice\.(?:py|html)")
_PATH = re.compile(r"[`(](?:\.\./)*((?:bot|actions|knowledge|tests|docs)/[\w./-]+\.(?:py|ya?ml|md|html|jsonl?))\b")


def _block(page: str, first: str) -> str:
    """The code on a page in which `first` stands."""
    fenced: list[str] = re.findall(r"```python\n(.*?)```", PAGES[page], re.S)
    indented = [textwrap.dedent(b) for b in re.findall(r"(?:^(?: {4}.*)?\n)+", PAGES[page], re.M)]
    return next(block for block in [*fenced, *indented] if first in block)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = [path for path in _PATH.findall(PAGES[page]) if not _TOYS.search(path)]
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_pages_name_files() -> None:
    assert all(_PATH.search(PAGES[page]) for page in PAGES if page != "web-site.zh-CN.md")


def test_the_intent_that_is_shown_is_an_action_with_names() -> None:
    space: dict[str, Any] = {"__name__": "toy"}
    exec(compile(_block("intent.md", "class TellWorkday"), "intent.md", "exec"), space)
    assert issubclass(space["TellWorkday"], CustomAction)
    assert space["TellWorkday"].names == ("action_tell_workday",)
    assert space["INTENTS"].keys() == {"ask_workday"}


def test_the_channel_that_is_shown_has_all_that_a_channel_has() -> None:
    shown = _block("channel.md", "class Mailbox")
    asked = {name for name in {**vars(Channel), **Channel.__annotations__} if not name.startswith("_")}
    assert asked >= {"kind", "label_zh", "deliver_due", "about"}
    assert [name for name in asked if not re.search(rf"^    (?:def )?{name}\b", shown, re.M)] == []


def test_the_kind_that_is_shown_can_be_filled_in_and_built() -> None:
    space: dict[str, Any] = {"__name__": "toy"}
    exec(compile(_block("document-kind.md", "NOTICE = KindSpec"), "document-kind.md", "exec"), space)
    kind: KindSpec = space["NOTICE"]
    assert kind.about
    content = kind.shape({"what": "12月3日停水。", "answer": "那天停水。", "questions": "哪天停水"})
    assert kind.missing(content) == []
    assert kind.missing({**content, "answer": ""}) == ["请写给居民的简短回答。"]
    row = {"id": "notice-1", "title": "停水", "topic": None, "in_force_from": date(2026, 12, 1), **content}
    (chunk,), (question,) = kind.build(row, "test")
    assert (chunk.details["answer"], question.text) == ("那天停水。", "哪天停水")


def test_the_word_of_danger_that_is_added_is_heard(tmp_path: Path) -> None:
    lines = [line.strip() for line in _block("danger-words.zh-CN.md", "高处:").splitlines() if line.strip()]
    text = GUIDANCE.read_text(encoding="utf-8")
    assert all(f"    {line}\n" in text for line in lines[1:])
    changed = tmp_path / GUIDANCE.name
    changed.write_text(text.replace(lines[-1], f"{lines[-1]} 冷却塔"), encoding="utf-8")
    said, told = "工友坐在冷却塔上，说不想活了", []
    for path in (GUIDANCE, changed):
        file = read(path, GuidanceFile)
        pattern = NamedWords(file.words, file.parts).pattern
        cards = file.for_words[EmergencyKind.self_harm]
        told.append(next(card.next[:5] for card in cards if pattern(card.words).search(said)))
    assert told == ["陪着听他说", "别冲上去拉"]
    danger = recognise(said)
    assert danger is not None
    assert (danger.kind, danger.soft) == (EmergencyKind.self_harm, False)

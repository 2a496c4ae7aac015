"""An intent is three files of one name: its words with their rule, its place in the domain, and what it does."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.orm import sessionmaker

from actions.dialogue.frame.routing import ENTRIES, row_of
from actions.dialogue.registry import all_actions, intent_names, named
from bot.settings import ROOT
from tests.actions.dialogue.test_base import given

DOMAIN, DATA = ROOT / "bot" / "domain", ROOT / "bot" / "data"
ACTIONS = ROOT / "actions" / "dialogue"
TOPICS = sorted({path.stem for folder in (DOMAIN, DATA) for path in folder.glob("*.yml")} - {"session"})


def read(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _is_folder(path: Path) -> bool:
    """A topic whose actions fill several files."""
    return path.suffix == ".py" and path.with_suffix("").is_dir()


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_has_its_domain_its_words_with_a_rule_and_its_actions(topic: str) -> None:
    domain = read(DOMAIN / f"{topic}.yml")
    wanted = [DOMAIN / f"{topic}.yml", DATA / f"{topic}.yml", ACTIONS / f"{topic}.py"]
    assert [str(path.relative_to(ROOT)) for path in wanted if not path.is_file() and not _is_folder(path)] == []
    examples = [entry["intent"] for entry in read(DATA / f"{topic}.yml")["nlu"] if "intent" in entry]
    assert sorted(examples) == sorted(domain["intents"])


def test_every_intent_has_a_name_that_staff_can_read() -> None:
    intents = {intent for topic in TOPICS for intent in read(DOMAIN / f"{topic}.yml")["intents"]}
    names = intent_names()
    assert set(names) == intents
    assert [intent for intent, name in names.items() if not re.fullmatch(r"[\u4e00-\u9fff“”]+", name)] == []


@pytest.mark.parametrize("topic", TOPICS)
def test_what_a_topics_domain_lists_its_module_does(topic: str) -> None:
    """Or `control`, which looks first whether the words answer something that stands open."""
    homes = {name: kind.__module__.split(".")[2] for kind in named() for name in kind.names}
    listed = read(DOMAIN / f"{topic}.yml").get("actions", [])
    assert {name: homes.get(name) for name in listed if homes.get(name) not in (topic, "control")} == {}


def test_what_is_built_is_what_the_domain_lists_each_once() -> None:
    listed = [name for topic in TOPICS for name in read(DOMAIN / f"{topic}.yml").get("actions", [])]
    assert sorted(action.name() for action in all_actions(given(sessionmaker()))) == sorted(listed)


def test_an_intent_of_the_table_begins_with_an_action_behind_it() -> None:
    """And no other action is: what ends a form must do what it was told."""
    begun = set()
    for topic in TOPICS:
        for rule in read(DATA / f"{topic}.yml")["rules"]:
            first, *rest = rule["steps"]
            if "condition" not in rule and row_of(first.get("intent", "")):
                begun.add(rest[0]["action"])
    assert begun == ENTRIES

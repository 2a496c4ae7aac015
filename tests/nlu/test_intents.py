"""Rules the training data keeps, so that the figures of docs/nlu.md mean something. Python 3.10, beside Rasa."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, UserUttered
from rasa.shared.core.training_data.loading import load_data_from_files
from rasa.shared.core.training_data.structures import RuleStep
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.message import Message

ROOT = Path(__file__).parents[2]
DATA = ROOT / "bot" / "data"
RASAS_OWN = {"restart", "back", "session_start", "nlu_fallback"}
LEAST_EXAMPLES = 60
LEAST_MESSAGES = 15


@pytest.fixture(scope="module")
def examples() -> list[Message]:
    return load_data(str(DATA)).intent_examples


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    return load_data(str(Path(__file__).with_name("test_messages.yml"))).intent_examples


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(ROOT / "bot" / "domain"))


@pytest.fixture(scope="module")
def intents(domain: Domain) -> set[str]:
    return set(domain.intents) - RASAS_OWN


@pytest.fixture(scope="module")
def rules(domain: Domain) -> list[RuleStep]:
    files = sorted(str(path) for path in DATA.glob("*.yml"))
    return [step for step in load_data_from_files(files, domain) if isinstance(step, RuleStep)]


def _plain(message: Message) -> str:
    return "".join(character for character in message.get("text").lower() if character.isalnum())


def test_every_intent_has_examples_enough(examples: list[Message], intents: set[str]) -> None:
    counts = Counter(message.get("intent") for message in examples)
    assert set(counts) == intents
    assert [intent for intent, count in counts.items() if count < LEAST_EXAMPLES] == []


def test_every_intent_is_tested(messages: list[Message], intents: set[str]) -> None:
    counts = Counter(message.get("intent") for message in messages)
    assert set(counts) == intents
    assert [intent for intent, count in counts.items() if count < LEAST_MESSAGES] == []


def test_no_example_stands_twice(examples: list[Message]) -> None:
    counts = Counter(message.get("text").lower() for message in examples)
    assert [text for text, count in counts.items() if count > 1] == []


def test_no_test_message_is_a_training_example(examples: list[Message], messages: list[Message]) -> None:
    trained = {_plain(message) for message in examples}
    assert [message.get("text") for message in messages if _plain(message) in trained] == []


def test_marks_are_written_alike(examples: list[Message], messages: list[Message]) -> None:
    """What is served has ASCII marks only: where one intent's examples alone have them, every story with a comma is
    taken for it (points, 2 December 2026: a debt to somebody's wife).
    """
    texts = [message.get("text") for message in [*examples, *messages]]
    assert [text for text in texts if re.search(r"[\u4e00-\u9fff][,?!;:]", text)] == []


def test_every_intent_has_one_rule(rules: list[RuleStep], intents: set[str]) -> None:
    # A rule with a condition on a form adds to the plain one.
    plain = [rule for rule in rules if not any(isinstance(event, ActiveLoop) for event in rule.events)]
    asked = Counter(event.intent_name for rule in plain for event in rule.events if isinstance(event, UserUttered))
    assert asked == Counter(intents | {"nlu_fallback"})


def test_every_action_of_a_rule_is_declared(rules: list[RuleStep], domain: Domain) -> None:
    used = {event.action_name for rule in rules for event in rule.events if isinstance(event, ActionExecuted)}
    assert used - set(domain.action_names_or_texts) - set(domain.form_names) == set()
    assert used - {"..."} > {"action_answer_question", "action_greet"}


def test_every_declared_action_is_used(rules: list[RuleStep], domain: Domain) -> None:
    used = {event.action_name for rule in rules for event in rule.events if isinstance(event, ActionExecuted)}
    by_forms = {f"validate_{form}" for form in domain.form_names} | {
        f"action_ask_{slot}" for form in domain.form_names for slot in domain.required_slots_for_form(form)
    }
    declared = set(domain.user_actions) | set(domain.responses)
    assert declared - by_forms <= used
    assert by_forms <= declared, "a form whose question or validation is missing would fall silent"


def test_topics_have_the_same_files_in_domain_and_data() -> None:
    topics = {path.name for path in DATA.iterdir()}
    assert {path.name for path in (ROOT / "bot" / "domain").glob("*.yml")} == topics | {"session.yml"}

"""Which card is told to whom: cards.yml, to which whoever edits guidance.yml adds a line."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.emergency.guidance import GUIDANCE, PATH, SOFT, Emergency, EmergencyKind, GuidanceFile, finer, told_to
from knowledge.data_files import read
from knowledge.normalise import normalise

ROWS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("cards.yml").read_text(encoding="utf-8"))


def _told(row: dict[str, Any]) -> tuple[EmergencyKind, str]:
    said, heard, is_soft = normalise(row["says"]), EmergencyKind(row["heard"]), row.get("soft", False)
    kind = heard if is_soft else finer(heard, said)
    return kind, told_to(Emergency(kind, is_soft, (SOFT if is_soft else GUIDANCE)[kind]), said).text


@pytest.mark.parametrize("row", ROWS, ids=[row["says"] for row in ROWS])
def test_a_sentence_is_told_its_card(row: dict[str, Any]) -> None:
    assert _told(row)[1].startswith(row["told"])


def test_every_card_has_a_sentence() -> None:
    """A card or a finer kind that no sentence reaches could be lost, and nobody would notice."""
    file = read(PATH, GuidanceFile)
    told = {_told(row) for row in ROWS}
    cards = {(kind, card.text) for kind, entries in file.for_words.items() for card in entries}
    assert cards - told == set()
    assert {(kind, card.text) for kind, entries in file.soft_for_words.items() for card in entries} - told == set()
    turned = {(row["heard"], _told(row)[0]) for row in ROWS}
    assert {(kind, other) for kind, others in file.finer.items() for other in others} - turned == set()

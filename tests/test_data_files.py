"""Data files that people of other trades edit: each has a schema, is packaged, and names articles that exist."""

import fnmatch
import tomllib
from pathlib import Path

import pytest

from actions.dialogue.hearing.asides import AsidesFile
from actions.tools.legal_aid import LegalAidFile
from actions.tools.matters import MattersFile
from bot.channels.wechat.menu import MenuFile
from bot.cli.wechat import RemediesFile
from bot.conversations.queue import ReasonsFile
from bot.emergency.guidance import GuidanceFile
from knowledge.anonymity.names.frames import FramesFile
from knowledge.data_files import DataModel, read
from knowledge.documents.reading_ease import PlainerWordsFile
from knowledge.documents.topics import TopicsFile
from knowledge.village_rules.patterns import PatternsFile

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS: dict[str, type[DataModel]] = {
    "actions/dialogue/hearing/asides.yml": AsidesFile,
    "actions/tools/legal_aid.yml": LegalAidFile,
    "actions/tools/matters.yml": MattersFile,
    "bot/channels/wechat/menu.yml": MenuFile,
    "bot/cli/wechat_remedies.yml": RemediesFile,
    "bot/conversations/reasons.yml": ReasonsFile,
    "bot/emergency/guidance.yml": GuidanceFile,
    "knowledge/anonymity/names/frames.yml": FramesFile,
    "knowledge/documents/plainer_words.yml": PlainerWordsFile,
    "knowledge/documents/topics.yml": TopicsFile,
    "knowledge/village_rules/patterns.yml": PatternsFile,
}
# What isn't read by a schema: Rasa's own files, our corpus (read by knowledge/exchange), clauses to learn from.
OTHERS = (
    "bot/domain/*",
    "bot/data/*",
    "bot/nlu/*",
    "bot/credentials.yml",
    "bot/endpoints.yml",
    "knowledge/corpus/*",
    "knowledge/village_rules/examples/*",
)


def data_files() -> set[str]:
    found = {str(p.relative_to(ROOT)) for top in ("bot", "actions", "knowledge") for p in (ROOT / top).rglob("*.yml")}
    return {name for name in found if not any(fnmatch.fnmatch(name, other) for other in OTHERS)}


def test_every_data_file_has_a_schema() -> None:
    assert data_files() == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_data_file_is_read_by_its_schema(name: str) -> None:
    assert read(ROOT / name, SCHEMAS[name])


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_data_file_is_packaged(name: str) -> None:
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    path = Path(name)
    assert any(fnmatch.fnmatch(path.name, glob) for glob in packaged[".".join(path.parent.parts)])

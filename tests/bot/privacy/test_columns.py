"""No column with somebody's data is forgotten: neither by the list, nor by the page, nor by the code that deletes."""

from collections import Counter
from importlib import import_module

import pytest

from bot.privacy.columns import other_columns, personal, personal_columns
from bot.settings import ROOT, Settings
from knowledge.tables import Base
from tests.test_architecture import imported

for _name in imported(ROOT / "bot" / "migrations" / "env.py"):
    if _name.endswith(".models"):
        import_module(_name)


def test_every_column_is_classified_once() -> None:
    there = {f"{t.name}.{c.name}" for t in Base.metadata.sorted_tables for c in t.columns}
    told = Counter([*personal_columns(), *other_columns()])
    assert set(told) == there
    assert [column for column, times in told.items() if times > 1] == []


def test_the_page_shows_every_personal_column_as_the_list_has_it() -> None:
    page = (ROOT / "docs" / "security" / "privacy.md").read_text(encoding="utf-8").splitlines()
    table = page[page.index("| column | what for | kept | way out |") + 2 :]
    assert table == [one.row for one in personal()]


@pytest.mark.parametrize("name", ["retention_days", "case_retention_days"])
def test_the_page_names_the_days_that_the_settings_have(name: str) -> None:
    page = (ROOT / "docs" / "security" / "privacy.md").read_text(encoding="utf-8")
    assert f"`LINLI_{name.upper()}` ({Settings.model_fields[name].default})" in page

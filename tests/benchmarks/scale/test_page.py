"""docs/scale.md says what the script prints: `python -m benchmarks.scale --page` puts it there."""

import pytest

from benchmarks.scale.__main__ import PAGE, on_page, reckoned, simulated


def test_the_page_has_the_tables_that_are_reckoned() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert on_page(page, reckoned()) == page


@pytest.mark.slow
def test_the_page_has_the_tables_that_are_simulated() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert on_page(page, simulated()) == page


def test_a_table_without_a_place_is_no_table() -> None:
    with pytest.raises(KeyError):
        on_page("<!-- this -->\n", {"that": "| a |"})
    assert on_page("<!-- this -->\n| old |\n\nwords", {"this": "| a |"}) == "<!-- this -->\n| a |\n\nwords"

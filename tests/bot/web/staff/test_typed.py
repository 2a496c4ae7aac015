"""What was typed into a form."""

from datetime import UTC, datetime

import pytest
from starlette.datastructures import FormData

from actions.errors import InvalidInput, NotFound
from bot.web.staff.typed import int_of, number_or_404, text_of, when_of


def test_words_are_cut_trimmed_and_can_be_stored() -> None:
    assert text_of(FormData({"note": "  水管坏了 "}), "note") == "水管坏了"
    assert text_of(FormData({"note": "水管坏了"}), "note", 2) == "水管"
    assert text_of(FormData({}), "note") == ""
    text_of(FormData({"note": "\ud83d 坏了"}), "note").encode()


@pytest.mark.parametrize(("typed", "number"), [("7", 7), (" 7 ", 7), ("9" * 9, 999_999_999)])
def test_a_number_is_read(typed: str, number: int) -> None:
    assert int_of(FormData({"id": typed}), "id") == number


@pytest.mark.parametrize("typed", ["", "-1", "1.5", "²", "१२", "9" * 10])
def test_what_is_no_number_is_none_or_not_found(typed: str) -> None:
    assert int_of(FormData({"id": typed}), "id") is None
    with pytest.raises(NotFound):
        number_or_404(typed)


def test_a_moment_is_typed_in_shanghai() -> None:
    assert when_of("2026-12-08T09:30") == datetime(2026, 12, 8, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("typed", ["", "明天", "2026-12-08T09:30+00:00", "2020-01-01T00:00", "2100-01-01T00:00"])
def test_what_is_no_moment_of_these_years_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        when_of(typed)

"""What a resident reads of a list's basis."""

import pytest

from actions.checkup import selfcheck
from actions.checkup.templates import for_residents, plain
from actions.roster.models import Committee


def test_what_has_no_mark_stays_as_it_is() -> None:
    assert plain("土地管理法第四十七条") == "土地管理法第四十七条"


@pytest.mark.parametrize("code", list(for_residents()))
def test_no_resident_reads_our_mark_or_of_our_package(code: str) -> None:
    told = selfcheck.told(selfcheck.check(code, ["n"] * 7), Committee.village)
    assert "※" not in told
    assert "法律库" not in told
    if "※" in for_residents()[code].basis:
        assert "以法律工作者说的为准" in told

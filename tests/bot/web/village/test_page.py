import re
from collections import Counter

from bot.web.village.registry import TABS
from tests.bot.world import World


def test_a_village_has_a_page_of_its_own_without_signing_in(world: World) -> None:
    page = world.visitor().get("/v/lijiagou")
    assert page.status_code == 200
    assert "村里事" in page.text
    assert "<script" not in page.text
    assert page.headers["x-robots-tag"] == "noindex"


def test_what_is_no_village_is_said_in_words(world: World) -> None:
    for name in ("nation", "nowhere", "x" * 300, "%00", "liuhe"):
        answer = world.visitor().get(f"/v/{name}")
        assert answer.status_code == 404, name
        assert "没有找到" in answer.text


def test_no_two_subjects_share_a_short_address() -> None:
    """/v/lijiagou/h3 was an event, a helper and a hearing at once."""
    found = Counter(
        (method, re.sub(r"\{[^}]*\}", "{}", route.path))
        for tab in TABS
        for route in tab.router.routes
        for method in getattr(route, "methods", ())
    )
    assert [address for address, n in found.items() if n > 1] == []

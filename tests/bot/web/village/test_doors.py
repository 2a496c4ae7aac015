"""Every link and every form of a village's pages leads somewhere: short addresses are many, and lie close together."""

import re
from html import unescape
from pathlib import Path

import bot
from tests.bot.world import World

TEMPLATES = Path(bot.__file__).with_name("templates")
_LINK = re.compile(r'href="(/(?:v|paper)[^"#]*)')
_FORM = re.compile(r'<form method="post" action="([^"#]*)')
_MOST = 120  # pages; the world's village has fewer


def test_no_link_is_dead_and_every_form_goes_to_an_address_that_takes_it(world: World) -> None:
    visitor, seen, left, forms = world.visitor(), set[str](), ["/v/lijiagou", "/paper"], set[str]()
    while left and len(seen) < _MOST:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        if "text/html" not in answer.headers["content-type"]:
            continue
        left += [unescape(found) for found in _LINK.findall(answer.text)]
        forms |= {unescape(found) for found in _FORM.findall(answer.text)}
    assert len(seen) > 30
    assert "/v/lijiagou/t1" in forms
    for action in sorted(forms):
        assert visitor.post(action, data={}).status_code not in (404, 405), action


def test_what_went_wrong_is_a_page_also_after_a_form(world: World) -> None:
    visitor = world.visitor()
    for path in ("/v/lijiagou/events", "/v/nowhere/t1", "/v/lijiagou/t99"):
        answer = visitor.post(path, data={}, headers={"accept": "text/html"})
        assert answer.status_code in (404, 405)
        assert answer.text.startswith("<!doctype html>"), path


def test_what_scrolls_sideways_can_be_reached_by_the_keyboard() -> None:
    """axe finds it only where the table is wider than the window, which depends on its words."""
    bare = [
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("village/**/*.html")
        if re.search(r'class="(?:wide|table-responsive)"(?![^>]*tabindex)', path.read_text(encoding="utf-8"))
    ]
    assert bare == []

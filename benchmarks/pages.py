"""A page in a browser, in figures: the rules it breaks, and what it weighs."""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def broken_rules(page: Page) -> list[dict[str, Any]]:
    """WCAG 2.2 AA, as far as axe-core can tell: axe's own `violations`, each with its `nodes`."""
    page.evaluate(_AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", _RULES)
    return list(found["violations"])


def weight(page: Page, address: str, *, still_ms: float) -> int:
    """Bytes over the wire, headers and all, until the page and its parts are there; `still_ms`: how long it is waited
    for what comes late.
    """
    wire, seen = page.context.new_cdp_session(page), [0]

    def count(event: dict[str, float]) -> None:
        seen[0] += int(event["encodedDataLength"])

    wire.send("Network.enable")
    wire.on("Network.loadingFinished", count)
    page.goto(address)
    page.wait_for_timeout(still_ms)
    wire.detach()
    return seen[0]

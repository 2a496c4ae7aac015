"""What people touch, in figures: share of the screen, weight, axe, keyboard, from Enter to the answer.

    python -m benchmarks.touch http://127.0.0.1:8000 --staff LOGIN     # the password stands in LINLI_PASSWORD

A running Linli and a Chromium; prints the rows of the table in docs/measured/touch.md.
"""

import argparse
import os
import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from benchmarks.pages import broken_rules, weight

_STILL_MS = 1500
ASKED = ["借钱没写借条能要回来吗", "低保怎么申请", "老板拖欠工资怎么办", "彩礼能退吗", "承包地被占了找谁"]
# name, width, height, our size of type, the reader's own in px
SCREENS = [
    ("360×740", 360, 740, "标准", 16),
    ("320×568", 320, 568, "标准", 16),
    ("360×420, keyboard up", 360, 420, "标准", 16),
    ("360×740, our largest", 360, 740, "最大", 16),
    ("360×740, own type at 200 %", 360, 740, "标准", 32),
    ("360×420, own type at 200 %, our largest", 360, 420, "最大", 32),
    ("180×370, page at 200 %", 180, 370, "标准", 16),
    ("1366×768", 1366, 768, "标准", 16),
]
PAGES = ["inbox", "cases", "calendar", "dashboard", "settings", "hours", "sites", "people", "account", "notices"]
PAGES += ["knowledge", "knowledge/golden", "knowledge/coverage", "knowledge/try", "knowledge/import", "import"]
_SHARE = """() => document.querySelector('linli-chat').shadowRoot.querySelector('.log').getBoundingClientRect().height
  / innerHeight"""
# Resolves with the milliseconds from now to the first bot's message that comes after.
_UNTIL_ANSWERED = """() => new Promise((done) => {
  const log = document.querySelector('linli-chat').log, start = performance.now();
  new MutationObserver((all, watch) => {
    if (!all.some((one) => [...one.addedNodes].some((node) => node.matches && node.matches('.message.bot')))) return;
    watch.disconnect();
    done(performance.now() - start);
  }).observe(log, { childList: true });
})"""
_FOCUSED = """() => {
  const deep = (at) => at && at.shadowRoot ? deep(at.shadowRoot.activeElement) || at : at;
  const at = deep(document.activeElement);
  return at ? `${at.className} ${at.getAttribute('aria-label') || at.textContent}` : '';
}"""


def main() -> None:
    args = _arguments()
    with sync_playwright() as playwright:
        for name, width, height, size, own in SCREENS:
            with _browser(playwright, own) as browser:
                page = _chat(browser, args.base, width, height, size)
                _ask(page, ASKED[0])
                _row(f"conversation's share of the screen, {name}", f"{page.evaluate(_SHARE):.0%}")
        with _browser(playwright) as browser:
            _resident(browser, args.base)
            if args.staff:
                _console(browser, args.base, args.staff)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="address of a running Linli")
    parser.add_argument("--staff", help="an account of the console")
    return parser.parse_args()


def _row(what: str, figure: str) -> None:
    print(f"| {what} | {figure} |", flush=True)


@contextmanager
def _browser(playwright: Playwright, own_type: int = 16) -> Iterator[Browser]:
    system = shutil.which("chromium") or shutil.which("google-chrome")
    flags = ["--no-sandbox", "--disable-gpu", f"--blink-settings=defaultFontSize={own_type}"]
    browser = playwright.chromium.launch(executable_path=system, args=flags)
    yield browser
    browser.close()


def _chat(browser: Browser, base: str, width: int, height: int, size: str = "标准") -> Page:
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.goto(f"{base}/?village=lijiagou")
    page.get_by_text("我知道了，开始").click()
    page.get_by_role("button", name="字号和设置").click()
    page.get_by_role("button", name=f"字号{size}").click()
    page.keyboard.press("Escape")
    return page


def _ask(page: Page, question: str) -> float:
    """Milliseconds from Enter until the answer stands there."""
    page.get_by_label("写下您的问题").fill(question)
    page.evaluate(f"() => {{ window.answered = ({_UNTIL_ANSWERED})(); }}")
    page.keyboard.press("Enter")
    return float(page.evaluate("window.answered"))


def _resident(browser: Browser, base: str) -> None:
    page = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    _row("chat page over the wire, first visit", f"{weight(page, base, still_ms=_STILL_MS) / 1000:.0f} KB")
    page.get_by_text("我知道了，开始").click()
    broken = len(broken_rules(page))
    took = [_ask(page, question) for question in ASKED * 4]
    page.locator(".message details summary").last.click()
    broken += len(broken_rules(page))
    _row(
        "from Enter to the answer, 20 questions, median and worst", f"{statistics.median(took):.0f}, {max(took):.0f} ms"
    )
    page.get_by_label("写下您的问题").focus()
    _row("Shift+Tab from the input to 有用 of the last answer", str(_tabs(page, "有用", key="Shift+Tab")))
    _ask(page, "他拿刀砍我，救命")
    broken += len(broken_rules(page))
    _row("axe violations, start, answer, danger", str(broken))
    page.reload()
    page.locator(".message").first.wait_for()
    presses = _tabs(page, "去写问题")
    page.keyboard.press("Enter")
    is_there = "写下您的问题" in page.evaluate(_FOCUSED)
    _row("keys from a fresh page to the input, past 21 answers", str(presses + 1) if is_there else "it isn't reached")


def _console(browser: Browser, base: str, login: str) -> None:
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.goto(f"{base}/staff/sign-in")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(os.environ["LINLI_PASSWORD"])
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/staff/inbox")
    fresh = browser.new_context(storage_state=page.context.storage_state()).new_page()
    first, second = (
        weight(fresh, f"{base}/staff/cases", still_ms=_STILL_MS),
        weight(fresh, f"{base}/staff/inbox", still_ms=_STILL_MS),
    )
    _row("a page of the console over the wire, first and second", f"{first / 1000:.0f}, {second / 1000:.0f} KB")
    for width in (360, 1366):
        page.set_viewport_size({"width": width, "height": 768})
        broken = wide = 0
        for path in PAGES:
            page.goto(f"{base}/staff/{path}")
            broken += len(broken_rules(page))
            wide += page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        _row(f"axe violations, {len(PAGES)} pages of the console at {width} px", str(broken))
        _row(f"of these wider than the screen, {width} px", str(wide))
    page.goto(f"{base}/staff/inbox")
    _row("Tab from the inbox to the first conversation", str(_tabs(page, "row-call")))


def _tabs(page: Page, wanted: str, *, key: str = "Tab", most: int = 60) -> int:
    """How many presses lead there; `most` where none does."""
    for presses in range(1, most):
        page.keyboard.press(key)
        if wanted in page.evaluate(_FOCUSED):
            return presses
    return most


if __name__ == "__main__":
    main()

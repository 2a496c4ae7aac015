"""A member of staff at a real browser."""

import re

from playwright.sync_api import Browser, Page

from bot.db import make_engine, make_sessions
from bot.settings import Settings
from bot.staff import accounts, models

PASSWORD = "village-bridge-42"


def make(settings: Settings, login: str, name: str, role: str, place: str = "nation") -> None:
    """As `linli staff add` makes one, the password known."""
    engine = make_engine(settings.url)
    with make_sessions(engine)() as session:
        if session.query(models.Staff).filter_by(login=login).first() is None:
            accounts.add(session, login=login, name=name, role=models.Role(role), password=PASSWORD, place=place)
            session.commit()
    engine.dispose()


def sign_in(browser: Browser, base: str, login: str, *, width: int = 1280) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(f"{base}/staff/sign-in")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile(r"/staff/(?!sign-in)"))  # where it leads depends on the role
    return page


class Chat:
    """A resident at the widget."""

    def __init__(self, browser: Browser, base: str, *, width: int = 420, village: str = "lijiagou") -> None:
        self.page = browser.new_context(viewport={"width": width, "height": 860}).new_page()
        self.page.goto(f"{base}/?village={village}")
        self.page.get_by_text("我知道了，开始").click()

    def say(self, text: str) -> str:
        """The bot's words that came after it."""
        before = self.page.locator(".message.bot, .message.system").count()
        self.page.get_by_label("写下您的问题").fill(text)
        self.page.keyboard.press("Enter")
        return self._after(before)

    def press(self, name: str) -> str:
        before = self.page.locator(".message.bot, .message.system").count()
        self.page.get_by_role("button", name=name).last.click()
        return self._after(before)

    def _after(self, before: int) -> str:
        self.page.wait_for_function(
            (
                "n => { const root = document.querySelector('linli-chat').shadowRoot; return "
                "root.querySelectorAll('.message.bot, .message.system').length > n && "
                "root.querySelector('.typing').hidden; }"
            ),
            arg=before,
            timeout=30_000,
        )
        return "\n".join(self.page.locator(".message.bot, .message.system").all_inner_texts()[before:])

    def hear(self, text: str, timeout_s: float = 30) -> None:
        self.page.locator("linli-chat .message", has_text=text).last.wait_for(timeout=timeout_s * 1000)

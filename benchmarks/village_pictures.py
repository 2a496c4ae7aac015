"""The pictures of docs/guide-village.zh-CN.md, taken anew: `python -m benchmarks.village_pictures [FOLDER]`.

An invented month (`bot/run/invented`) in a database of its own, the real pages, a real Chromium. Needs `playwright` and
a Chromium (LINLI_CHROMIUM, else /usr/bin/chromium). Each picture is a PNG of at most 60 KB, the most colours first.
"""

import io
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from httpx import Cookies
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from actions.decisions.models import Decision
from actions.disclosure.models import Disclosure
from actions.disclosure.status import State
from actions.roster import codes
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Topic
from actions.topics.status import TopicState
from bot.db import make_engine, make_sessions, migrate
from bot.run.invented import affairs
from bot.settings import ROOT, Settings
from bot.staff.models import Role, Staff
from bot.turns import Turns
from bot.web.resident.chat import Chat
from bot.web.static_files import FOLDER as STATIC
from bot.web.static_files import VENDOR, KeptFiles
from bot.web.village import page as village
from bot.web.village import papers
from bot.web.village.registry import TABS
from knowledge.anonymity.names import features, training
from knowledge.places import Place
from tests.bot.county import places_and_offices
from tests.bot.world import HASH, World, console
from tests.fakes import FakeRasa

FOLDER = ROOT / "docs" / "images" / "village"
MOST_BYTES = 60_000
_PORT = 8577
_BASE = f"http://127.0.0.1:{_PORT}"
_NARROW, _WIDE = {"width": 360, "height": 640}, {"width": 1280, "height": 720}


@dataclass(frozen=True)
class Shot:
    """`who`: whose desk, "" for a resident's telephone; `at`: what is scrolled to the top, "" for the page's own."""

    name: str
    who: str
    path: str
    at: str = ""


def _shots(place: str, ids: dict[str, str]) -> list[Shot]:
    return [
        Shot("hub", "clerk", "/staff/village"),
        Shot("screening", "clerk", f"/staff/village/topics/{ids['raised']}"),
        Shot("opening", "overseer", f"/staff/village/topics/{ids['agenda']}"),
        Shot("open-topic", "", f"/v/{place}/{ids['open_slug']}", at="main h1"),
        Shot("carried-out", "", f"/v/{place}/{ids['fed_back_slug']}", at="h2:has-text('结果')"),
        Shot("eight-steps", "", f"/v/{place}/decisions/{ids['decision_slug']}", at="h2:has-text('走到哪一步')"),
        Shot("calendar", "clerk", "/staff/village/disclosure"),
        Shot("checking", "overseer", f"/staff/village/disclosure/{ids['drafted']}"),
    ]


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        world, place, ids = _invented(Path(home))
        server = uvicorn.Server(uvicorn.Config(world.app, host="127.0.0.1", port=_PORT, log_level="error"))
        threading.Thread(target=server.run, daemon=True).start()
        while not server.started:
            time.sleep(0.1)
        cookies = {who: world.enter(who).cookies for who in ("clerk", "overseer")}
        with sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=os.environ.get("LINLI_CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
            )
            for shot in _shots(place, ids):
                picture = _fitting(_taken(browser, shot, cookies))
                (folder / f"{shot.name}.png").write_bytes(picture)
                print(f"{shot.name}.png {len(picture)} bytes")
        server.should_exit = True
    return 0


def _invented(home: Path) -> tuple[World, str, dict[str, str]]:
    settings = Settings(home=home)
    codes.use_pepper(lambda: settings.secret("slips"))
    features.use(lambda: training.marked(settings.names, settings.cache))
    migrate(settings.url)
    sessions = make_sessions(make_engine(settings.url))
    with sessions() as session:
        places_and_offices(session)
        session.commit()
        made = affairs.fill(session, TopicKeys(settings.topic_keys), now=datetime.now(UTC))
        place = session.scalars(select(Place.id).where(Place.name == made["village"])).one()
        for login, name, role in (("clerk", "李文书", Role.clerk), ("overseer", "王监委", Role.overseer)):
            session.add(Staff(login=login, name=name, role=role, place_id=place, password_hash=HASH))
        session.commit()
        topics = {topic.state: topic for topic in session.scalars(select(Topic).where(Topic.place_id == place))}
        decision = session.scalars(select(Decision).where(Decision.place_id == place).order_by(Decision.id)).first()
        drafted = select(Disclosure.id).where(Disclosure.place_id == place, Disclosure.state == State.drafted)
        assert decision is not None
        ids = {
            "raised": str(topics[TopicState.raised].id),
            "agenda": str(topics[TopicState.agenda].id),
            "open_slug": f"y{topics[TopicState.open].ordinal}",
            "fed_back_slug": f"y{topics[TopicState.fed_back].ordinal}",
            "decision_slug": decision.slug,
            "drafted": str(session.scalars(drafted).one()),
        }
    app = console(settings, sessions)
    turns = Turns(sessions=sessions, rasa=FakeRasa([]))  # type: ignore[arg-type]
    app.state.chat = Chat(settings=settings, sessions=sessions, turns=turns, degraded=lambda: None)
    for name, path in VENDOR.items():
        app.mount(f"/static/vendor/{name}", KeptFiles(directory=settings.vendor / path, check_dir=False))
    app.mount("/static", KeptFiles(directory=STATIC), name="static")
    for router in (*(tab.router for tab in TABS), village.router, papers.router):
        app.include_router(router)
    return World(app, sessions, settings), place, ids


def _taken(browser: Browser, shot: Shot, cookies: dict[str, Cookies]) -> bytes:
    context = browser.new_context(viewport=_WIDE if shot.who else _NARROW, locale="zh-CN")  # type: ignore[arg-type]
    for cookie in cookies[shot.who].jar if shot.who else ():
        context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": f"{_BASE}/staff"}])
    page: Page = context.new_page()
    answer = page.goto(f"{_BASE}{shot.path}")
    assert answer is not None
    assert answer.ok, (shot, answer.status)
    if shot.at:
        page.locator(shot.at).first.evaluate("element => element.scrollIntoView()")
    picture = page.screenshot()
    context.close()
    return picture


def _fitting(png: bytes) -> bytes:
    """With as many colours as fit."""
    for colours in (64, 32, 16, 8):
        out = io.BytesIO()
        Image.open(io.BytesIO(png)).convert("RGB").quantize(colours).save(out, "PNG", optimize=True)
        if out.tell() <= MOST_BYTES:
            return out.getvalue()
    raise SystemExit(f"{len(png)} bytes don't become {MOST_BYTES}")


if __name__ == "__main__":
    sys.exit(main())

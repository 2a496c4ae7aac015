"""Two apps, two Rasas, one PostgreSQL, one Redis; each of them in its turn is killed while residents talk to both
apps: every message is kept and answered once, every case is filed once, and Rasa's tracker holds no message twice.
"""

import itertools
import json
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import Session

from actions.cases.models import Case
from bot.conversations.models import Message, Sender
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from tests.databases import PostgresServer
from tests.scale import county, killed
from tests.scale.county import County

pytestmark = pytest.mark.scale

_ASKING, _FILING, _PAIRS = 24, 6, 8  # residents who ask and who file; messages sent two at a time
_FEWER_ASKING, _FEWER_FILING = 9, 3
_AWAY_S = 3.0  # as long as whoever supervises it takes
_ANSWERED_WITHIN_S = 90.0  # the lease of who was killed lapses within thirty
_SAID = [
    "法律援助怎么申请",
    "调解要交钱吗",
    "要带什么材料",
    "你好",
    "外嫁女能分集体的钱吗",
    "谢谢",
    "调解不成怎么办",
    "集体经济组织成员怎么确认",
]
_ANSWERS = {
    "在哪儿": "李家沟村东头",
    "什么时候": "昨天",
    "跟谁有关": "邻居",
    "怎么解决": "请帮忙处理",
    "优先照顾": "没有",
    "联系您": "匿名",
    "我念一遍": "对，报上去",
}


class Resident:
    """Talks as the widget does, to whichever app is there, each time to the other one first."""

    def __init__(self, where: County, number: int) -> None:
        secret = {"x-linli-secret": where.settings.secret("internal")}  # thirty at once, from one address
        self._apps = [httpx.Client(base_url=url, timeout=40, trust_env=False, headers=secret) for url in where.urls]
        self._turn, self.sent = itertools.count(number), list[str]()
        begun = self._apps[number % 2].post("/api/widget/conversations", json={"embedded": True, "village": "lijiagou"})
        for app in self._apps:
            app.headers["authorization"] = f"Bearer {begun.json()['token']}"

    def _ask(self, method: str, path: str, **sent: object) -> httpx.Response:
        first = next(self._turn)
        for n in range(400):
            try:
                found = self._apps[(first + n) % 2].request(method, path, **sent)  # type: ignore[arg-type]
                if found.status_code == 200:
                    return found
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise AssertionError("no app took it")

    def post(self, words: str) -> str:
        client_id = uuid.uuid4().hex
        self.sent.append(client_id)
        self._ask("POST", "/api/widget/messages", json={"client_id": client_id, "text": words})
        return client_id

    def shown(self) -> list[dict]:  # type: ignore[type-arg]
        return list(self._ask("GET", "/api/widget/messages").json()["messages"])

    def said_to(self, client_id: str) -> str:
        """As soon as it is there."""
        until = time.monotonic() + _ANSWERED_WITHIN_S
        while time.monotonic() < until:
            shown = self.shown()
            [asked] = [m["id"] for m in shown if m["client_id"] == client_id]
            if said := [m["text"] for m in shown if m["in_reply_to"] == asked and m["sender"] == "bot"]:
                return "\n".join(said)
            time.sleep(0.3)
        raise AssertionError("no answer")

    def ask_in_pairs(self, number: int) -> None:
        """Two messages of one conversation at once, one to each app."""
        for pair in range(_PAIRS):
            words = [_SAID[(number + 2 * pair + n) % len(_SAID)] for n in range(2)]
            both = [threading.Thread(target=self.post, args=(said,)) for said in words]
            for one in both:
                one.start()
            for one in both:
                one.join()

    def file(self, number: int) -> None:
        said = self.said_to(self.post(f"帮我登记上报，昨天隔壁老王家砌墙占了我家的路，第{number}回了"))
        while "登记好了" not in said:
            said = self.said_to(self.post(next(answer for asked, answer in _ANSWERS.items() if asked in said)))


@pytest.fixture(scope="module")
def trackers() -> Iterator[str]:
    server = os.environ.get("LINLI_TEST_DATABASE_URL")
    if not server or not os.environ.get("LINLI_TEST_REDIS"):
        pytest.skip("LINLI_TEST_DATABASE_URL and LINLI_TEST_REDIS name no servers; `make test-scale` starts them")
    made = PostgresServer(server).create()
    yield made
    PostgresServer(server).drop(made)


@pytest.fixture(scope="module")
def where(settings: Settings, trackers: str) -> Iterator[County]:
    county.prepared(settings)
    with county.running(settings, redis=os.environ["LINLI_TEST_REDIS"], trackers=trackers) as running:
        yield running


def _until_all_are_answered(session: Session) -> None:
    waiting = select(func.count()).where(Message.sender == Sender.resident, Message.answered_at.is_(None))
    until = time.monotonic() + _ANSWERED_WITHIN_S
    while session.scalar(waiting) and time.monotonic() < until:
        session.rollback()
        time.sleep(0.5)
    assert session.scalar(waiting) == 0, "none is left without an answer"


def _heard_by_rasa(trackers: str, conversations: list[str]) -> Counter[int]:
    """How often each message of these stands in Rasa's table."""
    engine = create_engine(trackers)
    theirs = text("SELECT data FROM events WHERE type_name = 'user' AND sender_id = ANY(:who)")
    with engine.connect() as connection:
        rows = connection.scalars(theirs, {"who": conversations}).all()
    engine.dispose()
    told = [(json.loads(row).get("metadata") or {}).get("message") for row in rows]
    return Counter(number for number in told if number is not None)


def _holders(session: Session) -> Counter[str]:
    """Of messages that are being answered, by the number of their process."""
    session.rollback()  # as it is now
    held = select(Message.claimed_by).where(Message.answered_at.is_(None), Message.claimed_by.is_not(None))
    return Counter(owner.split()[1] for owner in session.scalars(held) if owner)


def _an_app_in_the_middle(where: County, session: Session) -> None:
    """For good, with messages in its hands."""
    number = str(where.apps[0].number)
    while _holders(session)[number] < 2:
        time.sleep(0.01)
    where.apps[0].kill()
    left = _holders(session)[number]
    assert left > 0, "it died with messages in its hands"
    print(f"{left} in the hands of the app that died")


def _a_rasa(where: County, session: Session) -> None:
    while not _holders(session)[str(where.apps[0].number)]:
        time.sleep(0.01)
    where.rasas[0].kill()
    time.sleep(_AWAY_S)
    where.rasas[0].start()


def _redis(_: County, __: Session) -> None:
    killed.redis(os.environ["LINLI_TEST_REDIS"], away_s=_AWAY_S)


def _postgres(_: County, session: Session) -> None:
    session.close()
    killed.postgres(os.environ["LINLI_TEST_DATABASE_URL"], away_s=_AWAY_S)


# The app last, for it stays away.
_KILLS: dict[str, Callable[[County, Session], None]] = {
    "rasa": _a_rasa,
    "redis": _redis,
    "postgres": _postgres,
    "app": _an_app_in_the_middle,
}
# Without these no Rasa takes a turn: the apps answer from the sources alone meanwhile, and say so.
_RASA_WAITS_FOR = frozenset({"redis", "postgres"})


@pytest.mark.parametrize("part", _KILLS)
def test_nothing_is_lost_or_doubled_when_a_part_is_killed(part: str, where: County, trackers: str) -> None:
    asking, filing = (_ASKING, _FILING) if part == "app" else (_FEWER_ASKING, _FEWER_FILING)
    engine = make_engine(where.settings.url)
    with make_sessions(engine)() as session:
        residents = [Resident(where, number) for number in range(asking + filing)]
        talks = [r.ask_in_pairs if n < asking else r.file for n, r in enumerate(residents)]
        threads = [threading.Thread(target=talk, args=(n,)) for n, talk in enumerate(talks)]
        for thread in threads:
            thread.start()
        while sum(len(r.sent) for r in residents) < asking * _PAIRS:  # half of them
            time.sleep(0.02)
        _KILLS[part](where, session)
        for thread in threads:
            thread.join(240)
        _until_all_are_answered(session)
        print(f"{sum(len(r.sent) for r in residents)} messages, {part} killed")
        sent = [client_id for r in residents for client_id in r.sent]
        theirs = list(session.scalars(select(Message.conversation_id).where(Message.client_id.in_(sent)).distinct()))
        assert len(theirs) == len(residents)
        heard = _heard_by_rasa(trackers, theirs)
        _check(session, theirs, sent, heard)
        if part in _RASA_WAITS_FOR:
            print(f"{len(sent) - heard.total()} were answered without Rasa")
        else:
            assert heard.total() == len(sent), "Rasa's tracker holds each"
        filed = Counter(session.scalars(select(Case.conversation_id).where(Case.conversation_id.in_(theirs))))
        assert sorted(filed.values()) == [1] * filing
    engine.dispose()


def _check(session: Session, conversations: list[str], sent: list[str], heard: Counter[int]) -> None:
    rows = session.scalars(select(Message).where(Message.conversation_id.in_(conversations))).all()
    asked = [row for row in rows if row.sender is Sender.resident]
    assert sorted(row.client_id or "" for row in asked) == sorted(sent), "kept once"
    said = Counter((row.in_reply_to, row.ordinal) for row in rows if row.sender is Sender.bot)
    assert {message for message, _ in said} == {row.id for row in asked}, "none is left without an answer"
    assert set(said.values()) == {1}, "none is answered twice"
    assert heard.keys() <= {row.id for row in asked}
    assert set(heard.values()) == {1}, "Rasa's tracker holds none twice"

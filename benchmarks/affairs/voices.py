"""A village's worth of voices over HTTP against the real application with SQLite: none lost, none doubled, p95.

Each voice comes from an address and a browser of its own. Three of five type the code of a slip; one in ten changes
their mind later; one in twenty sends the same form twice at once. At the end the clock closes the topic, and the tally
must be what the voters remember.
"""

import asyncio
import contextlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from actions.cases.moves import Actor
from actions.roster import codes, printing
from actions.roster.models import Basis, Household, HouseholdKind, VillageProfile
from actions.topics import clock, opinions, raising
from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Ballot, Opinion, Topic
from actions.topics.steps import screening
from actions.topics.steps.screening import Wording
from bot.db import make_engine, make_sessions, migrate
from bot.settings import ROOT, Settings
from knowledge.anonymity.names import features, training
from knowledge.places import Level, Place

_PLACE, _OPTIONS = "lijiagou", ("东头", "西头", "学校门口")
_CLERK, _OVERSEER = Actor("staff", "文书", 1), Actor("staff", "监委", 2)
_WITH_SLIP, _CHANGES, _TWICE = 0.6, 0.1, 0.05
_MOST_AT_ONCE = 200
_OPINIONS, _SURGE_S = 400, 60


@dataclass
class Seen:
    spent: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    chosen: dict[int, int] = field(default_factory=dict)  # voter to what they chose last, as they were told

    def line(self) -> str:
        spent = sorted(self.spent)
        at = [spent[min(len(spent) - 1, int(len(spent) * part))] for part in (0.5, 0.95, 0.99)]
        p50, p95, p99 = (f"{1000 * each:.0f}" for each in at)
        worst = max(spent)
        return (
            f"{len(spent)} requests, p50 {p50} ms, p95 {p95}, p99 {p99}, worst {worst:.1f} s, failed {len(self.failed)}"
        )


def run(voices: int, minutes: float) -> None:
    print(f"voices: {voices} in {minutes:g} minutes, real application over HTTP, SQLite", flush=True)
    with _village(voices) as (settings, sessions, slips):
        seen = asyncio.run(_vote(settings, slips, voices, 60 * minutes))
        _count(settings, sessions, seen, len(slips))


def run_surge() -> None:
    print(f"surge: {_OPINIONS} unverified opinions in {_SURGE_S} s, as an hour's worth", flush=True)
    with _village(0) as (settings, sessions, _):
        said, looked, talked = asyncio.run(_flood(settings))
        print(f"  opinions: {said.line()}\n  the page meanwhile: {looked.line()}\n  turns of the chat: {talked.line()}")
        with sessions() as session:
            topic = session.scalars(select(Topic)).one()
            rows = session.scalars(select(Opinion)).all()
            first = [row for row in rows if row.same_as_id is None]
            surge = opinions.surge(session, topic, since=datetime.now(UTC) - timedelta(hours=1))
            verified = sum(row.is_verified for row in rows)
            print(
                f"  {len(rows)} stored, {len(first)} after copies were merged, {verified} among the verified; the"
                f" overseer is told of {surge}; shown before anybody looked: {sum(r.state == 'shown' for r in rows)}"
            )


@contextlib.contextmanager
def _village(voices: int) -> Iterator[tuple[Settings, sessionmaker[Session], list[str]]]:
    """A served village with an open topic, and the codes of its slips."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
        free.close()
        settings = Settings(home=Path(folder), port=port)
        features.use(lambda: training.learned(settings.cache))
        codes.use_pepper(lambda: settings.secret("slips"))
        migrate(settings.url)
        sessions = make_sessions(make_engine(settings.url))
        with sessions() as session:
            slips = _furnish(session, settings, int(voices * _WITH_SLIP))
        command = [sys.executable, "-m", "benchmarks.affairs.app", folder, str(port)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=sys.stderr)
        try:
            _wait(f"http://127.0.0.1:{port}/v/{_PLACE}/y1", process)
            yield settings, sessions, slips
        finally:
            process.terminate()
            process.wait(30)


def _furnish(session: Session, settings: Settings, people: int) -> list[str]:
    today, now = date.today(), datetime.now(UTC)
    session.add(Place(id=_PLACE, name="李家沟村", level=Level.village))
    session.add(VillageProfile(place_id=_PLACE, adults=5000, households=1500, confirmed_on=today))
    for n in range(-(-people // 4)):
        house = Household(
            place_id=_PLACE, group_name=f"{n // 90 + 1}组", code=f"1-{n:04}", kind=HouseholdKind.registered
        )
        house.adults, house.confirmed_on = 4, today
        session.add(house)
    session.flush()
    made = []
    for n in range(-(-people // 360)):
        said = {"place": _PLACE, "group": f"{n + 1}组", "basis": Basis.person, "is_again": False, "by": "文书"}
        made += printing.sheet(session, now=now, **said)  # type: ignore[arg-type]
    session.commit()
    topic = raising.raise_topic(
        session, place=_PLACE, text="路灯装在哪一头", conversation_id=None, by="clerk", key="b", now=now
    )
    wording = Wording("路灯装在哪一头", matter="facility", method="single", options=_OPTIONS, circle_size=5000)
    screening.edit(session, topic.id, wording, actor=_CLERK, key="e", now=now)
    screening.take_up(session, topic.id, actor=_CLERK, key="t", now=now)
    screening.propose_opening(session, topic.id, actor=_CLERK, key="p", now=now)
    keys = TopicKeys(settings.topic_keys)
    screening.open_topic(session, topic.id, actor=_OVERSEER, key="o", now=now, keys=keys)
    return [printed.code for printed in made][:people]


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(address, timeout=5, trust_env=False).status_code == 200:
                return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise SystemExit("the application didn't start")


# --- voices


async def _vote(settings: Settings, slips: list[str], voices: int, within_s: float) -> Seen:
    seen, turn = Seen(), asyncio.Semaphore(_MOST_AT_ONCE)
    limits = httpx.Limits(max_connections=_MOST_AT_ONCE, max_keepalive_connections=_MOST_AT_ONCE)
    base = f"http://127.0.0.1:{settings.port}"
    async with httpx.AsyncClient(base_url=base, timeout=60, trust_env=False, limits=limits) as http:
        people = [_voter(http, seen, turn, n, slips[n] if n < len(slips) else "", within_s) for n in range(voices)]
        await asyncio.gather(*people)
    print(f"  {seen.line()} {sorted(set(seen.failed))[:5]}", flush=True)
    return seen


async def _voter(
    http: httpx.AsyncClient, seen: Seen, turn: asyncio.Semaphore, n: int, code: str, within_s: float
) -> None:
    chance = random.Random(n)
    await asyncio.sleep(chance.uniform(0, within_s * 0.9))
    headers = {"x-forwarded-for": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}", "cookie": f"linli_page=voter-{n:020}"}
    first = chance.randrange(3)
    forms = [{"choice": str(first), "code": code, "nonce": f"{n}-1"}]
    if chance.random() < _CHANGES:
        forms.append({"choice": str((first + 1) % 3), "code": "", "nonce": f"{n}-2"})
    is_twice = chance.random() < _TWICE
    for form in forms:
        sendings = [_send(http, seen, turn, headers, form) for _ in range(2 if is_twice else 1)]
        if any(await asyncio.gather(*sendings)):
            seen.chosen[n] = int(form["choice"])
        await asyncio.sleep(chance.uniform(0, within_s * 0.1))


async def _send(
    http: httpx.AsyncClient, seen: Seen, turn: asyncio.Semaphore, headers: dict[str, str], form: dict[str, str]
) -> bool:
    """Whether it was told that it counts."""
    async with turn:
        begun = time.perf_counter()
        try:
            answer = await http.post(f"/v/{_PLACE}/y1/choose", headers=headers, data=form)
        except httpx.HTTPError as error:
            seen.failed.append(type(error).__name__)
            return False
        seen.spent.append(time.perf_counter() - begun)
    if answer.status_code != 303:
        found = re.search(r'role="alert">([^<]*)', answer.text)
        seen.failed.append(f"{answer.status_code} {found[1] if found else ''}"[:60])
        return False
    return True


def _count(settings: Settings, sessions: sessionmaker[Session], seen: Seen, with_slip: int) -> None:
    with sessions() as session:
        rows = session.scalar(select(func.count()).select_from(Ballot)) or 0
        keys = session.scalar(select(func.count(Ballot.voter_key.distinct()))) or 0
        clock.tick(session, datetime.now(UTC) + timedelta(days=11), keys=TopicKeys(settings.topic_keys))
        session.expire_all()
        tally = session.scalars(select(Topic)).one().tally
    assert tally is not None
    verified = [sum(c == o for n, c in seen.chosen.items() if n < with_slip) for o in range(3)]
    loose = [sum(c == o for n, c in seen.chosen.items() if n >= with_slip) for o in range(3)]
    lost = len(seen.chosen) - rows
    print(
        f"  {len(seen.chosen)} voters were told that theirs counts; {rows} voices stored, {keys} different;"
        f" lost {max(0, lost)}, doubled {max(0, -lost)};"
        f" tally {tally['options']} + {tally['unverified']}, remembered {verified} + {loose}:"
        f" {'the same' if (tally['options'], tally['unverified']) == (verified, loose) else 'NOT THE SAME'}",
        flush=True,
    )


# --- a flood of opinions


async def _flood(settings: Settings) -> tuple[Seen, Seen, Seen]:
    said, looked, talked = Seen(), Seen(), Seen()
    base = f"http://127.0.0.1:{settings.port}"
    ends = time.monotonic() + _SURGE_S
    async with httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as http:
        floods = [_opinion(http, said, n) for n in range(_OPINIONS)]
        await asyncio.gather(*floods, _look(http, looked, ends), _talk(http, talked, ends))
    return said, looked, talked


async def _opinion(http: httpx.AsyncClient, seen: Seen, n: int) -> None:
    """Half of it one text with other marks, half of it each its own."""
    await asyncio.sleep(random.Random(n).uniform(0, _SURGE_S))
    text = f"装在东头{'！' * (n % 7)}" if n % 2 else f"装在第{n}根电线杆旁边"
    form = {"text": text, "stance": "理由", "nonce": str(n)}
    await _timed(seen, http.post(f"/v/{_PLACE}/y1/say", headers=_from(n), data=form), 303)


async def _look(http: httpx.AsyncClient, seen: Seen, ends: float) -> None:
    n = 0
    while time.monotonic() < ends:
        n += 1
        await _timed(seen, http.get(f"/v/{_PLACE}/y1", headers=_from(10_000 + n)), 200)
        await asyncio.sleep(0.5)


async def _talk(http: httpx.AsyncClient, seen: Seen, ends: float) -> None:
    """Turns without what Rasa takes."""
    started = await http.post("/api/widget/conversations", json={"embedded": True, "village": _PLACE})
    headers = {"authorization": f"Bearer {started.json()['token']}"}
    n = 0
    while time.monotonic() < ends:
        n += 1
        words = {"client_id": f"flood-{n:08}", "text": f"低保怎么申请{n}"}
        await _timed(seen, http.post("/api/widget/messages", headers={**headers, **_from(n)}, json=words), 200)
        await asyncio.sleep(2.5)


def _from(n: int) -> dict[str, str]:
    return {"x-forwarded-for": f"10.9.{n >> 8 & 255}.{n & 255}"}


async def _timed(seen: Seen, asked: Awaitable[httpx.Response], wanted: int) -> None:
    begun = time.perf_counter()
    answer = await asked
    seen.spent.append(time.perf_counter() - begun)
    if answer.status_code != wanted:
        seen.failed.append(f"{answer.status_code} {answer.text[:80]}")

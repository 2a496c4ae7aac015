"""200 residents in mixed journeys and 20 agents against a running stack, for five minutes.

    python -m benchmarks.load [--residents 200] [--agents 20] [--minutes 5] [--open 2000] [--attacks]

`--open` conversations are already in other hands when it begins, and are taken out again at the end. Residents pause
between their words as people do (20 to 60 s). At the end every message is looked up again: stored once, answered or
handed to people, every case number told exists once, every agent's message arrived once. Prints where the time goes,
then one line of JSON; memory is that of each part once a minute. `--attacks`: in the second half with
`benchmarks.attacks` beside it, and what residents, `/healthz` and people in danger wait in either half.
"""

import argparse
import asyncio
import json
import random
import re
import secrets
import statistics
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.attacks import Felt, attack, spread, watch
from benchmarks.served import memory_mb, served
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from bot.staff import accounts, models

_JOURNEYS = {
    "ask": ["彩礼能退吗", "那离婚以后呢", "低保怎么申请", "谢谢", "我们村酒席有什么规定"],
    "talk": ["你好", "你能干什么", "老板拖欠工资怎么办", "没看懂", "再见"],
    "dispute": [
        "我要投诉隔壁砌墙占了我家的路",
        "李家沟村东头3组",
        "上个月",
        "让他把墙退回去",
        "没有",
        "匿名",
        "对，报上去",
        "我那事咋样了",
    ],
    "booking": [
        "想约律师",
        "第一个",
        "邻居占了我家的路，想问怎么要回来",
        "在这里联系",
        "对，约上",
        "我约的什么时候",
        "取消预约",
    ],
    "person": ["承包地被占了找谁", "转人工", "有人在吗", "我家的地被人占了"],
}


_TRIES = 6


@dataclass
class Tally:
    turns: list[tuple[float, float]] = field(default_factory=list)  # when it was answered, and what it took
    pages: list[float] = field(default_factory=list)
    by_journey: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    sent: dict[str, list[str]] = field(default_factory=dict)  # token -> client ids
    said: list[str] = field(default_factory=list)  # by agents
    numbers: list[str] = field(default_factory=list)


async def resident(http: httpx.AsyncClient, tally: Tally, chance: random.Random, ends: float) -> None:
    await asyncio.sleep(chance.uniform(0, 40))
    while time.monotonic() < ends:
        name = chance.choice(list(_JOURNEYS))
        try:
            started = await http.post("/api/widget/conversations", json={"embedded": True, "village": "lijiagou"})
        except httpx.HTTPError as error:  # the server has just closed what was idle; a page would try again, too
            tally.errors.append(f"start {type(error).__name__}")
            continue
        if started.status_code != 201:
            tally.errors.append(f"start {started.status_code}")
            await asyncio.sleep(5)
            continue
        token = started.json()["token"]
        held = {"authorization": f"Bearer {token}"}
        ids = tally.sent.setdefault(token, [])
        for text in _JOURNEYS[name]:
            if time.monotonic() >= ends:
                return
            client_id = uuid.uuid4().hex
            ids.append(client_id)
            begun = time.perf_counter()
            found = await said(http, held, {"client_id": client_id, "text": text}, tally)
            spent = time.perf_counter() - begun
            tally.turns.append((time.monotonic(), spent))
            tally.by_journey.setdefault(name, []).append(spent)
            tally.numbers += [
                n
                for m in found.get("replies", ())
                if "登记好了" in m["text"]
                for n in re.findall(r"\d{6}-\d{3,}-\d{2}", m["text"])
            ]
            await asyncio.sleep(chance.uniform(20, 60))


async def said(http: httpx.AsyncClient, held: dict[str, str], words: dict[str, str], tally: Tally) -> dict[str, Any]:
    """As the page does: sent again while the server is busy or the network breaks."""
    for tries in range(_TRIES):
        try:
            found = await http.post("/api/widget/messages", headers=held, json=words)
            if found.status_code == 200:
                return dict(found.json())
            tally.errors.append(str(found.status_code))
        except httpx.HTTPError as error:
            tally.errors.append(type(error).__name__)
        await asyncio.sleep(min(30, 2 * 2**tries))
    return {}


async def agent(base: str, login: str, password: str, tally: Tally, ends: float) -> None:
    async with httpx.AsyncClient(
        base_url=base, timeout=60, trust_env=False, follow_redirects=True, headers={"accept": "text/html"}
    ) as http:
        door = await http.post("/staff/sign-in", data={"login": login, "password": password})
        if door.url.path != "/staff/inbox":
            tally.errors.append(f"sign-in {door.status_code}")
        while time.monotonic() < ends:
            try:
                await serve_one(http, tally)
            except httpx.HTTPError as error:
                tally.errors.append(f"agent {type(error).__name__}")
            await asyncio.sleep(3)


async def serve_one(http: httpx.AsyncClient, tally: Tally) -> None:
    """Look at the inbox, take somebody, write, give back."""
    begun = time.perf_counter()
    page = await http.get("/staff/inbox")
    tally.pages.append(time.perf_counter() - begun)
    if page.status_code != 200:
        tally.errors.append(f"inbox {page.status_code}")
    waiting = re.findall(r"/staff/conversations/([\w-]+)", page.text)
    csrf = re.search(r'"x-csrf": "([^"]+)"', page.text)
    if waiting and csrf:
        chosen, words = random.choice(waiting[:20]), f"我在看您的事（{uuid.uuid4().hex[:10]}）"
        form = {"csrf": csrf.group(1)}
        taken = await http.post(f"/staff/conversations/{chosen}/accept", data=form)
        if taken.status_code == 200:
            told = await http.post(f"/staff/conversations/{chosen}/say", data={**form, "text": words, "nonce": words})
            if told.status_code == 200:
                tally.said.append(words)
            await asyncio.sleep(3)
            await http.post(f"/staff/conversations/{chosen}/give-back", data=form)
        elif taken.status_code not in (403, 404, 409):
            tally.errors.append(f"accept {taken.status_code}")


async def count(http: httpx.AsyncClient, heard: list[str], tally: Tally) -> tuple[int, int]:
    """Lost and doubled, by reading every conversation again; `heard`: what agents' messages the database holds."""
    lost = doubled = 0
    for token, ids in tally.sent.items():
        rows = (await http.get("/api/widget/messages", headers={"authorization": f"Bearer {token}"})).json()["messages"]
        stored = [m["client_id"] for m in rows if m["sender"] == "resident"]
        lost += len(set(ids) - set(stored))
        doubled += len(stored) - len(set(stored))
        replies = [(m["in_reply_to"], m["text"]) for m in rows if m["sender"] == "bot" and m["in_reply_to"]]
        doubled += len(replies) - len(set(replies))
    lost += len(set(tally.said) - set(heard))
    doubled += len(heard) - len(set(heard)) + len(tally.numbers) - len(set(tally.numbers))
    return lost, doubled


def said_by_agents(session: Session, words: list[str]) -> list[str]:
    """As stored: an agent may take somebody whom an earlier run left waiting, so our own residents don't see all."""
    rows = session.scalars(select(Message.text).where(Message.sender == Sender.agent, Message.text.in_(words)))
    return list(rows)


def fill(session: Session, number: int) -> None:
    """Conversations in other hands, so that the inbox has something to count."""
    now = datetime.now(UTC)
    for i in range(number):
        session.add(
            Conversation(
                id=f"load-{i}",
                channel="widget",
                place_id="lijiagou",
                status=ConversationStatus.open,
                agent_id=10**6,
                agent_name="别的同事",
                agent_active_at=now,
                is_demo=True,
            )
        )
    session.flush()
    session.add_all(
        Message(conversation_id=f"load-{i}", sender=Sender.agent, text="在办", answered_at=now) for i in range(number)
    )
    session.commit()


def empty(session: Session) -> None:
    session.execute(delete(Message).where(Message.conversation_id.like("load-%")))
    session.execute(delete(Conversation).where(Conversation.id.like("load-%")))
    session.commit()


async def watch_memory(settings: Settings, held: list[dict[str, float]], ends: float) -> None:
    """Once a minute; the first is taken when everything has been used at least once."""
    while time.monotonic() < ends - 30:
        await asyncio.sleep(60)
        held.append(memory_mb(settings))


@dataclass
class Halves:
    """What was felt while nobody attacked, and then while somebody did; memory before, at the end, and a minute later,
    in MiB.
    """

    begins: float  # of the attacks, by the monotonic clock
    felt: list[Felt] = field(default_factory=list)
    memory: list[dict[str, float]] = field(default_factory=list)

    def as_json(self, turns: list[tuple[float, float]]) -> dict[str, object]:
        calm = [spent for at, spent in turns if at < self.begins]
        attacked = [spent for at, spent in turns if at >= self.begins]
        return {
            "calm": {"turns_s": spread(calm), **self.felt[0].as_json()},
            "attacked": {"turns_s": spread(attacked), **self.felt[1].as_json()},
            "memory_before_at_end_and_after": self.memory,
        }


async def in_halves(base: str, settings: Settings, halves: Halves, ends: float, login: str, password: str) -> None:
    halves.felt.append(await watch(base, halves.begins))
    halves.memory.append(memory_mb(settings))
    halves.felt.append(await attack(base, ends, login, password))
    halves.memory.append(memory_mb(settings))


async def run(
    base: str,
    settings: Settings,
    sessions: sessionmaker[Session],
    args: argparse.Namespace,
    logins: list[str],
    password: str,
) -> None:
    tally, ends = Tally(), time.monotonic() + 60 * args.minutes
    memory: list[dict[str, float]] = []
    limits = httpx.Limits(max_connections=300, max_keepalive_connections=300)
    async with httpx.AsyncClient(
        base_url=base,
        timeout=60,
        trust_env=False,
        limits=limits,
        headers={"x-linli-secret": settings.secret("internal")},
    ) as http:
        people = [resident(http, tally, random.Random(i), ends) for i in range(args.residents)]
        halves = Halves(ends - 30 * args.minutes) if args.attacks else None
        felt = [in_halves(base, settings, halves, ends, logins[0], password)] if halves else []
        await asyncio.gather(
            *people,
            *(agent(base, login, password, tally, ends) for login in logins),
            watch_memory(settings, memory, ends),
            *felt,
        )
        await asyncio.sleep(60 if halves else 5)
        if halves:
            halves.memory.append(memory_mb(settings))
        with sessions() as session:
            heard = said_by_agents(session, tally.said)
        lost, doubled = await count(http, heard, tally)
        metrics = (await http.get("/metrics")).text
    tell_where_time_went(metrics, tally)
    tell(tally, memory, lost=lost, doubled=doubled, halves=halves)


def tell_where_time_went(metrics: str, tally: Tally) -> None:
    """By stage of a turn and by journey, for people: stderr."""

    def by_stage(suffix: str) -> dict[str, float]:
        found = re.finditer(rf'linli_stage_seconds_{suffix}\{{stage="(\w+)"\}} ([\d.e+-]+)', metrics)
        return {m.group(1): float(m.group(2)) for m in found}

    stages, counts = by_stage("sum"), by_stage("count")
    for name, total in sorted(stages.items(), key=lambda s: -s[1]):
        print(f"stage {name}: {1000 * total / max(1, counts[name]):.1f} ms a turn", file=sys.stderr)
    for name, spent in tally.by_journey.items():
        print(f"journey {name}: {len(spent)} turns, median {1000 * statistics.median(spent):.0f} ms", file=sys.stderr)
    if tally.errors:
        print("errors:", {e: tally.errors.count(e) for e in set(tally.errors)}, file=sys.stderr)


def tell(
    tally: Tally, memory: list[dict[str, float]], *, lost: int, doubled: int, halves: Halves | None = None
) -> None:
    """The figures as JSON: stdout."""

    figures = {
        "turns": len(tally.turns),
        "sent_again": len(tally.errors),
        "lost": lost,
        "doubled": doubled,
        "p95_turn_s": spread([spent for _, spent in tally.turns])["p95"],
        "p95_inbox_s": spread(tally.pages)["p95"],
        "cases": len(tally.numbers),
        "agent_messages": len(tally.said),
        "memory_mb": memory,
        **(halves.as_json(tally.turns) if halves else {}),
    }
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=200)
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--open", type=int, default=2000)
    parser.add_argument("--attacks", action="store_true")
    args = parser.parse_args()
    settings = Settings()
    password, logins = secrets.token_urlsafe(12), [f"load-{i}" for i in range(args.agents)]
    with served(settings) as base:
        sessions = make_sessions(make_engine(settings.url))
        with sessions() as session:
            empty(session)
            fill(session, args.open)
            for login in logins:
                held = session.query(models.Staff).filter_by(login=login).first()
                if held is None:
                    held = accounts.add(
                        session, login=login, name="压测坐席", role=models.Role.agent, password=password, is_demo=True
                    )
                else:
                    accounts.set_password(session, held, password)
                    held.is_active = True
            session.commit()
        try:
            asyncio.run(run(base, settings, sessions, args, logins, password))
        finally:
            with sessions() as session:
                for staff in session.query(models.Staff).filter(models.Staff.login.in_(logins)):
                    staff.is_active = False
                session.commit()
                empty(session)


if __name__ == "__main__":
    main()

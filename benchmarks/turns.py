"""A turn end to end over HTTP, through the app, Rasa, the action, FAISS and the database:

    python -m benchmarks.turns [--turns 200] [--residents 1 8 32] [--warm 30]

Every turn is another question (the bank's, set aside), so no cache flatters the figures. CPU is what app, Rasa and
worker took a turn, theirs alone: on a machine that others use it says more than the clock. Uses the running stack, else
starts one. An error is a turn that got no reply; a conversation that is handed to a person is gone on with in a new
one. Memory is that of `linli serve` with all its parts. Ends with one line of JSON.
"""

import argparse
import asyncio
import json
import re
import statistics
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import select

from benchmarks.served import cpu_s, memory_mb, served
from bot.db import make_engine, make_sessions
from bot.settings import Settings
from knowledge.documents.models import BankQuestion


def questions(settings: Settings) -> Iterator[str]:
    with make_sessions(make_engine(settings.url))() as session:
        yield from session.scalars(
            select(BankQuestion.text).where(BankQuestion.set_aside).order_by(BankQuestion.id)
        ).all()


@dataclass
class Tally:
    """`handed_over`: conversations that were given to a person, as after two questions without an answer in a row; from
    then on the bot is silent on purpose, so that resident goes on in a new one.
    """

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    handed_over: int = 0


async def resident(client: httpx.AsyncClient, asked: Iterator[str], turns: int, tally: Tally) -> None:
    held = await _begin(client)
    for _ in range(turns):
        sent = {"client_id": uuid.uuid4().hex, "text": next(asked)}
        at = time.perf_counter()
        response = await client.post("/api/widget/messages", headers=held, json=sent)
        tally.times.append(time.perf_counter() - at)
        if response.status_code != 200 or not response.json()["replies"]:
            tally.errors.append(str(response.status_code))
        elif response.json()["status"] != "bot":
            tally.handed_over += 1
            await client.delete("/api/widget/conversations/current", headers=held)
            held = await _begin(client)
    await client.delete("/api/widget/conversations/current", headers=held)


async def _begin(client: httpx.AsyncClient) -> dict[str, str]:
    started = await client.post("/api/widget/conversations", json={"embedded": True})
    return {"authorization": f"Bearer {started.json()['token']}"}


async def run(settings: Settings, base: str, asked: Iterator[str], *, residents: int, turns: int) -> dict[str, Any]:
    tally = Tally()
    async with httpx.AsyncClient(
        base_url=base,
        timeout=120,
        trust_env=False,
        headers={"x-linli-secret": settings.secret("internal")},
        limits=httpx.Limits(max_connections=residents),
    ) as client:
        before, cpu_before = stages((await client.get("/metrics")).text), cpu_s(settings)
        started = time.perf_counter()
        await asyncio.gather(*(resident(client, asked, max(1, turns // residents), tally) for _ in range(residents)))
        wall = time.perf_counter() - started
        after, cpu_after = stages((await client.get("/metrics")).text), cpu_s(settings)
    per_stage = {
        name: round(1000 * (total - before.get(name, (0, 0))[0]) / max(1, count - before.get(name, (0, 0))[1]), 1)
        for name, (total, count) in after.items()
    }
    return {
        "residents": residents,
        "turns": len(tally.times),
        "p50_ms": round(1000 * statistics.median(tally.times), 1),
        "p95_ms": round(1000 * statistics.quantiles(tally.times, n=20)[-1], 1),
        "turns_per_s": round(len(tally.times) / wall, 1),
        "cpu_ms": {
            name: round(1000 * (cpu_after[name] - cpu_before[name]) / len(tally.times), 1) for name in cpu_after
        },
        "errors": len(tally.errors),
        "handed_over": tally.handed_over,
        "stages_ms": per_stage,
    }


def stages(metrics: str) -> dict[str, tuple[float, float]]:
    found: dict[str, dict[str, float]] = {}
    for what, name, value in re.findall(r'linli_stage_seconds_(sum|count)\{stage="(\w+)"\} (\S+)', metrics):
        found.setdefault(name, {})[what] = float(value)
    return {name: (row.get("sum", 0.0), row.get("count", 0.0)) for name, row in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Latency, throughput and memory of a turn.")
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--warm", type=int, default=0, help="turns before, of each row, that don't count")
    parser.add_argument("--residents", type=int, nargs="+", default=[1, 8, 32])
    args = parser.parse_args()
    settings = Settings()
    asked = questions(settings)
    began = time.perf_counter()
    with served(settings) as base:
        start_s = round(time.perf_counter() - began, 1)
        rows = []
        for residents in args.residents:
            if args.warm:
                asyncio.run(run(settings, base, asked, residents=residents, turns=args.warm))
            rows.append(asyncio.run(run(settings, base, asked, residents=residents, turns=args.turns)))
            print(json.dumps(rows[-1]), flush=True)
        memory = memory_mb(settings)
    first = rows[0]
    figures = {
        "p50_ms": first["p50_ms"],
        "p95_ms": first["p95_ms"],
        "cpu_ms": first["cpu_ms"],
        "turns_per_s": max(r["turns_per_s"] for r in rows),
        "errors": sum(r["errors"] for r in rows),
        "rss_mb": sum(memory.values()),
        "memory_mb": memory,
        "start_s": start_s,
        "runs": rows,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

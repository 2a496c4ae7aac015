"""A turn end to end over HTTP, through the app, Rasa, the action, FAISS and the database:

    python -m benchmarks.turns [--turns 200] [--residents 1 8 32]

Every turn is another question (the bank's, set aside), so no cache flatters the figures. Uses the running stack, else
starts one. An error is a turn that got no reply. Ends with one line of JSON.
"""

import argparse
import asyncio
import json
import re
import statistics
import time
import uuid
from collections.abc import Iterator

import httpx
import psutil
from sqlalchemy import select

from bot.db import make_engine, make_sessions
from bot.run.stack import running
from bot.settings import Settings
from knowledge.documents.models import BankQuestion


def questions(settings: Settings) -> Iterator[str]:
    with make_sessions(make_engine(settings.url))() as session:
        yield from session.scalars(
            select(BankQuestion.text).where(BankQuestion.set_aside).order_by(BankQuestion.id)
        ).all()


async def resident(
    client: httpx.AsyncClient, asked: Iterator[str], turns: int, times: list[float], errors: list[str]
) -> None:
    started = await client.post("/api/widget/conversations", json={"embedded": True})
    held = {"authorization": f"Bearer {started.json()['token']}"}
    for _ in range(turns):
        at = time.perf_counter()
        response = await client.post(
            "/api/widget/messages", headers=held, json={"client_id": uuid.uuid4().hex, "text": next(asked)}
        )
        times.append(time.perf_counter() - at)
        if response.status_code != 200 or not response.json()["replies"]:
            errors.append(str(response.status_code))
    await client.delete("/api/widget/conversations/current", headers=held)


async def run(base: str, secret: str, asked: Iterator[str], *, residents: int, turns: int) -> dict[str, float]:
    times: list[float] = []
    errors: list[str] = []
    async with httpx.AsyncClient(
        base_url=base,
        timeout=120,
        trust_env=False,
        headers={"x-linli-secret": secret},
        limits=httpx.Limits(max_connections=residents),
    ) as client:
        before = stages((await client.get("/metrics")).text)
        started = time.perf_counter()
        await asyncio.gather(
            *(resident(client, asked, max(1, turns // residents), times, errors) for _ in range(residents))
        )
        wall = time.perf_counter() - started
        after = stages((await client.get("/metrics")).text)
    cuts = statistics.quantiles(times, n=20)
    per_stage = {
        name: round(1000 * (total - before.get(name, (0, 0))[0]) / max(1, count - before.get(name, (0, 0))[1]), 1)
        for name, (total, count) in after.items()
    }
    return {
        "residents": residents,
        "turns": len(times),
        "p50_ms": round(1000 * statistics.median(times), 1),
        "p95_ms": round(1000 * cuts[-1], 1),
        "turns_per_s": round(len(times) / wall, 1),
        "errors": len(errors),
        "stages_ms": per_stage,
    }  # type: ignore[dict-item]


def stages(metrics: str) -> dict[str, tuple[float, float]]:
    found: dict[str, dict[str, float]] = {}
    for what, name, value in re.findall(r'linli_stage_seconds_(sum|count)\{stage="(\w+)"\} (\S+)', metrics):
        found.setdefault(name, {})[what] = float(value)
    return {name: (row.get("sum", 0.0), row.get("count", 0.0)) for name, row in found.items()}


def memory_mb(settings: Settings) -> dict[str, float]:
    """Proportional set size of each part with its children, in MiB: pages that several share are counted once."""
    sizes = {}
    for name in ("app", "rasa", "worker"):
        parent = psutil.Process(int((settings.home / f"{name}.pid").read_text()))
        sizes[name] = round(sum(p.memory_full_info().pss for p in [parent, *parent.children(recursive=True)]) / 2**20)
    return sizes


def main() -> None:
    parser = argparse.ArgumentParser(description="Latency, throughput and memory of a turn.")
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--residents", type=int, nargs="+", default=[1, 8, 32])
    args = parser.parse_args()
    settings = Settings()
    asked = questions(settings)
    began = time.perf_counter()
    with running(settings) as base:
        start_s = round(time.perf_counter() - began, 1)
        rows = []
        for residents in args.residents:
            rows.append(
                asyncio.run(run(base, settings.secret("internal"), asked, residents=residents, turns=args.turns))
            )
            print(json.dumps(rows[-1]), flush=True)
        memory = memory_mb(settings)
    first = rows[0]
    print(
        json.dumps(
            {
                "p50_ms": first["p50_ms"],
                "p95_ms": first["p95_ms"],
                "turns_per_s": max(r["turns_per_s"] for r in rows),
                "errors": sum(r["errors"] for r in rows),
                "rss_mb": sum(memory.values()),
                "memory_mb": memory,
                "start_s": start_s,
                "runs": rows,
            }
        )
    )


if __name__ == "__main__":
    main()

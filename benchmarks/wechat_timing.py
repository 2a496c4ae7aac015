"""Whether the time of a refusal tells why: `python -m benchmarks.wechat_timing`. Ends with one line of JSON, Welch's t
by reason.

Each kind of bad request is sent as often as a good-looking one whose signature is wrong, in random order, through the
whole application. |t| above 4.5 is a difference (dudect, Reparaz et al. 2017); below, this many requests show none.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from pathlib import Path
from statistics import fmean, quantiles, variance

import httpx

from bot.db import make_engine, make_sessions, migrate
from tests.bot.channels.wechat.test_fuzz import refusals
from tests.bot.channels.wechat.test_inbound import wire

_KEPT = 0.9  # of each sample: what the machine did in between lengthens a few


def welch(a: list[float], b: list[float]) -> float:
    return (fmean(a) - fmean(b)) / (variance(a) / len(a) + variance(b) / len(b)) ** 0.5


def fastest(sample: list[float]) -> list[float]:
    most = quantiles(sample, n=100)[round(100 * _KEPT) - 1]
    return [s for s in sample if s <= most]


async def measure(url: str, times: int) -> dict[str, list[float]]:
    wired = wire(make_sessions(make_engine(url)), mode="compatible")
    asked = refusals(wired)
    plan, found = [what for what in asked for _ in range(times)], {what: list[float]() for what in asked}
    random.shuffle(plan)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=wired.app), base_url="http://linli") as client:
        for number, what in enumerate(plan):
            name, query, body = asked[what]
            request = client.build_request("POST", f"/wechat/{name}", params=query, content=body)
            started = time.perf_counter()
            answer = await client.send(request)
            seconds = time.perf_counter() - started
            assert answer.status_code == 403, (what, answer.status_code)
            if number > 200:  # the first ones warm up
                found[what].append(seconds)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000, help="requests of each kind")
    with tempfile.TemporaryDirectory() as home:
        url = f"sqlite:///{Path(home) / 'timing.sqlite'}"
        migrate(url)
        found = asyncio.run(measure(url, parser.parse_args().times))
    samples = {what: fastest(sample) for what, sample in found.items()}
    for what, sample in samples.items():
        print(f"{what:14s} {len(sample):6d} requests, mean {1e6 * fmean(sample):8.1f} us")
    print(
        json.dumps(
            {
                what: round(welch(sample, samples["signature"]), 2)
                for what, sample in samples.items()
                if what != "signature"
            }
        )
    )


if __name__ == "__main__":
    main()

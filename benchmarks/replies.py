"""What the bot replies to each message of a file, for readers to judge by eye:

    python -m benchmarks.replies IN.jsonl OUT.jsonl

IN: rows with `text`, a message or a list of several in one conversation. OUT: the same rows with `replies`, for each
message what was shown. Uses the running stack, else starts one; each row is a conversation of its own.
"""

import argparse
import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import httpx

from benchmarks.served import served
from bot.settings import Settings

_AT_ONCE = 2


def shown(reply: dict[str, Any]) -> dict[str, Any]:
    """What a resident sees of it."""
    found = {name: reply.get(name) for name in ("kind", "text", "next")}
    found["buttons"] = [button["title"] for button in reply.get("buttons") or []]
    found["links"] = [link["label"] for link in reply.get("links") or []]
    found["citations"] = [f"{c['title']} {c.get('article') or ''}".strip() for c in reply.get("citations") or []]
    return found


async def play(client: httpx.AsyncClient, row: dict[str, Any], room: asyncio.Semaphore) -> dict[str, Any]:
    async with room:
        started = await client.post("/api/widget/conversations", json={"embedded": True})
        held = {"authorization": f"Bearer {started.json()['token']}"}
        told = []
        for text in row["text"] if isinstance(row["text"], list) else [row["text"]]:
            sent = {"client_id": uuid.uuid4().hex, "text": text}
            answered = await client.post("/api/widget/messages", headers=held, json=sent)
            told.append([shown(reply) for reply in answered.json().get("replies", [])])
        return {**row, "replies": told}


async def run(base: str, secret: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    room = asyncio.Semaphore(_AT_ONCE)
    headers = {"x-linli-secret": secret}
    async with httpx.AsyncClient(base_url=base, timeout=120, trust_env=False, headers=headers) as client:
        return list(await asyncio.gather(*(play(client, row, room) for row in rows)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    args = parser.parse_args()
    settings = Settings()
    rows = [json.loads(line) for line in args.source.read_text(encoding="utf-8").splitlines() if line.strip()]
    with served(settings) as base:
        told = asyncio.run(run(base, settings.secret("internal"), rows))
    args.target.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in told), encoding="utf-8")


if __name__ == "__main__":
    main()

"""`linli ask` and `linli nlu`: as a resident would, through all parts."""

import argparse
import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from bot.cli.commands import Commands, answer_each
from bot.settings import Settings

# Of several replies the first of these kinds says how a question ended.
_STATUS = {
    "emergency": "emergency",
    "answer": "answered",
    "handoff": "handoff",
    "abstention": "abstained",
    "asking": "asking",
    "smalltalk": "smalltalk",
}


def ask(settings: Settings, args: argparse.Namespace) -> int:
    """Each question as a new conversation over HTTP, through Rasa."""
    from bot.run.stack import running

    headers = {"x-linli-secret": settings.secret("internal")}
    with (
        running(settings) as base,
        httpx.Client(base_url=base, timeout=60, trust_env=False, headers=headers) as client,
    ):
        if args.batch:
            return answer_each(
                args.batch,
                ("id", "text"),
                lambda row: {"id": row["id"], **_asked(client, row["text"], village=args.village)},
                several="text",
            )
        found = _asked(client, args.text or "", village=args.village)
        print(found["text"])
        for c in found["citations"]:
            print(f"  依据：{c['law'] or c['document']} {c['article'] or ''}（{c['in_force_from']} 起）")
    return 0


def _asked(client: httpx.Client, said: str | int | Sequence[str], *, village: str | None) -> dict[str, Any]:
    """The replies to one message, or to several in their order, in a conversation of its own, which is deleted again.

    `status`, `text` and `citations` are of the last message; `turns` shows all as the resident saw them.
    """
    texts = list(said) if isinstance(said, list) else [str(said)]
    started = client.post("/api/widget/conversations", json={"embedded": True, "village": village})
    held = {"authorization": f"Bearer {started.json()['token']}"}
    turns: list[dict[str, Any]] = []
    for text in texts:
        sent = {"client_id": uuid.uuid4().hex, "text": text}
        found = client.post("/api/widget/messages", headers=held, json=sent).json()
        if "error" in found:
            turns = [{"said": text, "replies": [{"kind": "asking", "text": found["error"]["message"]}]}]
            break
        turns.append({"said": text, "replies": found["replies"]})
    client.delete("/api/widget/conversations/current", headers=held)
    last: list[dict[str, Any]] = turns[-1]["replies"] if turns else []
    return {
        "status": _status([r["kind"] for r in last]),
        "text": "\n".join(r["text"] + (f"\n{r['next']}" if r.get("next") else "") for r in last),
        "citations": [_source(c) for r in last for c in r.get("citations", [])],
        "turns": [{"said": turn["said"], "replies": [_shown(r) for r in turn["replies"]]} for turn in turns],
    }


def _shown(reply: Mapping[str, Any]) -> dict[str, Any]:
    """What the resident sees of a reply, each part apart."""
    held = {
        "kind": reply["kind"],
        "text": reply["text"],
        "next": reply.get("next"),
        "buttons": [button["title"] for button in reply.get("buttons", [])],
        "links": [link["label"] for link in reply.get("links", [])],
        "citations": [f"{c['title']} {c['article'] or ''}".strip() for c in reply.get("citations", [])],
    }
    return {name: value for name, value in held.items() if value}


def _status(kinds: list[str]) -> str:
    best = next((k for k in _STATUS if k in kinds), "asking")
    if best == "emergency" and "answer" in kinds:
        best = "answer"
    return _STATUS[best]


def _source(citation: dict[str, Any]) -> dict[str, Any]:
    is_statute = citation["kind"] == "statute"
    return {
        "law": citation["title"] if is_statute else None,
        "article": citation["article"] if is_statute else None,
        "document": citation["document"],
        "in_force_from": citation["in_force_from"],
        "in_force_to": citation["in_force_to"],
    }


def nlu(settings: Settings, args: argparse.Namespace) -> int:
    from bot.emergency.recognising import recognise
    from bot.rasa_client import RasaClient
    from bot.run.stack import running
    from knowledge.encoder.exported import load_embedder
    from knowledge.encoder.topic_classifier import TopicClassifier
    from knowledge.normalise import normalise

    embedder = load_embedder(settings.cache, model=settings.model, learned=settings.learned)
    topics = TopicClassifier.load(settings.topics)

    with running(settings), asyncio.Runner() as runner:
        client = RasaClient(settings.rasas, settings.secret("rasa"), timeout_s=60)

        def one(text: str) -> dict[str, Any]:
            said = normalise(text)
            parsed = runner.run(client.parse(said))
            danger = recognise(said)
            return {
                "intent": parsed["intent"]["name"],
                "confidence": round(float(parsed["intent"]["confidence"]), 4),
                "topic": topics.predict([said], embedder)[0],
                "entities": [{"entity": e["entity"], "value": e["value"]} for e in parsed.get("entities", [])],
                "emergency": danger.kind.value if danger and not danger.soft else None,
            }

        if args.batch:
            return answer_each(args.batch, ("id", "text"), lambda row: {"id": row["id"], **one(str(row["text"]))})
        print(json.dumps(one(args.text or ""), ensure_ascii=False))
    return 0


def add(commands: Commands) -> None:
    parser = commands.add("ask", ask, "ask as a resident would, through all parts")
    _add_texts(parser)
    parser.add_argument("--village", help="village id, e.g. lijiagou")
    _add_texts(commands.add("nlu", nlu, "intent, topic, entities and emergency of a message"))


def _add_texts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?")
    parser.add_argument("--batch", type=Path, metavar="F", help='JSON lines {"id", "text"}; text may be a list')

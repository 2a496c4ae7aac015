"""Ask, nlu."""

import argparse
import asyncio
import json
import uuid
from typing import Any

import httpx

from bot.cli.knowledge import STATUS_ZH, read_batch
from bot.settings import Settings


def ask(settings: Settings, args: argparse.Namespace) -> int:
    """Each question as a new conversation over HTTP, through Rasa."""
    from bot.run.stack import running

    with (
        running(settings) as base,
        httpx.Client(
            base_url=base, timeout=60, trust_env=False, headers={"x-linli-secret": settings.secret("internal")}
        ) as client,
    ):

        def one(text: str) -> dict[str, Any]:
            started = client.post("/api/widget/conversations", json={"embedded": True, "village": args.village})
            held = {"authorization": f"Bearer {started.json()['token']}"}
            response = client.post(
                "/api/widget/messages", headers=held, json={"client_id": uuid.uuid4().hex, "text": text}
            )
            found = response.json()
            client.delete("/api/widget/conversations/current", headers=held)
            if "error" in found:
                return {"status": "asking", "text": found["error"]["message"], "citations": []}
            replies = found["replies"]
            kinds = [r["kind"] for r in replies]
            best = next(
                (k for k in ("emergency", "answer", "handoff", "abstention", "asking", "smalltalk") if k in kinds),
                "asking",
            )
            if best == "emergency" and "answer" in kinds:
                best = "answer"
            citations = [
                {
                    "law": c["title"] if c["kind"] == "statute" else None,
                    "article": c["article"] if c["kind"] == "statute" else None,
                    "document": c["document"],
                    "in_force_from": c["in_force_from"],
                    "in_force_to": c["in_force_to"],
                }
                for r in replies
                for c in r["citations"]
            ]
            return {
                "status": STATUS_ZH[best],
                "text": "\n".join(r["text"] + (f"\n{r['next']}" if r["next"] else "") for r in replies),
                "citations": citations,
            }

        if args.batch:
            return read_batch(args.batch, ("id", "text"), lambda row: {"id": row["id"], **one(str(row["text"]))})
        found = one(args.text or "")
        print(found["text"])
        for c in found["citations"]:
            print(f"  依据：{c['law'] or c['document']} {c['article'] or ''}（{c['in_force_from']} 起）")
    return 0


def nlu(settings: Settings, args: argparse.Namespace) -> int:
    from bot.emergency.recognising import recognise
    from bot.rasa_client import RasaClient
    from bot.run.stack import running
    from knowledge.encoder.embedding import SentenceEmbedder, prepare_model
    from knowledge.encoder.topic_classifier import TopicClassifier
    from knowledge.normalise import normalise

    embedder = SentenceEmbedder(prepare_model(settings.cache, model=settings.model))
    topics = TopicClassifier.load(settings.topics)

    with running(settings), asyncio.Runner() as runner:
        client = RasaClient(settings.rasa_url, settings.secret("rasa"), timeout_s=60)

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
            return read_batch(args.batch, ("id", "text"), lambda row: {"id": row["id"], **one(str(row["text"]))})
        print(json.dumps(one(args.text or ""), ensure_ascii=False))
    return 0

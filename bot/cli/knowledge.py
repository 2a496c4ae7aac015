import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.cli import evaluate
from bot.run.setup import say
from bot.settings import Settings


def read_batch(path: Path, needed: tuple[str, ...], answer: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    code = 0
    for row in evaluate.rows(path, needed):
        if row is None:
            code = 1
        else:
            print(json.dumps(answer(row), ensure_ascii=False), flush=True)
    return code


def kb_search(settings: Settings, args: argparse.Namespace) -> int:
    from bot.parts import build_parts
    from knowledge.clock import today
    from knowledge.documents.models import Kind

    parts = build_parts(settings)
    day = args.day or today()
    kinds = [Kind(k) for k in args.kind]

    def found(question: str) -> list[dict[str, Any]]:
        with parts.sessions() as session:
            passages = parts.searcher.search(session, question, day=day, place=args.place, kinds=kinds, k=args.top)
        return [
            {
                "document": p.document_id,
                "law": p.title if p.kind is Kind.statute else None,
                "article": p.ref if p.kind is Kind.statute else None,
                "score": p.score,
                "in_force_from": p.in_force_from.isoformat(),
                "in_force_to": p.in_force_to.isoformat() if p.in_force_to else None,
                "text": p.text,
                "title": p.title,
            }
            for p in passages
        ]

    if args.batch:
        return read_batch(
            args.batch, ("id", "question"), lambda row: {"id": row["id"], "passages": found(str(row["question"]))}
        )
    for passage in found(args.question or ""):
        print(f"{passage['score']:.2f}  {passage['title']} {passage['article'] or ''}\n      {passage['text'][:120]}")
    return 0


def kb_import(settings: Settings, args: argparse.Namespace) -> int:
    from bot.db import make_engine, make_sessions, migrate
    from knowledge.exchange import corpus
    from knowledge.law import loading

    migrate(settings.url)
    with make_sessions(make_engine(settings.url))() as session:
        corpus.import_places(session, settings.corpus)
        statutes = loading.import_statutes(session, settings.corpus, only=settings.statute_names)
        documents = corpus.import_corpus(session, settings.corpus)
        session.commit()
    print(json.dumps({"statute_versions": statutes, "documents_changed": documents}))
    return 0


def kb_export(settings: Settings, args: argparse.Namespace) -> int:
    from bot.db import make_engine, make_sessions
    from knowledge.exchange import files

    with make_sessions(make_engine(settings.url))() as session:
        written = files.export_all(session, args.folder, drafts=args.drafts)
    print(json.dumps({"files": written, "folder": str(args.folder)}, ensure_ascii=False))
    return 0


def kb_import_folder(settings: Settings, args: argparse.Namespace) -> int:
    """1 where a file couldn't be taken; the others are in."""
    from bot.db import make_engine, make_sessions, migrate
    from knowledge.clock import today
    from knowledge.documents.models import Kind
    from knowledge.documents.versions import Person
    from knowledge.exchange import archive, bulk

    if not args.folder.is_dir():
        say(f"没有这个文件夹：{args.folder}")
        return 1
    read = bulk.read_all(archive.of_folder(args.folder), kind=Kind(args.kind) if args.kind else None)
    migrate(settings.url)
    with make_sessions(make_engine(settings.url))() as session:
        lines = bulk.store_all(
            session,
            read,
            by=Person(None, "批量导入"),
            now=datetime.now(UTC),
            today=today(),
            publish=not args.drafts,
            place=args.place,
        )
        session.commit()
    for line in lines:
        print(line)
    print(json.dumps({outcome.value: sum(line.outcome is outcome for line in lines) for outcome in bulk.Outcome}))
    return 1 if any(line.outcome is bulk.Outcome.bad for line in lines) else 0


def kb_build(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run.preparing import build_snapshot

    print(json.dumps({"snapshot": build_snapshot(settings, core_only=False)}))
    return 0


def kb_status(settings: Settings, args: argparse.Namespace) -> int:
    from knowledge.search import snapshot

    print(
        json.dumps(
            {"snapshot": snapshot.current_id(settings.snapshots), **snapshot.meta(settings.snapshots)},
            ensure_ascii=False,
        )
    )
    return 0


def kb_show(settings: Settings, args: argparse.Namespace) -> int:
    from bot.db import make_engine, make_sessions
    from knowledge.clock import today
    from knowledge.documents.models import Chunk, DocumentVersion
    from knowledge.search.articles import article_in_force, named_article

    with make_sessions(make_engine(settings.url))() as session:
        named = named_article(args.what)
        if named and (row := article_in_force(session, *named, today())):
            chunks = [(row[0], row[1])]
        else:
            chunks = [
                (c, c.version)
                for c in session.scalars(
                    select(Chunk)
                    .join(DocumentVersion)
                    .where(DocumentVersion.document_id == args.what)
                    .order_by(Chunk.id)
                )
            ]
        for chunk, version in chunks:
            print(
                f"{version.document.title} {chunk.ref or ''}（{version.in_force_from} 至 "
                f"{version.in_force_to or '今'}，{version.status.value}）\n{chunk.text}"
            )
    if not chunks:
        say(f"没有找到“{args.what}”。可以写“民法典第1042条”，或文档编号。")
        return 1
    return 0


STATUS_ZH = {
    "answer": "answered",
    "abstention": "abstained",
    "emergency": "emergency",
    "smalltalk": "smalltalk",
    "handoff": "handoff",
    "asking": "asking",
}

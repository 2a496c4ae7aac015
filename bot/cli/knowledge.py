"""`linli kb`: the knowledge base, from documents to a snapshot and back."""

import argparse
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.cli.commands import Commands, answer_each
from bot.run.setup import say
from bot.settings import Settings


def search(settings: Settings, args: argparse.Namespace) -> int:
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
        return answer_each(
            args.batch, ("id", "question"), lambda row: {"id": row["id"], "passages": found(str(row["question"]))}
        )
    for passage in found(args.question or ""):
        print(f"{passage['score']:.2f}  {passage['title']} {passage['article'] or ''}\n      {passage['text'][:120]}")
    return 0


def import_(settings: Settings, args: argparse.Namespace) -> int:
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


def export(settings: Settings, args: argparse.Namespace) -> int:
    from bot.db import make_engine, make_sessions
    from knowledge.exchange import files

    with make_sessions(make_engine(settings.url))() as session:
        written = files.export_all(session, args.folder, drafts=args.drafts)
    print(json.dumps({"files": written, "folder": str(args.folder)}, ensure_ascii=False))
    return 0


def import_folder(settings: Settings, args: argparse.Namespace) -> int:
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


def build(settings: Settings, args: argparse.Namespace) -> int:
    from bot.run.preparing import build_snapshot

    print(json.dumps({"snapshot": build_snapshot(settings, core_only=False)}))
    return 0


def status(settings: Settings, args: argparse.Namespace) -> int:
    from knowledge.search import snapshot

    told = {name: value for name, value in snapshot.meta(settings.snapshots).items() if name != "files"}
    print(json.dumps({"snapshot": snapshot.current_id(settings.snapshots), **told}, ensure_ascii=False))
    return 0


def show(settings: Settings, args: argparse.Namespace) -> int:
    from bot.db import make_engine, make_sessions
    from knowledge.clock import today
    from knowledge.documents.models import Chunk, DocumentVersion
    from knowledge.search.articles import named_in_force
    from knowledge.statutes.citations import named_article

    with make_sessions(make_engine(settings.url))() as session:
        named = named_article(args.what)
        if named and (row := named_in_force(session, named, today())):
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


def _kind(word: str) -> str:
    """Asked of the registry when it is needed: the other commands need none of it."""
    from knowledge.documents.kinds.registry import KINDS

    if word not in set(KINDS):
        raise argparse.ArgumentTypeError(f"{word} is none of {', '.join(KINDS)}")
    return word


def _kind_of_ours(word: str) -> str:
    from knowledge.documents.kinds.registry import EDITABLE

    if word not in set(EDITABLE):
        raise argparse.ArgumentTypeError(f"{word} is none of {', '.join(EDITABLE)}")
    return word


def add(commands: Commands) -> None:
    kb = commands.group("kb", "the knowledge base")
    kb.add("import", import_, "read statutes and corpus into the database")
    kb.add("build", build, "embed everything and publish a snapshot")
    kb.add("status", status, "how much is embedded")
    kb.add("show", show, "an article or document as stored").add_argument("what")
    _add_exchange(kb)
    parser = kb.add("search", search, "passages for a question")
    parser.add_argument("question", nargs="?")
    parser.add_argument("--top", type=int, default=10, metavar="N")
    parser.add_argument("--batch", type=Path, metavar="F", help='JSON lines {"id", "question"}')
    parser.add_argument("--place", help="village, town or county id")
    parser.add_argument("--day", type=date.fromisoformat, help="default: today")
    parser.add_argument("--kind", action="append", default=[], type=_kind, metavar="K")


def _add_exchange(kb: Commands) -> None:
    parser = kb.add("export", export, "all our documents and questions as open files")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--drafts", action="store_true", help="also what is in work, under drafts/")
    parser = kb.add(
        "import-folder",
        import_folder,
        "a folder of open files, docx, pdf, html, markdown and text, with a report on every file",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument(
        "--kind", type=_kind_of_ours, metavar="K", help="of the papers whose folder and name don't say it"
    )
    parser.add_argument("--place", help="of the papers, e.g. lijiagou; default: from folder and name")
    parser.add_argument(
        "--drafts", action="store_true", help="open files become drafts, too, instead of being in force at once"
    )

"""The command `linli`. Results go to stdout, everything else to stderr; bad lines of a batch are named and skipped."""

import argparse
import asyncio
import json
import logging
import shutil
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import select

from bot import cli_eval, cli_wechat, cli_wechat_doctor
from bot.settings import ROOT, Settings
from bot.setup import RASA_VENV, SetupFailed, say
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def _batch(path: Path, needed: tuple[str, ...], answer: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    code = 0
    for row in cli_eval.rows(path, needed):
        if row is None:
            code = 1
        else:
            print(json.dumps(answer(row), ensure_ascii=False), flush=True)
    return code


def kb_search(settings: Settings, args: argparse.Namespace) -> int:
    from bot.app import build_parts, today
    from knowledge.models import Kind

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
        return _batch(
            args.batch, ("id", "question"), lambda row: {"id": row["id"], "passages": found(str(row["question"]))}
        )
    for passage in found(args.question or ""):
        print(f"{passage['score']:.2f}  {passage['title']} {passage['article'] or ''}\n      {passage['text'][:120]}")
    return 0


def kb_import(settings: Settings, args: argparse.Namespace) -> int:
    from bot.db import make_engine, make_sessions, migrate
    from knowledge import store

    migrate(settings.url)
    with make_sessions(make_engine(settings.url))() as session:
        store.import_places(session, settings.corpus)
        statutes = store.import_statutes(session, settings.corpus, only=settings.statute_names)
        documents = store.import_corpus(session, settings.corpus)
        session.commit()
    print(json.dumps({"statute_versions": statutes, "documents_changed": documents}))
    return 0


def kb_export(settings: Settings, args: argparse.Namespace) -> int:
    from bot.db import make_engine, make_sessions
    from knowledge import exchange

    with make_sessions(make_engine(settings.url))() as session:
        written = exchange.export_all(session, args.folder, drafts=args.drafts)
    print(json.dumps({"files": written, "folder": str(args.folder)}, ensure_ascii=False))
    return 0


def kb_import_folder(settings: Settings, args: argparse.Namespace) -> int:
    """1 where a file couldn't be taken; the others are in."""
    from bot.app import today
    from bot.db import make_engine, make_sessions, migrate
    from knowledge.importing import archive, bulk
    from knowledge.models import Kind
    from knowledge.review import Person

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
    from bot.stack import build_snapshot

    print(json.dumps({"snapshot": build_snapshot(settings, core_only=False)}))
    return 0


def kb_status(settings: Settings, args: argparse.Namespace) -> int:
    from knowledge import index

    print(
        json.dumps(
            {"snapshot": index.current_id(settings.snapshots), **index.meta(settings.snapshots)}, ensure_ascii=False
        )
    )
    return 0


def kb_show(settings: Settings, args: argparse.Namespace) -> int:
    from bot.app import today
    from bot.db import make_engine, make_sessions
    from knowledge.models import Chunk, DocumentVersion
    from knowledge.search import article_in_force, named_article

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


_STATUS = {
    "answer": "answered",
    "abstention": "abstained",
    "emergency": "emergency",
    "smalltalk": "smalltalk",
    "handoff": "handoff",
    "asking": "asking",
}


def ask(settings: Settings, args: argparse.Namespace) -> int:
    """Each question as a new conversation over HTTP, through Rasa."""
    from bot.stack import running

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
                "status": _STATUS[best],
                "text": "\n".join(r["text"] + (f"\n{r['next']}" if r["next"] else "") for r in replies),
                "citations": citations,
            }

        if args.batch:
            return _batch(args.batch, ("id", "text"), lambda row: {"id": row["id"], **one(str(row["text"]))})
        found = one(args.text or "")
        print(found["text"])
        for c in found["citations"]:
            print(f"  依据：{c['law'] or c['document']} {c['article'] or ''}（{c['in_force_from']} 起）")
    return 0


def nlu(settings: Settings, args: argparse.Namespace) -> int:
    from bot.emergency import recognise
    from bot.rasa_client import RasaClient
    from bot.stack import running
    from knowledge.embedding import SentenceEmbedder, prepare_model
    from knowledge.normalise import normalise
    from knowledge.topics import TopicClassifier

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
            return _batch(args.batch, ("id", "text"), lambda row: {"id": row["id"], **one(str(row["text"]))})
        print(json.dumps(one(args.text or ""), ensure_ascii=False))
    return 0


def privacy(settings: Settings, args: argparse.Namespace) -> int:
    import base64

    from actions.bookings.models import Appointment
    from actions.bookings.service import label
    from actions.bookings.status import LABELS
    from actions.cases.documents import pack
    from actions.cases.models import Photo
    from actions.cases.service import of_conversation
    from actions.persons import threads_of
    from bot.channels import wechat_privacy
    from bot.conversations import service
    from bot.conversations.models import Conversation
    from bot.db import make_engine, make_sessions
    from bot.rasa_client import erase_trackers
    from bot.web.widget import message_json

    with make_sessions(make_engine(settings.url))() as session:
        found = (
            session.scalars(
                select(Conversation).where(Conversation.id.startswith(args.conversation, autoescape=True))
            ).all()
            if len(args.conversation) >= 8
            else []
        )
        if len(found) != 1:
            say("没有找到这段对话。请用窗口菜单里显示的对话编号（至少 8 个字符）。")
            return 1
        if args.action == "delete":
            erase_trackers(settings.rasa_trackers, [found[0].id])
            service.forget(session, found[0].id)
            say("已删除。")
        else:
            own = found[0].id
            held = {
                "conversation": own,
                "place": found[0].place_id,
                "messages": [message_json(m) for m in service.all_messages(session, own)],
                "cases": [pack(c, place=c.place_id or "") for c in of_conversation(session, own)],
                "appointments": [
                    {
                        "when": label(a.opening),
                        "where": a.opening.address,
                        "status": LABELS[a.status],
                        "about": a.summary,
                        "name": a.name,
                        "phone": a.phone,
                    }
                    for a in session.scalars(
                        select(Appointment).where(Appointment.conversation_id == own).order_by(Appointment.id)
                    )
                ],
                "photos": [
                    {"at": p.created_at.isoformat(), "case": p.case_id, "jpeg": base64.b64encode(p.jpeg).decode()}
                    for p in session.scalars(select(Photo).where(Photo.conversation_id == own).order_by(Photo.id))
                ],
                "joined": [c[:8] for c in threads_of(session, own)[1:]],
                "wechat": wechat_privacy.about(session, own),
            }
            print(json.dumps(held, ensure_ascii=False, indent=1))
    return 0


def doctor(settings: Settings, args: argparse.Namespace) -> int:
    """Each part: 好 or what to do."""
    from knowledge import index

    checks: list[tuple[str, bool, str]] = []
    free = shutil.disk_usage(settings.home if settings.home.exists() else ROOT).free / 2**30
    checks.append(("磁盘空间", free > 2, f"只剩 {free:.1f} GB，请腾出 8 GB"))
    checks.append(("Rasa 环境", (RASA_VENV / "bin" / "rasa").exists(), "运行 make serve 安装"))
    checks.append(("资料索引", index.current_id(settings.snapshots) is not None, "运行 linli setup"))
    checks.append(("对话模型", (settings.home / "rasa-models" / "linli.tar.gz").exists(), "运行 linli setup"))
    for name, url in (
        ("网页服务", f"http://127.0.0.1:{settings.port}/healthz"),
        ("整条链路", f"http://127.0.0.1:{settings.port}/readyz"),
    ):
        try:
            good = httpx.get(url, timeout=10, trust_env=False).status_code == 200
        except httpx.HTTPError:
            good = False
        checks.append((name, good, f"没有回应，运行 make serve 启动；记录在 {settings.home / 'logs'}"))
    for name, good, remedy in checks:
        print(f"{'好' if good else '不好'}  {name}{'' if good else '：' + remedy}")
    return 0 if all(good for _, good, _ in checks) else 1


def serve(settings: Settings, args: argparse.Namespace) -> int:
    from bot import stack

    stack.prepare(settings)
    train_topics(settings)
    stack.serve(settings)
    return 0


def setup(settings: Settings, args: argparse.Namespace) -> int:
    from bot import stack

    stack.prepare(settings, core_only=not args.all)
    train_topics(settings)
    return 0


def train_topics(settings: Settings) -> None:
    from bot.db import make_engine, make_sessions
    from bot.setup import digest, step
    from knowledge import topics
    from knowledge.embedding import SentenceEmbedder, VectorCache, prepare_model

    def run() -> None:
        say("训练主题分类……")
        embedder = SentenceEmbedder(prepare_model(settings.cache, model=settings.model))
        cache = VectorCache(settings.cache / "vectors.sqlite")
        with make_sessions(make_engine(settings.url))() as session:
            topics.train(session, settings.corpus, embedder=embedder, cache=cache).save(settings.topics)
        cache.close()

    step("topics", digest(settings.corpus, ROOT / "knowledge" / "topics.py", settings.statutes), run)


def app(settings: Settings, args: argparse.Namespace) -> int:
    from bot.app import serve as serve_app

    asyncio.run(serve_app(settings))
    return 0


def worker(settings: Settings, args: argparse.Namespace) -> int:
    from bot.worker import run

    run(settings)
    return 0


def _with_session(settings: Settings, run: Callable[["Session"], int]) -> int:
    from actions.errors import ActionError
    from bot.db import make_engine, make_sessions, migrate

    migrate(settings.url)
    with make_sessions(make_engine(settings.url))() as session:
        try:
            return run(session)
        except ActionError as error:
            say(error.message_zh)
            return 1


def staff_add(settings: Settings, args: argparse.Namespace) -> int:
    import getpass
    import secrets

    from bot import accounts

    def run(session: "Session") -> int:
        asked = getpass.getpass("密码（至少 10 位，留空则生成一个）：") if sys.stdin.isatty() else ""
        password = asked or secrets.token_urlsafe(9)
        accounts.record(session, None, "建账号", args.login, args.role)
        accounts.add(
            session,
            login=args.login,
            name=args.name,
            role=accounts.Role(args.role),
            password=password,
            place=args.place,
            must_change=not asked,
        )
        session.commit()
        print(f"账号 {args.login} 建好了。" + ("" if asked else f"初始密码：{password}"))
        return 0

    return _with_session(settings, run)


def _account(session: "Session", login: str) -> Any:
    from actions.errors import NotFound
    from bot.accounts import Staff

    found = session.scalar(select(Staff).where(Staff.login == login.lower()))
    if found is None:
        raise NotFound(f"没有账号 {login}。")
    return found


def staff_role(settings: Settings, args: argparse.Namespace) -> int:
    from bot import accounts

    def run(session: "Session") -> int:
        _account(session, args.login).role = accounts.Role(args.role)
        accounts.record(session, None, "改岗位", args.login, args.role)
        session.commit()
        return 0

    return _with_session(settings, run)


def staff_reset(settings: Settings, args: argparse.Namespace) -> int:
    import secrets

    from bot import accounts

    def run(session: "Session") -> int:
        staff, password = _account(session, args.login), secrets.token_urlsafe(9)
        accounts.set_password(session, staff, password, must_change=True)
        staff.totp_secret = None
        accounts.record(session, None, "重设密码", args.login)
        session.commit()
        print(f"新密码：{password}")
        return 0

    return _with_session(settings, run)


def demo(settings: Settings, args: argparse.Namespace) -> int:
    from bot import demo as invented

    def run(session: "Session") -> int:
        print(json.dumps(invented.remove(session) if args.remove else invented.fill(session), ensure_ascii=False))
        return 0

    return _with_session(settings, run)


def _simulate(settings: Settings, args: argparse.Namespace) -> int:
    from bot.cli_wechat_simulate import simulate

    return simulate(settings, args)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="linli", description="Linli 邻里: legal and service assistant for villages and communities."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def add(
        name: str, run: Callable[[Settings, argparse.Namespace], int], text: str, to: Any = commands
    ) -> argparse.ArgumentParser:
        sub: argparse.ArgumentParser = to.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    add("serve", serve, "prepare what is missing, start all parts, stay until Ctrl-C")
    add("setup", setup, "prepare everything without starting").add_argument(
        "--all", action="store_true", help="embed all statutes now, not only those needed most"
    )
    add("app", app, "the pages and the loopback endpoints alone")
    add("worker", worker, "embedding of the rest and retention alone")
    add("doctor", doctor, "check all parts and say how to mend them")
    for name, run, text in (
        ("ask", ask, "ask as a resident would, through all parts"),
        ("nlu", nlu, "intent, topic, entities and emergency of a message"),
    ):
        sub = add(name, run, text)
        sub.add_argument("text", nargs="?")
        sub.add_argument("--batch", type=Path, metavar="F", help='JSON lines {"id", "text"}')
        if name == "ask":
            sub.add_argument("--village", help="village id, e.g. lijiagou")
    kb = commands.add_parser("kb", help="the knowledge base").add_subparsers(dest="kb_command", required=True)
    add("import", kb_import, "read statutes and corpus into the database", kb)
    add("build", kb_build, "embed everything and publish a snapshot", kb)
    add("status", kb_status, "how much is embedded", kb)
    add("show", kb_show, "an article or document as stored", kb).add_argument("what")
    sub = add("export", kb_export, "all our documents and questions as open files", kb)
    sub.add_argument("folder", type=Path, metavar="DIR")
    sub.add_argument("--drafts", action="store_true", help="also what is in work, under drafts/")
    sub = add(
        "import-folder",
        kb_import_folder,
        "a folder of open files, docx, pdf, html, markdown and text, with a report on every file",
        kb,
    )
    sub.add_argument("folder", type=Path, metavar="DIR")
    sub.add_argument(
        "--kind",
        choices=["regulation", "policy", "village_rule", "case_story", "service_guide"],
        help="of the papers whose folder and name don't say it",
    )
    sub.add_argument("--place", help="of the papers, e.g. lijiagou; default: from folder and name")
    sub.add_argument(
        "--drafts", action="store_true", help="open files become drafts, too, instead of being in force at once"
    )
    search = add("search", kb_search, "passages for a question", kb)
    search.add_argument("question", nargs="?")
    search.add_argument("--top", type=int, default=10, metavar="N")
    search.add_argument("--batch", type=Path, metavar="F", help='JSON lines {"id", "question"}')
    search.add_argument("--place", help="village, town or county id")
    search.add_argument("--day", type=date.fromisoformat, help="default: today")
    search.add_argument(
        "--kind",
        action="append",
        default=[],
        choices=["statute", "regulation", "policy", "village_rule", "case_story", "service_guide"],
    )
    sub = add(
        "eval",
        cli_eval.evaluate,
        (
            "figures: bank (questions set aside), statutes and calibration (a file with golds), topics (a file with "
            "topics), nlu (our test messages), anonymity (our sentences with marks), village-rules (clauses against "
            "the law)"
        ),
    )
    sub.add_argument("what", choices=list(cli_eval.WHAT))
    sub.add_argument("--file", type=Path)
    sub.add_argument("--limit", type=int)
    people = commands.add_parser("staff", help="accounts of the staff console").add_subparsers(
        dest="staff_command", required=True
    )
    sub = add("add", staff_add, "make an account; the password is asked for, or printed once", people)
    sub.add_argument("login")
    sub.add_argument("--name", required=True)
    sub.add_argument(
        "--role", required=True, choices=["agent", "mediator", "legal_worker", "supervisor", "administrator"]
    )
    sub.add_argument("--place", default="nation", help="what it sees: this place and all below it")
    sub = add("role", staff_role, "change the role of an account", people)
    sub.add_argument("login")
    sub.add_argument("role", choices=["agent", "mediator", "legal_worker", "supervisor", "administrator"])
    add("reset", staff_reset, "a new password, printed once; also ends a lock and the TOTP", people).add_argument(
        "login"
    )
    add("demo", demo, "a month of invented cases, bookings and conversations, marked as such").add_argument(
        "--remove", action="store_true", help="take them out again"
    )
    wechat = commands.add_parser("wechat", help="the official accounts").add_subparsers(
        dest="wechat_command", required=True
    )
    sub = add(
        "push",
        cli_wechat.menu_push,
        "show the menu and send it to WeChat",
        wechat.add_parser("menu", help="the menu below the chat").add_subparsers(dest="menu_command", required=True),
    )
    sub.add_argument("--account")
    sub.add_argument("--yes", action="store_true", help="don't ask")
    sub = add("codes", cli_wechat.codes, "a QR code for each village, as a picture to put up there", wechat)
    sub.add_argument("folder", type=Path, metavar="DIR")
    sub.add_argument("--account")
    add("doctor", cli_wechat_doctor.doctor, "check each account's settings and say the next step", wechat)
    add(
        "simulate", _simulate, "a WeChat of our own with a telephone on a page, to try without an account", wechat
    ).add_argument("--port", type=int, default=8090)
    sub = add("privacy", privacy, "export or delete what one conversation holds")
    sub.add_argument("action", choices=["export", "delete"])
    sub.add_argument("conversation")
    return parser


def main() -> int:
    args = _parser().parse_args()
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format='{"at": "%(asctime)s", "level": "%(levelname)s", "logger": "%(name)s", "event": "%(message)s"}',
    )
    for noisy in ("httpx", "alembic", "sentence_transformers", "sentence_transformers.base.model", "faiss", "rasa_sdk"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    try:
        return int(args.run(Settings(), args))
    except (SetupFailed, KnowledgeError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        say("磁盘满了，请腾出空间再试。" if error.errno == 28 else f"出错了：{error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())

"""`linli doctor`: each part, and how to mend it."""

import argparse
import contextlib
import platform
import shutil
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from bot.cli.commands import Commands
from bot.run import clock_watch
from bot.run.setup import RASA_VENV
from bot.settings import ROOT, Settings
from knowledge.clock import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

_SILENT_S = 600  # the worker's longest piece of work is a few minutes of vectors
_MEND = "请停下邻里，用 linli restore 恢复最近一份好的备份（docs/operations.zh-CN.md）"


@dataclass(frozen=True)
class Check:
    """`is_urgent`: without it something doesn't work; else it should be done before something happens."""

    name: str
    is_good: bool
    remedy: str
    is_urgent: bool = True

    def __str__(self) -> str:
        if self.is_good:
            return f"好  {self.name}"
        return f"{'不好' if self.is_urgent else '提醒'}  {self.name}：{self.remedy}"


def doctor(settings: Settings, args: argparse.Namespace) -> int:
    """Each part: 好 or what to do. `--quick` reads neither the whole database nor the whole index."""
    checks = [
        *_machine(settings),
        *(
            []
            if args.quick
            else [
                *_database(settings),
                *_telephones(settings),
                *_topics(settings),
                _snapshot(settings),
                *_vectors(settings),
                *_shared(settings),
                *_backups(settings),
            ]
        ),
        Check("对话模型", (settings.home / "rasa-models" / "linli.tar.gz").exists(), "运行 linli setup"),
        *_alone(settings),
        *_worker(settings),
        *_pages(settings),
        _robots(settings),
        *_official_accounts(settings),
        *_learned(settings),
    ]
    for check in checks:
        print(check)
    return 0 if all(check.is_good for check in checks if check.is_urgent) else 1


def _robots(settings: Settings) -> Check:
    """Who is told of danger while no page of the console is open."""
    from bot.alarms.robots import RobotSetting, robots_of

    try:
        robots = robots_of(settings.alarm_robots.get_secret_value())
    except RobotSetting as error:
        return Check("报警机器人", False, error.message_zh)
    remedy = "没有设 LINLI_ALARM_ROBOTS，有人有危险时只有开着工作台的人听得见"
    return Check("报警机器人", bool(robots), remedy, is_urgent=False)


def _official_accounts(settings: Settings) -> list[Check]:
    from bot.channels.wechat.accounts import AccountsUnreadable, read_accounts

    if settings.wechat_accounts is None:
        return []
    try:
        read_accounts(settings.wechat_accounts)
    except AccountsUnreadable as error:
        return [Check("公众号", False, f"{error}。改好以前微信里没有人答，网页照常")]
    return [Check("公众号", True, "")]


def _learned(settings: Settings) -> list[Check]:
    """What was learned at set-up reads back; a power cut may have cut it short."""
    from bot.emergency.second_opinion import SecondOpinion
    from knowledge.encoder.answer_classifier import AnswerClassifier
    from knowledge.encoder.topic_classifier import TopicClassifier

    found = []
    for name, path, load in (
        ("认主题", settings.topics, TopicClassifier.load),
        ("听出危险", settings.dangers, SecondOpinion.load),
        ("认问的是哪一条", settings.answer_classifier, AnswerClassifier.load),
    ):
        try:
            load(path)
        except FileNotFoundError:
            found.append(Check(name, False, "还没有学，运行 linli setup", is_urgent=False))
        except (OSError, ValueError):
            found.append(Check(name, False, f"{path.name} 坏了，请停下邻里再启动，会重新学", is_urgent=False))
        else:
            found.append(Check(name, True, ""))
    return found


def processor(machine: str, cpuinfo: str) -> Check:
    """`cpuinfo`: /proc/cpuinfo. TensorFlow's wheels end with "Illegal instruction" where there is no AVX."""
    if machine != "x86_64":
        return Check(
            "处理器", False, f"是 {machine}，邻里只在 x86-64 上装过、试过；Rasa 要的 tensorflow-text 没有别的版本"
        )
    flags = next((line for line in cpuinfo.splitlines() if line.startswith("flags")), "flags: avx").split()
    return Check("处理器", "avx" in flags, "没有 AVX 指令，对话机器人起不来；请换 2012 年以后的电脑，虚拟机请打开 AVX")


def _machine(settings: Settings) -> list[Check]:
    free = shutil.disk_usage(settings.home if settings.home.exists() else ROOT).free / 2**30
    cpuinfo = Path("/proc/cpuinfo")
    return [
        processor(platform.machine(), cpuinfo.read_text() if cpuinfo.exists() else ""),
        Check("磁盘空间", free > 2, f"只剩 {free:.1f} GB，请腾出 8 GB；先看看旧备份、日志和 .before- 开头的旧库"),
        Check("Rasa 环境", (RASA_VENV / "bin" / "rasa").exists(), "运行 make serve 安装"),
    ]


def _database(settings: Settings) -> list[Check]:
    from bot import sqlite_files

    file = sqlite_files.file_of(settings.url)
    if file is None:
        return [_server(settings)]
    wrong = sqlite_files.damage(file) if file.exists() else None
    found = [
        Check(
            "数据库", file.exists() and not wrong, f"坏了（{wrong}）。{_MEND}" if wrong else "还没有，运行 linli setup"
        )
    ]
    if settings.rasa_trackers.exists():
        wrong = sqlite_files.damage(settings.rasa_trackers)
        remedy = f"坏了（{wrong}）。请停下邻里，把 {settings.rasa_trackers} 挪开再启动；居民正填到一半的表要重填"
        found.append(Check("Rasa 的记忆", not wrong, remedy))
    return found


def _server(settings: Settings) -> Check:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    from bot.db import make_engine

    engine = make_engine(settings.url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return Check("数据库", True, "")
    except SQLAlchemyError as error:
        return Check("数据库", False, f"连不上（{type(error).__name__}），请看 LINLI_DATABASE_URL 和数据库服务器")
    finally:
        engine.dispose()


@contextlib.contextmanager
def _asked(settings: Settings) -> "Iterator[Session | None]":
    """None where there is no database. What is wrong with it has been said already, so errors end the block."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot import sqlite_files
    from bot.db import make_engine, make_sessions

    if (file := sqlite_files.file_of(settings.url)) is not None and not file.exists():
        yield None
        return
    engine = make_engine(settings.url)
    try:
        with contextlib.suppress(SQLAlchemyError, sqlite3.Error), make_sessions(engine)() as session:
            yield session
    finally:
        engine.dispose()


def _telephones(settings: Settings) -> list[Check]:
    """Nothing where nobody has a second factor, or the database can't be asked."""
    from sqlalchemy import select

    from bot.staff import second_factor
    from bot.staff.models import Staff
    from bot.staff.vault import Vault

    held: list[Staff] = []
    with _asked(settings) as session:
        if session:
            held = list(session.scalars(select(Staff).where(Staff.totp_secret.is_not(None), Staff.is_active)))
    if not held:
        return []
    vault = Vault.of(settings.secret("tokens"))
    lost = [staff.login for staff in held if second_factor.is_lost(staff, vault)]
    remedy = (
        f"密钥换了，{'、'.join(lost)} 手机上的动态码不管用：用恢复码登录再换手机，或运行 linli staff reset 账号；"
        "有当时的密钥，就恢复 --secrets 的备份"
    )
    return [Check("动态码", not lost, remedy)]


def _topics(settings: Settings) -> list[Check]:
    """Nothing where no village counts voices just now. Their secrets are in no backup (village_affairs.md 2.14)."""
    from sqlalchemy import select

    from actions.topics.counting.keys import TopicKeys
    from actions.topics.models import Topic

    held: list[Topic] = []
    with _asked(settings) as session:
        if session:
            counted = (Topic.key_file != "", Topic.result_at.is_(None), Topic.key_gone_at.is_(None))
            held = list(session.scalars(select(Topic).where(*counted).order_by(Topic.id)))
    if not held:
        return []
    keys = TopicKeys(settings.topic_keys)
    lost = "、".join(f"“{topic.title}”" for topic in held if not keys.has(topic.key_file))
    remedy = (
        f"{lost} 的密钥不在这台机器上（备份里从来没有），收不了新的选择，也算不出结果：请把旧机器的 "
        f"{settings.topic_keys} 抄过来；抄不来，就按村里的办法重新开一次，并告诉大家为什么"
    )
    return [Check("正在议的事", not lost, remedy)]


def _snapshot(settings: Settings) -> Check:
    """Each file's sum, and that it was made from the database that is here."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot import sqlite_files
    from bot.db import make_engine, make_sessions
    from knowledge import origin
    from knowledge.errors import EngineUnfit
    from knowledge.search import snapshot
    from knowledge.search.vectors.engines import FAISS, engine_of

    live = snapshot.current_id(settings.snapshots)
    if live is None:
        return Check("资料索引", False, "还没有；邻里在运行，后台会自己做，要几分钟；没在运行，运行 make serve")
    kept_by = FAISS
    with contextlib.suppress(EngineUnfit):  # said in a line of its own
        kept_by = engine_of(settings.search, settings.snapshots)
    if (file := sqlite_files.file_of(settings.url)) is not None and not file.exists():
        wrong = snapshot.damage(settings.snapshots / live)
    else:
        engine = make_engine(settings.url)
        try:
            with make_sessions(engine)() as session:
                wrong = origin.trouble(session, settings.snapshots, engine=kept_by)
        except (SQLAlchemyError, sqlite3.Error):  # said of the database already
            wrong = snapshot.damage(settings.snapshots / live)
        finally:
            engine.dispose()
    return Check("资料索引", not wrong, f"不能用（{wrong}）；后台会重新做，急的话运行 linli kb build")


def _vectors(settings: Settings) -> list[Check]:
    """Nothing where they lie in files of the home. Without them words are searched, so something still answers."""
    from knowledge.errors import EngineUnfit, VectorsAway
    from knowledge.search import snapshot
    from knowledge.search.vectors.engines import engine_of

    if not settings.search:
        return []
    try:
        engine = engine_of(settings.search, settings.snapshots)
        engine.look()
        lost = snapshot.lost(settings.snapshots, engine=engine)
    except (EngineUnfit, VectorsAway) as error:
        return [Check("向量库 Milvus", False, str(error))]
    return [Check("向量库 Milvus", not lost, f"里面的向量不齐（{lost}）；后台会重新做，急的话运行 linli kb build")]


def _shared(settings: Settings) -> list[Check]:
    """Without it each app counts by itself, and pages hear of news a second later; nobody goes without an answer."""
    from bot.parts import shared_of
    from bot.shared.server import RedisUnfit

    try:
        shared = shared_of(settings)
    except RedisUnfit as error:
        return [Check("Redis", False, str(error))]
    if shared is None:
        return []
    wrong = shared.look()
    shared.close()
    remedy = f"{wrong}；居民照常有人答，只是各台机器各算各的次数。请看 Redis 那台机器和 LINLI_REDIS"
    return [Check("Redis", wrong is None, remedy)]


def _backups(settings: Settings) -> list[Check]:
    """Urgent where somebody asked for them and they aren't made."""
    from bot.keeping import notes

    wrong = notes.trouble(settings, now=datetime.now(UTC))
    is_urgent = settings.backup_dir is not None or bool(notes.read(settings).failed_at)
    return [Check("备份", wrong is None, wrong or "", is_urgent), *_backup_disk(settings)]


def _backup_disk(settings: Settings) -> list[Check]:
    """A disk that isn't plugged in leaves an empty folder of the same name, and backups go on to the wrong disk."""
    folder = settings.backup_dir
    if folder is None or not folder.is_dir() or not settings.home.is_dir():
        return []
    is_apart = folder.stat().st_dev != settings.home.stat().st_dev
    remedy = f"{folder} 和邻里在同一块硬盘上，硬盘坏了备份也没了。该在别的硬盘上的，看看那块硬盘接上了没有"
    return [Check("备份的硬盘", is_apart, remedy, is_urgent=False)]


def _alone(settings: Settings) -> list[Check]:
    """Nothing where somebody looks after the parts, or none runs: whoever runs single ones does so without a mark."""
    from bot.run import one_home

    left = "、".join(one_home.orphans(settings.home))
    remedy = f"{left} 还在运行，看着它们的 linli serve 不在了：哪个停了都不会自己起来。请重新运行 make serve"
    return [Check("看护", False, remedy)] if left else []


def _worker(settings: Settings) -> list[Check]:
    """Nothing where it never ran: then the pages don't answer either."""
    try:
        silent_s = time.time() - settings.heartbeat.stat().st_mtime
    except FileNotFoundError:
        return []
    remedy = (
        f"{silent_s / 60:.0f} 分钟没有动静；运行 make serve 重新启动，记录在 {settings.home / 'logs' / 'worker.log'}"
    )
    found = [Check("后台", silent_s < _SILENT_S, remedy)]
    if silent_s < _SILENT_S:  # it writes the time down in each round, unless it doubts it
        shown = f"{datetime.now(SHANGHAI):%Y-%m-%d %H:%M}"
        wrong = f"电脑的钟跳过，现在显示 {shown}。不对就把钟调准；对的话运行 linli confirm-clock。在这之前不删、不催办"
        found.append(Check("电脑的钟", clock_watch.is_believed(settings.clock, silent_s=_SILENT_S), wrong))
    return found


def _pages(settings: Settings) -> list[Check]:
    from bot.run import one_home

    serving = one_home.supervisor(settings.home)
    logs = f"记录在 {settings.home / 'logs'}"
    remedy = f"没有回应，运行 make serve 启动；{logs}"
    if serving:
        remedy = f"还没有回应。邻里在启动，或者有一部分在重新启动（进程 {serving}），请等几分钟再看；{logs}"
    found = []
    for name, url in (
        ("网页服务", f"http://127.0.0.1:{settings.port}/healthz"),
        ("整条链路", f"http://127.0.0.1:{settings.port}/readyz"),
    ):
        try:
            is_good = httpx.get(url, timeout=10, trust_env=False).status_code == 200
        except httpx.HTTPError:
            is_good = False
        found.append(Check(name, is_good, remedy))
    return found


def add(commands: Commands) -> None:
    commands.add("doctor", doctor, "check all parts and say how to mend them").add_argument(
        "--quick", action="store_true", help="without reading all of the database and of the index"
    )

"""`linli doctor` tells of a damaged database, a damaged snapshot, no backup and a silent worker. Real files."""

import argparse
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session, sessionmaker

from actions.topics.counting.keys import TopicKeys
from actions.topics.models import Topic
from bot.cli.doctor import doctor, processor
from bot.db import make_engine, make_sessions, migrate
from bot.keeping import notes
from bot.run import one_home
from bot.settings import Settings
from bot.staff import accounts, second_factor
from bot.staff.models import Role
from bot.staff.vault import Vault
from knowledge.search import snapshot
from tests.bot.keeping.conftest import Home
from tests.bot.keeping.test_backup import spoil_database
from tests.knowledge.search.test_indexing import World, rule
from tests.ports import free_port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a database and a snapshot made from it."""
    made = Settings(home=tmp_path, cache=tmp_path / "cache", database_url="", port=free_port())
    migrate(made.url)
    engine = make_engine(made.url)
    sessions: sessionmaker[Session] = make_sessions(engine)
    with sessions() as session:
        world = World(session, tmp_path)
        world.save(rule("狗", "养狗要拴绳"))
        world.build()
        world.cache.close()
    engine.dispose()
    return made


def told(settings: Settings, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    doctor(settings, argparse.Namespace(quick=False))
    lines = (line.split("  ", 1) for line in capsys.readouterr().out.splitlines())
    return {rest.split("：")[0]: f"{word} {rest.partition('：')[2]}".strip() for word, rest in lines}


def test_what_is_whole_is_said_to_be(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.heartbeat.touch()
    notes.done(settings, Path("x"), now=datetime.now(UTC))
    found = told(settings, capsys)
    assert {name: found[name] for name in ("数据库", "资料索引", "备份", "后台")} == dict.fromkeys(
        ("数据库", "资料索引", "备份", "后台"), "好"
    )


def test_a_damaged_page_of_the_database_is_told_with_the_way_out(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil_database(Home(settings))
    found = told(settings, capsys)
    assert found["数据库"].startswith("不好 坏了")
    assert "linli restore" in found["数据库"]


@pytest.mark.parametrize(
    ("machine", "cpuinfo", "said"),
    [
        ("x86_64", "processor: 0\nflags\t\t: fpu sse4_2 avx avx2\n", "好"),
        ("x86_64", "processor: 0\nflags\t\t: fpu sse4_2 avx2_is_no_avx\n", "不好"),
        ("x86_64", "", "好"),
        ("aarch64", "Features: fp asimd", "不好"),
    ],
)
def test_a_processor_that_cant_run_rasa_is_named(machine: str, cpuinfo: str, said: str) -> None:
    assert str(processor(machine, cpuinfo)).startswith(f"{said}  处理器")


def test_telephones_whose_key_is_gone_are_told_by_name(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """As after a restore without the secrets: those codes would be refused without a word."""
    assert "动态码" not in told(settings, capsys)
    engine, now = make_engine(settings.url), datetime.now(UTC)
    with make_sessions(engine)() as session:
        staff = accounts.add(session, login="wang", name="王芳", role=Role.agent, password="village-bridge-42")
        vault, secret = Vault.of(settings.secret("tokens")), pyotp.random_base32()
        assert second_factor.enrol(session, staff, secret, pyotp.TOTP(secret).at(now), now=now, vault=vault)
        session.commit()
    engine.dispose()
    assert told(settings, capsys)["动态码"] == "好"
    (settings.home / "secrets" / "tokens").unlink()
    assert "wang" in told(settings, capsys)["动态码"]


def test_what_villages_talk_over_elsewhere_is_told_by_its_title(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a restore on another machine: choices were refused and no result came, told in a log alone."""
    keys = TopicKeys(settings.topic_keys)
    engine = make_engine(settings.url)
    with make_sessions(engine)() as session:
        topic = Topic(
            place_id="nation",
            ordinal=1,
            number="议-26-001",
            request_key="r",
            text="路灯装在哪儿",
            title="路灯装在哪儿",
            raised_by="clerk",
            raised_at=datetime.now(UTC),
            answer_due_on=datetime.now(UTC).date(),
            updated_at=datetime.now(UTC),
        )
        session.add(topic)
        session.flush()
        assert "正在议的事" not in told(settings, capsys), "nothing is counted yet"
        topic.key_file = keys.create(topic.id)
        session.commit()
    engine.dispose()
    assert told(settings, capsys)["正在议的事"] == "好"
    keys.destroy(topic.key_file)
    assert told(settings, capsys)["正在议的事"].startswith("不好 “路灯装在哪儿” 的密钥不在这台机器上")


def test_who_looks_while_it_is_being_started_is_asked_to_wait(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "运行 make serve" in told(settings, capsys)["网页服务"]
    with one_home.held(settings.home):
        assert "请等几分钟再看" in told(settings, capsys)["网页服务"]


def test_rasas_damaged_file_is_told(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.rasa_trackers.write_bytes(b"x" * 4096)
    assert told(settings, capsys)["Rasa 的记忆"].startswith("不好")


def test_a_wrong_byte_in_the_snapshot_is_told(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    file = settings.snapshots / str(snapshot.current_id(settings.snapshots)) / "chunks.faiss"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert "chunks.faiss holds other bytes" in told(settings, capsys)["资料索引"]


def test_a_snapshot_of_another_database_is_told(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.move(tmp_path / "linli.sqlite", tmp_path / "former.sqlite")
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"linli.sqlite{suffix}").unlink(missing_ok=True)
    migrate(settings.url)
    assert "another database" in told(settings, capsys)["资料索引"]


def test_never_backed_up_is_a_reminder_and_a_missing_daily_one_is_a_fault(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(settings, capsys)["备份"].startswith("提醒")
    assert told(settings.model_copy(update={"backup_dir": tmp_path / "kept"}), capsys)["备份"].startswith("不好")


def test_backups_on_the_disk_of_the_database_are_a_reminder(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that isn't plugged in looks so, too."""
    (tmp_path / "kept").mkdir()
    found = told(settings.model_copy(update={"backup_dir": tmp_path / "kept"}), capsys)
    assert found["备份的硬盘"].startswith("提醒")
    assert "同一块硬盘" in found["备份的硬盘"]
    assert "备份的硬盘" not in told(settings, capsys)
    if Path("/dev/shm").is_dir() and Path("/dev/shm").stat().st_dev != tmp_path.stat().st_dev:
        assert told(settings.model_copy(update={"backup_dir": Path("/dev/shm")}), capsys)["备份的硬盘"] == "好"


def test_a_redis_that_is_away_is_told(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Redis" not in told(settings, capsys)
    away = settings.model_copy(update={"redis": SecretStr(f"redis://:the-password@127.0.0.1:{free_port()}/0")})
    found = told(away, capsys)["Redis"]
    assert found.startswith("不好 连不上")
    assert "the-password" not in found
    wrong = settings.model_copy(update={"redis": SecretStr("127.0.0.1")})
    assert told(wrong, capsys)["Redis"].startswith("不好 LINLI_REDIS 应当像 redis://")


def test_a_worker_that_hangs_is_told(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert "后台" not in told(settings, capsys)
    settings.heartbeat.touch()
    os.utime(settings.heartbeat, (time.time() - 3600,) * 2)
    assert told(settings, capsys)["后台"].startswith("不好 60 分钟没有动静")

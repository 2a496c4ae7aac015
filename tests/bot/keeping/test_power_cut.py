"""A power cut takes what wasn't on the disk: what is left is whole, is made anew, or is done without."""

import logging
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC
from starlette.testclient import TestClient

import bot.run.setup
from bot import parts
from bot.app import create_app
from bot.cli.doctor import _learned, _official_accounts
from bot.emergency.second_opinion import NONE, SecondOpinion, Sentence
from bot.emergency.second_opinion import train as train_dangers
from bot.keeping import notes
from bot.run import clock_watch
from bot.settings import Settings
from knowledge import whole_files
from knowledge.encoder.answer_classifier import AnswerClassifier, LiveClassifier, _Words
from knowledge.encoder.topic_classifier import TopicClassifier
from tests.bot.keeping.power import watched
from tests.bot.world import World
from tests.fakes import FakeRasa, PairEmbedder, doubled_parts

TEARS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "half": lambda whole: whole[: len(whole) // 2],
    "zeros": lambda whole: bytes(len(whole)),
    "the end lost": lambda whole: whole[:-40] + bytes(40),
}
WORDS = ["低保怎么申请", "低保要什么材料", "地被占了找谁", "承包地被占了"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with all that is learned at set-up, of few words."""
    made = Settings(home=tmp_path / "home", cache=tmp_path / "cache")
    made.home.mkdir()
    characters = TfidfVectorizer(analyzer="char")
    rows = characters.fit_transform(WORDS)
    TopicClassifier(characters, LinearSVC().fit(rows, ["救助", "救助", "土地", "土地"])).save(made.topics)
    few = [Sentence("娃掉河里了", "water"), Sentence("借条怎么写", NONE)] * 4
    train_dangers(few, embedder=PairEmbedder()).save(made.dangers)
    answers().save(made.answer_classifier)
    return made


def answers() -> AnswerClassifier:
    words: Any = {
        "codes": np.arange(2, dtype=np.uint64),
        "idf": np.ones(2, np.float32),
        "start": np.array([0, 1, 2]),
        "rows": np.array([0, 1]),
        "weights": np.ones(2, np.float32),
        "mass": np.ones(2, np.float32),
    }
    return AnswerClassifier(["a", "b"], _Words(**words), np.zeros((2, 384), np.float32), np.zeros(2, np.float32))


LEARNED: dict[str, tuple[Callable[[Settings], Path], Callable[[Path], object]]] = {
    "topics": (lambda made: made.topics, TopicClassifier.load),
    "dangers": (lambda made: made.dangers, SecondOpinion.load),
    "answers": (lambda made: made.answer_classifier, AnswerClassifier.load),
}


@pytest.mark.parametrize("tear", TEARS)
@pytest.mark.parametrize("name", LEARNED)
def test_what_was_learned_and_is_torn_stops_nobody_and_is_learned_again(
    settings: Settings, name: str, tear: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app died of it at each start (EOFError, UnpicklingError), or each search (BadZipFile)."""
    monkeypatch.setattr(bot.run.setup, "HOME", settings.home)
    path, load = LEARNED[name][0](settings), LEARNED[name][1]
    whole = path.read_bytes()
    embedder: Any = PairEmbedder()

    def learn() -> None:
        path.write_bytes(whole)

    assert bot.run.setup.step(name, "inputs", learn, path, reads=load)
    assert not bot.run.setup.step(name, "inputs", learn, path, reads=load), "it is whole, and nothing has changed"
    path.write_bytes(TEARS[tear](whole))
    assert parts._second_opinion(settings, embedder)("娃掉河里了", None, False) is None or name != "dangers"
    assert parts._topic(settings, embedder)("低保怎么申请") in ("其他", "救助", "土地")
    assert (LiveClassifier(settings.answer_classifier)() is None) == (name == "answers")
    assert sum(not check.is_good for check in _learned(settings)) == 1, "doctor says which"
    assert bot.run.setup.step(name, "inputs", learn, path, reads=load)
    assert all(check.is_good for check in _learned(settings))


def test_what_is_learned_or_noted_is_on_the_disk_before_it_has_its_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step's stamp was there and its model was empty: it was never made again."""
    monkeypatch.setattr(bot.run.setup, "HOME", settings.home)
    now, model = datetime(2026, 12, 2, tzinfo=UTC), settings.home / "rasa-models" / "linli.tar.gz"

    def train() -> None:
        model.parent.mkdir()
        model.write_bytes(b"model" * 1000)

    for path, load in LEARNED.values():
        loaded: Any = load(path(settings))
        with watched(monkeypatch) as disk:
            loaded.save(path(settings))
            assert disk.held(path(settings)) == path(settings).read_bytes()
    for path, _ in LEARNED.values():
        path(settings).unlink()
    with watched(monkeypatch) as disk:
        bot.run.setup.step("rasa-train", "inputs", train, model)
        clock_watch.confirm(settings.home / "clock.json", now)
        notes.done(settings, Path("backup.tar"), now=now)
        settings.secret("tokens")
        assert disk.torn(settings.home) == []


def test_a_process_killed_anywhere_in_replacing_a_file_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    target, step = tmp_path / "model.bin", 0
    while True:
        step += 1
        target.write_bytes(b"old")
        was_killed = _dies_at(step, target)
        assert target.read_bytes() == (b"old" if was_killed and step < 4 else b"new"), step
        if not was_killed:
            break
    assert step == 5, "written, synced, renamed, and its folder synced"
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == ["model.bin"]


def _dies_at(step: int, target: Path) -> bool:
    """Replaced in a process of its own, ended by SIGKILL before its `step`th write, sync or rename; whether it was."""
    child = os.fork()
    if child:
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = step

    def counted(do: Callable[..., Any]) -> Callable[..., Any]:
        def or_dies(*given: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return do(*given, **more)

        return or_dies

    try:
        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "write_bytes")):
            setattr(owner, name, counted(getattr(owner, name)))
        with whole_files.replaced(target) as fresh:
            fresh.write_bytes(b"new")
    finally:
        os._exit(0)


@pytest.mark.parametrize("left", ["", "accounts:\n  - name: heyang\n    app", "\0" * 200])
def test_a_torn_file_of_accounts_takes_wechat_and_nothing_else(
    world: World, left: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The app didn't start: no page, and no card for who is in danger."""
    path = world.settings.home / "wechat.yml"
    path.write_text(left)
    path.chmod(0o600)
    settings = world.settings.model_copy(update={"wechat_accounts": path})
    caplog.set_level(logging.ERROR)
    rasa: Any = FakeRasa([{"kind": "answer", "text": "可以。"}])
    client = TestClient(_app(settings, world, rasa))
    token = client.post("/api/widget/conversations", json={"embedded": True}).json()["token"]
    said = {"client_id": "client-1", "text": "我家着火了"}
    told = client.post("/api/widget/messages", json=said, headers={"authorization": f"Bearer {token}"}).json()
    assert (told.get("guidance") or told["replies"][0])["kind"] == "emergency"
    assert "wechat is off" in caplog.text
    [check] = _official_accounts(settings)
    assert not check.is_good
    assert str(path) in check.remedy


def _app(settings: Settings, world: World, rasa: Any) -> FastAPI:
    for part in ("bootstrap/dist", "htmx.org/dist", "chart.js/dist"):
        (settings.vendor / part).mkdir(parents=True, exist_ok=True)
    return create_app(doubled_parts(settings, world.sessions, rasa))


def test_what_was_told_as_done_is_there_after_a_power_cut(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `synchronous=NORMAL` the last commits lay in memory alone while the resident read the answer."""
    with world.sessions() as session:
        bind: Any = session.get_bind()
    if bind.dialect.name != "sqlite":
        pytest.skip("PostgreSQL syncs each commit by itself")
    database = Path(str(bind.url.database))
    settings = world.settings.model_copy(update={"database_url": str(bind.url)})
    client = TestClient(_app(settings, world, FakeRasa([{"kind": "case", "text": "登记好了，编号 261202-001-01"}])))
    token = client.post("/api/widget/conversations", json={"embedded": True}).json()["token"]
    with watched(monkeypatch) as disk:
        said = {"client_id": "client-1", "text": "对，报上去"}
        told = client.post("/api/widget/messages", json=said, headers={"authorization": f"Bearer {token}"}).json()
        found = disk.cut(database, tmp_path)
    assert told["replies"][0]["text"].startswith("登记好了")
    with closing(sqlite3.connect(found)) as left:
        assert left.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        words = [row[0] for row in left.execute("SELECT text FROM message ORDER BY id DESC LIMIT 2")]
    assert words == ["登记好了，编号 261202-001-01", "对，报上去"]

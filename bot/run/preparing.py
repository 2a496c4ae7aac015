"""Data, snapshot, model, before the first start."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from actions.motions import learned as motions
from actions.offices.defaults import import_offices
from actions.tools import hearing
from bot.db import make_engine, make_sessions, migrate
from bot.run.serving import listening
from bot.run.setup import RASA_VENV, SetupFailed, digest, say, step
from bot.settings import ROOT, Settings
from bot.web.internal import internal_app
from knowledge import kept_models, origin
from knowledge.anonymity.names import features, training
from knowledge.clock import today
from knowledge.encoder import answer_classifier
from knowledge.encoder.answer_classifier import AnswerClassifier, LiveClassifier
from knowledge.encoder.cache import VectorCache
from knowledge.encoder.exported import load_embedder
from knowledge.encoder.queries import KeptQueries
from knowledge.errors import VectorsAway
from knowledge.evaluation import golden
from knowledge.exchange import corpus
from knowledge.law import loading
from knowledge.search import building, index, snapshot
from knowledge.search.searcher import Searcher
from knowledge.search.vectors.engines import engine_of
from knowledge.whole_files import replaced

_NLU_INPUTS = ("config.yml", "bot/domain", "bot/data", "bot/nlu")


def rasa_environ(settings: Settings) -> dict[str, str]:
    """What Rasa's process gets: our secrets and addresses, its telemetry off, few threads."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LINLI_INTERNAL_URL": settings.apps_url,
        "LINLI_INTERNAL_SECRET": settings.secret("internal"),
        "LINLI_RASA_SECRET": settings.secret("rasa"),
        "LINLI_TRACKER_URL": _for_rasa(settings.trackers),
        "LINLI_REDIS": settings.redis.get_secret_value(),
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "OMP_WAIT_POLICY": "passive",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _for_rasa(trackers: Path | str) -> str:
    """Rasa's SQLAlchemy and its driver are older than ours."""
    return (
        re.sub(r"^postgresql\+\w+:", "postgresql:", trackers) if isinstance(trackers, str) else f"sqlite:///{trackers}"
    )


def prepare(settings: Settings, *, core_only: bool = True) -> None:
    """Everything before the processes: model, database, documents, snapshot, Rasa's training. Raises SetupFailed."""
    say("准备嵌入模型……")
    model = load_embedder(settings.cache, model=settings.model, learned=settings.learned).name
    # Rasa learns from its own files alone, for a minute and on one core: beside what is read and searched meanwhile.
    with ThreadPoolExecutor(1) as beside:
        rasa = beside.submit(train_rasa, settings)
        _prepare_search(settings, model, core_only=core_only)
        say("学认人名……")
        training.learned(settings.cache, mark=settings.names)
        features.use(lambda: training.marked(settings.names, settings.cache))
        kept_models.use(settings.kept_models)
        hearing.get_ready()
        motions.learned()
        rasa.result()


def _prepare_search(settings: Settings, model: str, *, core_only: bool) -> None:
    """Database, documents, snapshot. `model`: the name of the embedder."""
    migrate(settings.url)
    sessions = make_sessions(make_engine(settings.url))
    with sessions() as session:
        say("导入法律和本地资料……")
        corpus.import_places(session, settings.corpus)
        with _bar("法律") as bar:
            loading.import_statutes(
                session, settings.corpus, only=settings.statute_names, progress=lambda done, total: bar(done, total)
            )
        corpus.import_corpus(session, settings.corpus)
        import_offices(session, settings.corpus / "offices.yml")
        session.commit()
        train_answers(settings)  # first: the golden questions are asked of the search as it will be
        wanted = digest(settings.corpus, settings.statutes, model)
        stamp = settings.home / "steps" / "snapshot"
        engine = engine_of(settings.search, settings.snapshots)
        wrong = origin.trouble(session, settings.snapshots, engine=engine)
        if wrong and snapshot.current_id(settings.snapshots):
            say("资料索引坏了，或者不是从现在这个数据库做出来的，重新做……")
        if wrong or not stamp.exists() or stamp.read_text() != wanted:
            try:
                build_snapshot(settings, core_only=core_only)
            except VectorsAway as error:
                if wrong:
                    raise
                say(f"{error}先用原来的资料索引。")
            else:
                with replaced(stamp) as fresh:
                    fresh.write_text(wanted)


def build_snapshot(settings: Settings, *, core_only: bool) -> str:
    embedder = load_embedder(settings.cache, model=settings.model, learned=settings.learned)
    cache = VectorCache(settings.cache / "vectors.sqlite")
    try:
        with make_sessions(make_engine(settings.url))() as session, _bar("计算向量") as bar:
            done = 0

            def progress(some: int, total: int) -> None:
                nonlocal done
                done += some
                bar(done, total)

            def check(candidate: index.Index) -> None:
                # Kept, so that the first publication doesn't wait for them.
                classifier = LiveClassifier(settings.answer_classifier)
                searcher = Searcher(
                    embedder=KeptQueries(embedder, cache), live=lambda: candidate, classifier=classifier
                )
                golden.check(session, searcher, settings.corpus / "golden.yml", day=today())

            return building.build_snapshot(
                session,
                root=settings.snapshots,
                embedder=embedder,
                cache=cache,
                today=today(),
                core_only=core_only,
                progress=progress,
                check=check,
                engine=engine_of(settings.search, settings.snapshots),
            )
    finally:
        cache.close()


@contextlib.contextmanager
def query_encoder(settings: Settings) -> Iterator[tuple[KeptQueries, VectorCache]]:
    """The query side, with what it once encoded: what is learned at set-up is learned from the same texts again."""
    embedder = load_embedder(settings.cache, model=settings.model, learned=settings.learned)
    cache = VectorCache(settings.cache / "vectors.sqlite")
    try:
        yield KeptQueries(embedder, cache), cache
    finally:
        cache.close()


def train_answers(settings: Settings) -> None:
    """The classifier of answers, from the ways of asking in the database."""

    def run() -> None:
        say("学认问的是哪一条……")
        with make_sessions(make_engine(settings.url))() as session:
            ways = answer_classifier.ways_of_asking(session)
        with query_encoder(settings) as (embedder, cache):
            trained = answer_classifier.train(ways, embedder=embedder, cache=cache)
        if trained is not None:
            trained.save(settings.answer_classifier)

    code = ROOT / "knowledge" / "encoder" / "answer_classifier.py"
    learned = [settings.learned] if settings.learned else []
    made = settings.answer_classifier if settings.answer_classifier.exists() else None  # few answers need none
    step("answers", digest(code, settings.corpus, *learned), run, makes=made, reads=AnswerClassifier.load)


def train_rasa(settings: Settings) -> None:
    inputs = digest(
        *(ROOT / name for name in _NLU_INPUTS), *([settings.learned] if settings.learned else []), settings.model
    )

    def run() -> None:
        say("训练对话模型（约 1 分钟）……")
        shutil.rmtree(settings.home / "rasa-models", ignore_errors=True)
        log = settings.home / "logs" / "rasa-train.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command: list[str | Path] = [RASA_VENV / "bin" / "rasa", "train", "--config", "config.yml"]
        command += ["--domain", "bot/domain", "--data", "bot/data"]
        command += ["--out", settings.home / "rasa-models", "--fixed-model-name", "linli"]
        with encoder_only(settings), log.open("w") as out:
            own = {"LINLI_INTERNAL_URL": f"http://127.0.0.1:{settings.internal_port}"}  # whatever Rasas will ask
            environ = rasa_environ(settings) | own
            done = subprocess.run(command, cwd=ROOT, env=environ, stdout=out, stderr=subprocess.STDOUT)
        if done.returncode or not (settings.home / "rasa-models" / "linli.tar.gz").exists():
            raise SetupFailed(f"对话模型没有训练成功，原因在 {log} 的末尾。")

    step("rasa-train", inputs, run, makes=settings.home / "rasa-models" / "linli.tar.gz", reads=_read_through)


def _read_through(archive: Path) -> None:
    """Raises where it is cut short."""
    with tarfile.open(archive) as held:
        held.getmembers()


@contextlib.contextmanager
def encoder_only(settings: Settings) -> Iterator[None]:
    """The encoder endpoint alone, for Rasa's training; the app serves it otherwise."""
    check_port(settings.internal_port)
    embedder = load_embedder(settings.cache, model=settings.model, learned=settings.learned)
    app = internal_app(secret=settings.secret("internal"), embedder=embedder, executor=None)
    with listening(app, settings.internal_port):
        yield


def check_port(port: int, host: str = "127.0.0.1") -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupFailed(
                f"端口 {port} 已被别的程序占用。请先关掉它，或用 LINLI_PORT / LINLI_INTERNAL_PORT / "
                "LINLI_RASA_PORT 换一个。"
            ) from error


@contextlib.contextmanager
def _bar(name: str) -> Iterator["_Bar"]:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        transient=True,
    ) as progress:
        yield _Bar(progress, progress.add_task(name, total=None, rate=""))


class _Bar:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task
        self._started = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        rate = done / max(0.001, time.monotonic() - self._started)
        self._progress.update(self._task, completed=done, total=total, rate=f"{rate:.0f} 条/秒")

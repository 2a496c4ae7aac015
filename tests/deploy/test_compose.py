"""What can be seen of the containers without an engine: that the files say what they should, and fit our code."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from bot.cli.main import make_parser
from bot.settings import ROOT, Settings

DEPLOY = ROOT / "deploy"
NAMES = ("county", "prefecture")
# Of an app or a worker: bot/db.py and bot/remote/trackers.py, each with SQLAlchemy's own ten above its pool.
POOLS = (50 + 10) + (4 + 10)


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / f"{name}.compose.yml").read_text(encoding="utf-8"))
    return found


def services() -> list[Any]:
    return [
        pytest.param(service, id=f"{name}-{key}") for name in NAMES for key, service in read(name)["services"].items()
    ]


def pinned(image: str) -> bool:
    """To a version with its last figure, not to a name that moves."""
    return re.search(r":v?\d+\.\d+\.\d+|:15\.\d+-", image) is not None


@pytest.mark.parametrize("service", services())
def test_a_service_has_no_rights_it_doesnt_need(service: dict[str, Any]) -> None:
    user = str(service["user"])
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "neither root nor a name that an image may give another number"
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    is_milvus = "milvus" in str(service.get("image"))
    assert service["read_only"] is not is_milvus
    assert not service.get("privileged")


@pytest.mark.parametrize("service", services())
def test_a_service_tells_how_it_is(service: dict[str, Any]) -> None:
    check = service["healthcheck"]
    if service.get("restart") == "no":  # ends by itself; who waits for it asks how
        assert check == {"disable": True}
    else:
        assert check["test"][0] in ("CMD", "CMD-SHELL")
        assert {"interval", "timeout"} <= check.keys()


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_ours(name: str) -> None:
    known = {f"LINLI_{field.upper()}" for field in Settings.model_fields}
    text = (DEPLOY / f"{name}.compose.yml").read_text(encoding="utf-8")
    code = "\n".join(line.partition("# ")[0] for line in text.splitlines())
    assert set(re.findall(r"LINLI_[A-Z_]+", code)) - known == set()
    for service in read(name)["services"].values():
        told: dict[str, Any] = {k: str(v) for k, v in (service.get("environment") or {}).items()}
        Settings(**{k[6:].lower(): v for k, v in told.items() if k.startswith("LINLI_")})


@pytest.mark.parametrize("name", NAMES)
def test_every_image_is_pinned(name: str) -> None:
    images = {str(s["image"]) for s in read(name)["services"].values() if "image" in s and "build" not in s}
    files = [(DEPLOY / "Dockerfile").read_text(encoding="utf-8")]
    files += [str(s.get("build", {}).get("dockerfile_inline", "")) for s in read(name)["services"].values()]
    images |= {found for file in files for found in re.findall(r"^FROM (\S+)", file, re.MULTILINE)}
    assert images
    assert [image for image in images if not pinned(image)] == []


@pytest.mark.parametrize("name", NAMES)
def test_data_lies_in_named_volumes(name: str) -> None:
    """What comes from the checkout is configuration, and read only."""
    file = read(name)
    mounts = [mount.split(":") for s in file["services"].values() for mount in s.get("volumes", [])]
    assert {mount[0] for mount in mounts if not mount[0].startswith("./")} == set(file["volumes"])
    assert [mount for mount in mounts if mount[0].startswith("./") and mount[-1] != "ro"] == []


def test_only_nginx_is_published() -> None:
    assert [key for key, s in read("prefecture")["services"].items() if "ports" in s] == ["nginx"]
    assert read("county")["services"]["linli"]["ports"] == ["127.0.0.1:8000:8000"]


def test_data_and_rasa_have_no_way_out() -> None:
    file = read("prefecture")
    assert file["networks"]["back"]["internal"] is True
    for key in ("postgres", "redis", "milvus", "rasa1", "rasa2", "prepare"):
        assert list(file["services"][key]["networks"]) == ["back"], key


def test_passwords_come_from_outside() -> None:
    text = (DEPLOY / "prefecture.compose.yml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)", text))
    example = (DEPLOY / "example.env").read_text(encoding="utf-8")
    assert asked == set(re.findall(r"^(\w+)=", example, re.MULTILINE))
    assert not re.search(r"PASSWORD: (?!\$\{)\S", text)
    assert re.findall(r"^\w+PASSWORD=.+", example, re.MULTILINE) == []
    assert {"deploy/.env", "deploy/tls/"} <= set((ROOT / ".gitignore").read_text(encoding="utf-8").split())
    assert {"deploy/.env", "deploy/tls"} <= set((ROOT / ".dockerignore").read_text(encoding="utf-8").split())


def test_parts_find_each_other() -> None:
    file = read("prefecture")
    kept: dict[str, Any] = file["services"]
    addresses = {key: [n["ipv4_address"] for n in kept[key]["networks"].values()] for key in ("nginx", "app1", "app2")}
    conf = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for key in ("app1", "app2"):
        told = kept[key]["environment"]
        assert told["LINLI_TRUSTED_PROXIES"] == addresses["nginx"][0]
        assert told["LINLI_INTERNAL_HOST"] == addresses[key][1]
        assert f"server {addresses[key][0]}:8000" in conf
        assert f"server {addresses[key][1]}:8001" in conf
        for url in told["LINLI_RASA_URLS"].split(","):
            assert url.removeprefix("http://").removesuffix(":5005") in kept
    assert f"listen {addresses['nginx'][1]}:8001;" in conf
    assert kept["rasa1"]["environment"]["LINLI_INTERNAL_URL"] == "http://nginx:8001"
    assert kept["app1"]["environment"]["LINLI_TRACKER_URL"] == kept["rasa1"]["environment"]["LINLI_TRACKER_URL"]


def test_postgres_has_a_connection_for_everybody() -> None:
    kept = read("prefecture")["services"]
    ours = sum(POOLS for s in kept.values() if s.get("command") in (["linli", "app"], ["linli", "worker"]))
    rasa = kept["rasa1"]["environment"]
    rasas = 2 * (int(rasa["SQL_POOL_SIZE"]) + int(rasa["SQL_MAX_OVERFLOW"]))
    most = next(int(word.partition("=")[2]) for word in kept["postgres"]["command"] if "max_connections" in word)
    assert ours + rasas + 20 <= most  # set-up, backups, whoever looks


def test_an_app_has_the_time_to_end_its_turns() -> None:
    app = read("prefecture")["services"]["app1"]
    assert float(app["environment"]["LINLI_DRAIN_S"]) + 25 + 25 < int(app["stop_grace_period"].removesuffix("s"))


@pytest.mark.parametrize("name", NAMES)
def test_commands_are_ours(name: str) -> None:
    parser = make_parser()
    for service in read(name)["services"].values():
        command = service.get("command", [])
        if command[:1] == ["linli"]:
            parser.parse_args(command[1:])
    parser.parse_args(["setup", "--all"])
    parser.parse_args(read("county")["services"]["linli"]["healthcheck"]["test"][2:])


@pytest.mark.skipif(not shutil.which("redis-server"), reason="no redis-server")
def test_redis_takes_its_settings_from_standard_input() -> None:
    """Its password stands in no list of processes."""
    command = read("prefecture")["services"]["redis"]["command"][2].replace("$$", "$")
    told = command.split("|")[0]
    said = subprocess.run(["sh", "-c", told], env={**os.environ, "REDISCLI_AUTH": "s3cret"}, capture_output=True)
    lines = said.stdout.decode()
    assert 'requirepass "s3cret"' in lines
    wrong = f"{lines}port 0\nnonsense yes\n"
    found = subprocess.run(["redis-server", "-"], input=wrong, capture_output=True, text=True, timeout=20)
    assert ">>> 'nonsense yes'" in found.stdout + found.stderr, "the lines before it were taken"


def test_rasas_user_sees_no_other_database(tmp_path: Path) -> None:
    """`trackers.sh` on a real PostgreSQL, as its image runs it."""
    if not sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("no PostgreSQL")
    from tests.postgres import cluster

    with cluster() as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE linli"))
        port = str(engine.url.port)
        told = {"TRACKER_PASSWORD": "it's a word", "POSTGRES_USER": "postgres", "PGHOST": "127.0.0.1", "PGPORT": port}
        subprocess.run([DEPLOY / "trackers.sh"], env={**os.environ, **told}, check=True)
        as_rasa = engine.url.set(username="rasa", password="it's a word")
        with create_engine(as_rasa.set(database="rasa")).begin() as connection:
            connection.execute(text("CREATE TABLE events (id int)"))
        with pytest.raises(OperationalError, match="permission denied"):
            create_engine(as_rasa.set(database="linli")).connect()
        engine.dispose()

"""A real nginx with `deploy/nginx.conf`, where one is installed."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.settings import ROOT
from tests.ports import free_port

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CONF = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
PLAIN, SECURE, INNER, HEALTH = "8080", "8443", "172.30.20.10:8001", "127.0.0.1:8081"


def fresh_ports() -> dict[str, int]:
    """For each that the file names, one of the loopback."""
    return {told: free_port() for told in (PLAIN, SECURE, INNER, HEALTH)}


@contextlib.contextmanager
def running(folder: Path, apps: Sequence[int], ports: dict[str, int]) -> Iterator[None]:
    """`apps`: their ports."""
    conf = written(folder, apps, ports)
    server = subprocess.Popen([str(NGINX), "-p", str(folder), "-c", str(conf), "-g", "daemon off;"])
    try:
        _wait(f"http://127.0.0.1:{ports[HEALTH]}/")
        yield
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(20)


def _wait(address: str) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            assert httpx.get(address, trust_env=False).status_code == 204
            return
        time.sleep(0.05)
    raise AssertionError("nginx isn't up")


def written(folder: Path, apps: Sequence[int], ports: dict[str, int]) -> Path:
    """As it stands in deploy/, with this test's addresses for the container's."""
    text = CONF
    for n, app in enumerate(apps, 1):
        text = text.replace(f"172.30.10.1{n}:8000", f"127.0.0.1:{app}")
        text = text.replace(f"172.30.20.1{n}:8001", f"127.0.0.1:{app}")
    for told, port in ports.items():
        text = text.replace(f"listen {told}", f"listen 127.0.0.1:{port}")
    text = text.replace("include mime.types;", "types { text/html html; }").replace("/tmp/", f"{folder}/")
    text = re.sub(r"error_log stderr", f"error_log {folder}/error.log", text)
    if _version() < (1, 25):
        text = text.replace("http2 on;", "").replace(" ssl;", " ssl http2;")
    assert "172.30." not in text
    if os.geteuid() == 0:  # pytest's folders are for their owner; in its container nginx starts as nobody in particular
        text = f"user root;\n{text}"
    (folder / "tls").mkdir(exist_ok=True)
    _certify(folder / "tls")
    conf = folder / "nginx.conf"
    conf.write_text(text, encoding="utf-8")
    return conf


def _version() -> tuple[int, ...]:
    said = subprocess.run([str(NGINX), "-v"], capture_output=True, text=True).stderr
    found = re.search(r"/(\d+)\.(\d+)", said)
    assert found
    return int(found[1]), int(found[2])


def _certify(folder: Path) -> None:
    """Of nobody, for this test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "linli.example.cn")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    )
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "fullchain.pem").write_bytes(pem)
    private = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    )

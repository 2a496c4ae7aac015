"""`linli backup` and `linli restore`."""

import argparse
import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.commands import Commands
from bot.keeping.errors import KeepingError
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
        why = "磁盘满了" if isinstance(error, OSError) and error.errno == 28 else str(error)
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
            print(f"不好  {file}：{error}")
    return code


def restore(settings: Settings, args: argparse.Namespace) -> int:
    from bot.keeping import restore as keeping

    file = Path(args.file)
    try:
        done = keeping.restore(
            settings,
            file,
            now=datetime.now(UTC),
            passphrase=_passphrase(settings, file),
            replace=args.replace,
        )
    except KeepingError as error:
        say(f"没有恢复：{error}")
        return 1
    say(f"恢复好了：{done.manifest.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 的备份。")
    for path in done.aside:
        say(f"原来的留在 {path}，确认没用了再删。")
    if not done.manifest.has_secrets:
        say(
            "备份里没有密钥，用的是这台机器的；换了机器的话，居民手机上旧的对话打不开，要重新开始；"
            "工作人员手机上的动态码不管用，登录填一个恢复码，再换手机（linli doctor 会说是谁）。"
        )
    say("接着运行 make serve：资料索引会重新做，要几分钟。")
    return 0


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

"""How a file adds its commands, and what commands share: a session, rows of a JSON-lines file."""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.run.setup import SetupFailed, say
from bot.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Run = Callable[[Settings, argparse.Namespace], int]  # the exit status


@dataclass(frozen=True)
class Commands:
    """A level of commands, `linli …` or `linli kb …`. What is imported for one command alone is imported in it."""

    parsers: Any  # argparse names its class privately

    def add(self, name: str, run: Run, text: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = self.parsers.add_parser(name, help=text, description=text)
        parser.set_defaults(run=run)
        return parser

    def group(self, name: str, text: str) -> "Commands":
        parser = self.parsers.add_parser(name, help=text, description=text)
        return Commands(parser.add_subparsers(dest=f"{name}_command", required=True))


def with_session(settings: Settings, run: Callable[["Session"], int]) -> int:
    """Over the migrated database; a refusal is told in its own words."""
    from actions.errors import ActionError
    from bot.db import make_engine, make_sessions, migrate

    migrate(settings.url)
    with make_sessions(make_engine(settings.url))() as session:
        try:
            return run(session)
        except ActionError as error:
            say(error.message_zh)
            return 1


def rows(path: Path, needed: tuple[str, ...], *, several: str = "") -> Iterator[dict[str, Any] | None]:
    """Objects of a JSON-lines file; None for a bad line, which is named on stderr. `several`: the key under which a
    list of texts may stand too. Raises SetupFailed.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupFailed(f"读不了 {path}：{error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            told = {key: row.get(key) for key in needed if key != several or not _texts_in(row.get(key))}
            if not all(isinstance(value, (str, int)) for value in told.values()):
                raise ValueError(f"needs {', '.join(needed)}")
            yield row
        except (ValueError, AttributeError) as error:
            say(f"line {number}: {error}")
            yield None


def _texts_in(value: object) -> bool:
    """Several texts: the messages of one conversation."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def answer_each(
    path: Path,
    needed: tuple[str, ...],
    answer: Callable[[dict[str, Any]], dict[str, Any]],
    *,
    several: str = "",
) -> int:
    """A line of JSON for each good row; 1 where one was bad."""
    code = 0
    for row in rows(path, needed, several=several):
        if row is None:
            code = 1
        else:
            print(json.dumps(answer(row), ensure_ascii=False), flush=True)
    return code

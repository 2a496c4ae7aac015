"""What is due goes to every robot, each until it has it."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy.orm import Session

from bot.alarms import rows
from bot.alarms.robots import Robot, RobotRefused, post

log = logging.getLogger("linli.alarms")

_PATIENCE_S = 8.0


class Sending:
    """`link`: the page where whoever waits is seen. Nothing of the conversation leaves, not even its number.

    `waiting`: after how long somebody who waits is told, too; None: only danger is.
    """

    def __init__(
        self,
        sessions: Callable[[], Session],
        robots: Sequence[Robot],
        *,
        link: str,
        waiting: timedelta | None = None,
    ) -> None:
        self._sessions, self._robots, self._waiting = sessions, robots, waiting
        # 钉钉 lets a message through when it holds the robot's keyword, so 邻里 stands in each.
        self._danger = f"【邻里】有人有危险，请打开工作台：{link}"
        self._late = f"【邻里】有居民在等，还没有人接，请打开工作台：{link}"
        # The system's proxy is for people's browsing; a robot is called as the settings name it.
        self._http = httpx.Client(timeout=_PATIENCE_S, trust_env=False)

    def send_due(self) -> int:
        """How many alarms all robots now have. In several processes each try is made once."""
        with self._sessions() as session:
            if self._waiting is not None:
                rows.raise_for_waiting(session, after=self._waiting, now=datetime.now(UTC))
            waiting = rows.due(session, now=datetime.now(UTC))
        return sum(self._send(alarm_id) for alarm_id in waiting)

    def _send(self, alarm_id: int) -> bool:
        with self._sessions() as session:
            alarm = rows.claim(session, alarm_id, now=datetime.now(UTC))
            if alarm is None:
                return False
            text = self._danger if rows.is_danger(session, alarm) else self._late
            left = [robot for robot in self._robots if robot.key not in alarm.told]
        reached = [
            robot.key for robot in left if reach(self._http, robot, text)
        ]  # no session is held while a robot thinks
        is_done = len(reached) == len(left)
        with self._sessions() as session:
            if (alarm := session.get(type(alarm), alarm_id)) is not None:  # gone, if the resident deleted everything
                rows.note_told(session, alarm, reached, is_done=is_done, now=datetime.now(UTC))
        return is_done


def reach(http: httpx.Client, robot: Robot, text: str) -> bool:
    try:
        post(http, robot, text)
    except (httpx.HTTPError, RobotRefused) as error:
        # An httpx error's own words hold the address.
        said = str(error) if isinstance(error, RobotRefused) else type(error).__name__
        log.warning("robot %s not reached: %s", robot.key, said)
        return False
    return True

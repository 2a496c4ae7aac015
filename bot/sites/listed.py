"""Which sites may show the chat: those of the settings, and those that staff listed."""

import re
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.errors import InvalidInput
from bot.sites.models import RefusedKnock, Site
from knowledge.tables import changed

COLOUR = "#17563a"
REFUSED = (
    "这个网站还没有登记，不能用邻里的聊天窗口。管网站的人：请到邻里工作台“设置 → 网站”把它加上。"
    "想问法律可以打 12348，别的事打 12345；遇到危险打 110。"
)
_ORIGIN = re.compile(r"https?://(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?::\d{1,5})?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_COLOUR = re.compile("#[0-9a-f]{6}")
_KEPT_S = 5.0  # an app process looks again after so long
_MOST_KNOCKS = 100


def origin_of(address: str) -> str:
    """As a browser says it: no path, small letters, no usual port, Chinese names as xn--. Raises InvalidInput."""
    try:
        parts = urlsplit(address.strip() if "://" in address else f"https://{address.strip()}")
        host, port = (parts.hostname or "").encode("idna").decode().lower(), parts.port
    except ValueError:  # UnicodeError is one
        host, port, parts = "", None, urlsplit("")
    tail = f":{port}" if port and port != _DEFAULT_PORTS.get(parts.scheme) else ""
    found = f"{parts.scheme}://{host}{tail}"
    if not is_origin(found):
        raise InvalidInput("网址不对，请写成 https://www.example.gov.cn 这样。")
    return found


def is_origin(said: str) -> bool:
    """Whether this is how a browser names a page's origin."""
    return len(said) <= 200 and bool(_ORIGIN.fullmatch(said))


def listed_in(text: str) -> frozenset[str]:
    """Of the setting LINLI_ORIGINS; what is no address is left out, so that it can't get into a header."""
    found = set()
    for one in text.split(","):
        try:
            found.add(origin_of(one))
        except InvalidInput:
            continue
    return frozenset(found)


def add(session: Session, address: str, *, colour: str, by: str, now: datetime) -> Site:
    """A listed one gets the colour. Its knocks are forgotten. Raises InvalidInput."""
    colour = colour.strip().lower() or COLOUR
    if not _COLOUR.fullmatch(colour):
        raise InvalidInput("颜色请写成 #17563a 这样。")
    origin = origin_of(address)
    site = session.get(Site, origin) or Site(origin=origin, added_by=by[:40], added_at=now)
    site.colour = colour
    session.add(site)
    forget_knock(session, origin)
    return site


def remove(session: Session, origin: str) -> None:
    site = session.get(Site, origin)
    if site is not None:
        session.delete(site)


def forget_knock(session: Session, origin: str) -> None:
    knock = session.get(RefusedKnock, origin)
    if knock is not None:
        session.delete(knock)


def knocks(session: Session) -> Sequence[RefusedKnock]:
    """The newest first."""
    return session.scalars(select(RefusedKnock).order_by(RefusedKnock.last_at.desc())).all()


class Sites:
    """What an app process asks. From any thread."""

    def __init__(self, sessions: Callable[[], Session], always: str) -> None:
        """`always`: the setting LINLI_ORIGINS."""
        self._sessions, self._always = sessions, listed_in(always)
        self._turn = threading.Lock()
        self._held: dict[str, str] = {}
        self._until = 0.0

    def colours(self) -> dict[str, str]:
        """The colour of the button by origin."""
        with self._turn:
            if time.monotonic() >= self._until:
                with self._sessions() as session:
                    own = {site.origin: site.colour for site in session.scalars(select(Site))}
                self._held = {**dict.fromkeys(sorted(self._always), COLOUR), **own}
                self._until = time.monotonic() + _KEPT_S
            return self._held

    def look_again(self) -> None:
        """After the list was changed here."""
        self._until = 0.0

    def knocked(self, origin: str, *, now: datetime | None = None) -> None:
        """Remembered for staff; at most a hundred sites, because anybody can say any name."""
        now = now or datetime.now(UTC)
        try:
            origin = origin_of(origin)
        except InvalidInput:
            return
        again = update(RefusedKnock).where(RefusedKnock.origin == origin)
        with self._sessions() as session:
            if not changed(session, again.values(times=RefusedKnock.times + 1, last_at=now)):
                if (session.scalar(select(func.count()).select_from(RefusedKnock)) or 0) >= _MOST_KNOCKS:
                    return
                session.add(RefusedKnock(origin=origin, times=1, first_at=now, last_at=now))
            try:
                session.commit()
            except IntegrityError:  # the same site, a moment ago
                session.rollback()

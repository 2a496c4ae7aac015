"""村居委会 from a table: each row is a place, as residents name it, and the committee that works there."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.imports.places import PlaceBook
from actions.imports.tables import BadLine, Line, Outcome, Row
from actions.offices.models import Team
from knowledge.places import Level, Place

COLUMNS = ("名称", "上级", "级别", "别名", "电话", "兜底")
NEEDED = ("名称", "上级")
_KINDS = {
    "": "村",
    "村": "村",
    "村委会": "村",
    "居": "居",
    "居委会": "居",
    "社区": "居",
    "乡镇": "乡镇",
    "乡": "乡镇",
    "镇": "乡镇",
    "街道": "乡镇",
}
_MOST_ALIASES = 12


def names(written: str, kind: str) -> tuple[str, str, str]:
    """The place's name, its short form, and the committee's: 李家沟 -> 李家沟村, 李家沟, 李家沟村委会."""
    if kind == "乡镇":
        name = re.sub(r"(人民政府|街道办事处|综治中心)$", lambda m: "街道" if m[0] == "街道办事处" else "", written)
        return name, re.sub(r"(乡|镇|街道)$", "", name), f"{name}综治中心"
    ending, committee, office = ("社区", "居委会", "居民委员会") if kind == "居" else ("村", "村委会", "村民委员会")
    short = re.sub(f"({office}|{committee})$", "", written).removesuffix(ending)
    if len(short) == 1:  # 新村 is no village called 新
        return f"{short}{ending}", f"{short}{ending}", f"{short}{ending}{committee}"
    return f"{short}{ending}", short, f"{short}{ending}{committee if kind == '居' else '委会'}"


def take(session: Session, rows: Sequence[Row], *, book: PlaceBook) -> list[Line]:
    """What each row does, done in the session; the caller commits, or rolls back what was only looked at.

    Townships are taken first, so a table may hold them and their villages in any order.
    """
    committees = _Committees(session, book)
    lines = []
    for row in sorted(rows, key=lambda r: _KINDS.get(r.plain("级别")) != "乡镇"):
        try:
            lines.append(committees.take(row))
        except BadLine as bad:
            lines.append(Line(row.number, Outcome.bad, bad.message_zh))
    session.flush()
    return lines


@dataclass(frozen=True)
class _Wanted:
    """What a row asks for: a place and its committee, and which of the two are there already.

    aliases: empty where they stay; is_fallback: None where the row doesn't say.
    """

    id: str
    name: str
    level: Level
    above: Place
    aliases: list[str]
    unit: str
    phone: str
    is_fallback: bool | None
    place: Place | None
    team: Team | None


class _Committees:
    def __init__(self, session: Session, book: PlaceBook) -> None:
        self.session, self.book = session, book
        self.teams: defaultdict[str, list[Team]] = defaultdict(list)
        self.team_names: set[str] = set()
        for team in session.scalars(select(Team).order_by(Team.id)):
            self.note(team)
        self.taken: dict[str, int] = {}

    def note(self, team: Team) -> None:
        self.teams[team.place_id].append(team)
        self.team_names.add(team.name)

    def take(self, row: Row) -> Line:
        wanted = self.read(row)
        place, team = wanted.place, wanted.team
        # From here on nothing is refused, so a bad line leaves nothing behind.
        self.taken[wanted.id] = row.number
        changes = [*self._place(wanted), *self._team(wanted)]
        is_new = place is None or team is None
        outcome = Outcome.new if is_new else Outcome.changed if changes else Outcome.same
        twins = [p for p in self.book.called(wanted.name) if p.id != wanted.id and p.name == wanted.name]
        warning = "。别处也有同名的村，居民要说上乡镇才分得清" if twins and is_new else ""
        what = f"：{'；'.join(changes)}" if changes else ""
        return Line(row.number, outcome, f"{wanted.above.name} {wanted.name}{what}{warning}")

    def read(self, row: Row) -> _Wanted:
        """Raises BadLine for whatever can't be taken."""
        written = row.words("名称", most=40, needed=True)
        kind = _KINDS.get(row.plain("级别"))
        if kind is None:
            raise BadLine("“级别”请写村、居或乡镇。")
        name, short, unit = names(written, kind)
        if not short:
            raise BadLine(f"“{written}”不像地名。")
        above = self.above(row, kind)
        called = [*self.book.called(name), *self.book.called(written)]
        place = next((p for p in called if p.parent_id == above.id), None)
        if not self.book.is_mine(place or above):
            raise BadLine(f"“{name}”不在您负责的地方。")
        # The id is made from the name, so the same table gives the same ids in every database, and links stay good.
        found = place.id if place else f"p-{hashlib.sha256(f'{above.id}/{name}'.encode()).hexdigest()[:16]}"
        if found in self.taken:
            raise BadLine(f"和第 {self.taken[found]} 行是同一个地方。")
        aliases = self.aliases(row, found, name=name, short=short, above=above, kind=kind, place=place)
        phone, is_fallback = row.phone("电话"), row.yes_or_no("兜底")
        team = self.team_at(found, unit, kind)
        if team is None:
            unit = self.free_name(unit, above)
        level = Level.township if kind == "乡镇" else Level.village
        return _Wanted(found, name, level, above, aliases, unit, phone, is_fallback, place, team)

    def above(self, row: Row, kind: str) -> Place:
        above = self.book.find(row.words("上级", most=60, needed=True), is_anywhere=True)
        if above.level is not (Level.county if kind == "乡镇" else Level.township):
            raise BadLine(f"“上级”要写{'县' if kind == '乡镇' else '乡镇'}，“{above.name}”不是。")
        return above

    def _place(self, wanted: _Wanted) -> list[str]:
        """The place made or given other aliases; what was done, in words."""
        place, aliases = wanted.place, wanted.aliases
        done = []
        if place is None:
            place = Place(
                id=wanted.id, name=wanted.name, level=wanted.level, parent_id=wanted.above.id, aliases=aliases
            )
            self.session.add(place)
            self.session.flush()
            done = [f"新地方（{'、'.join(aliases)}）"]
        elif aliases and set(aliases) != set(place.aliases):
            done = [f"别名改成 {'、'.join(aliases)}（原来是 {'、'.join(place.aliases) or '没有'}）"]
            place.aliases = aliases
        self.book.add(place)
        return done

    def _team(self, wanted: _Wanted) -> list[str]:
        """The committee made or changed; what was done, in words."""
        team, phone, is_fallback = wanted.team, wanted.phone, wanted.is_fallback
        if team is None:
            team = Team(name=wanted.unit, place_id=wanted.id, phone=phone or None, is_fallback=bool(is_fallback))
            self.session.add(team)
            self.note(team)
            return [f"新单位 {wanted.unit}{' ' + phone if phone else ''}{'，兜底' if is_fallback else ''}"]
        done = []
        if phone and phone != team.phone:
            done.append(f"{team.name}的电话改成 {phone}（原来是 {team.phone or '没有'}）")
            team.phone = phone
        if is_fallback is not None and is_fallback != team.is_fallback:
            done.append(f"{team.name}{'改为' if is_fallback else '不再'}兜底")
            team.is_fallback = is_fallback
        return done

    def aliases(
        self, row: Row, place_id: str, *, name: str, short: str, above: Place, kind: str, place: Place | None
    ) -> list[str]:
        """What residents call it; empty: as it was. Raises BadLine for a name that another place has."""
        given = [a for a in re.split(r"[\s、；;/|]+", row.words("别名", most=200)) if a]
        if place is not None and not given:
            return []
        for alias in given:
            if not 2 <= len(alias) <= 20:
                raise BadLine(f"别名“{alias[:20]}”要有 2 到 20 个字。")
            if others := [p for p in self.book.called(alias) if p.id != place_id]:
                raise BadLine(f"别名“{alias}”已经是{others[0].name}的叫法。")
        if len(given) > _MOST_ALIASES:
            raise BadLine(f"别名最多 {_MOST_ALIASES} 个。")
        # A village's short form of two characters is often an ordinary word (和平, 团结, 五一): who wants it writes it
        # down.
        short_forms = [short] if len(short) > 2 or kind == "乡镇" else []
        prefix = re.sub(r"(乡|镇|街道|县|市|区)$", "", above.name)
        return list(dict.fromkeys([*short_forms, name, f"{prefix}{short}", *given]))

    def team_at(self, place: str, unit: str, kind: str) -> Team | None:
        """The committee of a place, also where staff have given it another name."""
        here = self.teams[place]
        same = [t for t in here if t.name.endswith(unit)]
        return same[0] if same else here[0] if len(here) == 1 and kind != "乡镇" else None

    def free_name(self, unit: str, above: Place) -> str:
        for name in (unit, f"{above.name}{unit}"):
            if len(name) <= 60 and name not in self.team_names:
                return name
        raise BadLine(f"已经有叫“{unit}”的单位了。")

"""Nation, county, township, village: above, below, who serves whom, found by name."""

import enum
from collections import Counter

from sqlalchemy import JSON, ForeignKey, Select, String, bindparam, literal, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from knowledge.tables import Base, enum_column


class Level(enum.StrEnum):
    nation = "nation"
    county = "county"
    township = "township"
    village = "village"


class Place(Base):
    __tablename__ = "place"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    level: Mapped[Level] = mapped_column(enum_column(Level))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("place.id"))
    aliases: Mapped[list[str]] = mapped_column(JSON, default=list)


_DEEPEST = 12


def _lies_in() -> Select[tuple[str]]:
    """All levels in one statement; no place lies deeper than `_DEEPEST`, whatever circle somebody may have stored."""
    own = select(Place.id, Place.parent_id, literal(0).label("depth")).where(Place.id == bindparam("place"))
    tree = own.cte("lies_in", recursive=True)
    parent = select(Place.id, Place.parent_id, tree.c.depth + 1).where(
        Place.id == tree.c.parent_id, tree.c.depth < _DEEPEST
    )
    tree = tree.union_all(parent)
    return select(tree.c.id).order_by(tree.c.depth)


_ABOVE = _lies_in()


def above(session: Session, place: str | None) -> list[str]:
    """The place and all it lies in, nearest first; [] for a place that isn't known."""
    if not place:
        return []
    return list(dict.fromkeys(session.scalars(_ABOVE, {"place": place})))


def below(session: Session, place: str) -> list[str]:
    """The place and all that lies in it, itself first and what contains before what is contained."""
    rows = session.execute(select(Place.id, Place.parent_id).order_by(Place.id)).all()
    found = [place]
    for known in found:
        found += [row.id for row in rows if row.parent_id == known and row.id not in found]
    return found


def villages_in(session: Session, place: str) -> list[Place]:
    """The villages that lie in the place; the place itself where it is one."""
    inside = select(Place).where(Place.id.in_(below(session, place)), Place.level == Level.village)
    return list(session.scalars(inside.order_by(Place.id)))


def names_of(place: Place, parent: Place | None) -> list[str]:
    """What people call it: its name, its aliases, and its name after that of the place it lies in (青石乡石桥村)."""
    return [place.name, *place.aliases, *([parent.name + place.name] if parent else [])]


def find_village(session: Session, text: str) -> Place | None:
    """The village named in a text; None also where several have that name, because a guess would send a matter to
    strangers.
    """
    found = find_villages(session, text)
    return found[0] if len(found) == 1 else None


def find_villages(session: Session, text: str) -> list[Place]:
    """The village named in a text, several where they share the name. The longest name wins, so 王家湾 isn't taken for
    王家, and 青石乡石桥村 is not the 石桥村 of another township.
    """
    townships = {p.id: p for p in session.scalars(select(Place).where(Place.level == Level.township))}
    said, best = "", list[Place]()
    for place in session.scalars(select(Place).where(Place.level == Level.village).order_by(Place.id)):
        names = names_of(place, townships.get(place.parent_id or ""))
        name = max((n for n in names if len(n) >= 2 and n in text), key=len, default="")
        if len(name) > len(said):
            said, best = name, [place]
        elif name and name == said:
            best.append(place)
    return best


def village_labels(session: Session) -> list[tuple[Place, str, str]]:
    """All villages, as shown and as said: the township is told where two have one name."""
    places = {p.id: p for p in session.scalars(select(Place).order_by(Place.id))}
    villages = [p for p in places.values() if p.level is Level.village]
    count = Counter(p.name for p in villages)
    above = {p.id: places[p.parent_id].name if p.parent_id in places else "" for p in villages}
    return [
        (p, f"{p.name}（{above[p.id]}）", above[p.id] + p.name) if count[p.name] > 1 else (p, p.name, p.name)
        for p in villages
    ]


_EVERYBODYS = select(Place.id).where(Place.level.in_([Level.nation, Level.county]))


def places_serving(session: Session, place: str | None) -> set[str]:
    """Whose rules hold at the place: its own and those of all it lies in.

    Without one: the nation and the county, whose rules hold for everybody here.
    """
    if place is None:
        return set(session.scalars(_EVERYBODYS))
    return {*above(session, place), "nation"}

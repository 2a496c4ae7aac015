"""Places by the names that people write into a table."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.imports.tables import BadLine
from knowledge.places import Place, names_of


class PlaceBook:
    """Finds a place by its full name, by an alias, or with its township's name before it (青石乡石桥村).

    `seen`: the places the importing person is responsible for; None: all.
    """

    def __init__(self, session: Session, seen: Collection[str] | None) -> None:
        self.places: dict[str, Place] = {}
        self._seen = None if seen is None else set(seen)
        self._named: defaultdict[str, list[Place]] = defaultdict(list)
        found = list(session.scalars(select(Place).order_by(Place.id)))
        self.places = {p.id: p for p in found}
        for place in found:
            self._note(place)

    def _note(self, place: Place) -> None:
        for name in names_of(place, self.places.get(place.parent_id or "")):
            if place not in self._named[name]:
                self._named[name].append(place)

    def add(self, place: Place) -> None:
        """A place the table itself makes, or one that has new aliases."""
        self.places[place.id] = place
        if self._seen is not None and place.parent_id in self._seen:
            self._seen.add(place.id)
        self._note(place)

    def called(self, name: str) -> list[Place]:
        return self._named.get(name, [])

    def is_mine(self, place: Place) -> bool:
        return self._seen is None or place.id in self._seen

    def find(self, name: str, *, is_anywhere: bool = False) -> Place:
        """The one place of this name. Raises BadLine: unknown, several, or not the importing person's."""
        found = [p for p in self.called(name) if p.name == name] or self.called(name)
        if not found:
            raise BadLine(f"没有“{name[:20]}”这个地方。")
        mine = found if is_anywhere else [p for p in found if self.is_mine(p)]
        if not mine:
            raise BadLine(f"“{name[:20]}”不在您负责的地方。")
        if len(mine) > 1:
            above = self.places.get(mine[0].parent_id or "")
            raise BadLine(
                f"叫“{name[:20]}”的地方不止一个，请在前面写上乡镇，比如“{above.name if above else ''}{mine[0].name}”。"
            )
        return mine[0]

"""A draw that anybody can do again with paper, dice and one standard function (village_affairs.md 2.4, scenario 22).

First the list is frozen and its SHA-256 made public, then dice are thrown before witnesses; the two together are the
seed. Whoever wants other names would have to know the dice when the list is frozen. Random choice of lay people has a
precedent in 人民陪审员法 第九条、第十条. Nothing here depends on a machine, a library or the order of the rows.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

LEAST_DICE, MOST_DICE = 5, 20
_DICE = re.compile(r"[1-6](?: [1-6])*")


@dataclass(frozen=True)
class Entry:
    """`sex`: 女, 男, or "" where it wasn't told."""

    code: int
    group: str
    sex: str
    is_affected: bool


@dataclass(frozen=True)
class Drawn:
    """Codes: `affected` and `seated` sit, in ascending order; `reserve` in the order in which they are asked."""

    affected: tuple[int, ...]
    seated: tuple[int, ...]
    reserve: tuple[int, ...]


def list_of(entries: Iterable[Entry]) -> str:
    """As it is hashed and posted: a line each, by code."""
    lines = (f"{e.code}|{e.group}|{e.sex}|{'受影响' if e.is_affected else ''}" for e in sorted(entries, key=_code))
    return "\n".join(lines)


def hash_of(entries: Iterable[Entry]) -> str:
    return hashlib.sha256(list_of(entries).encode()).hexdigest()


def dice_of(typed: str) -> str:
    """ "3 5 2 6 1", as thrown, in this order; "" for what is no throw of dice."""
    found = " ".join(re.findall(r"\S", typed.translate(str.maketrans("１２３４５６，、,", "123456   "))))
    return found if _DICE.fullmatch(found) and LEAST_DICE <= len(found.split()) <= MOST_DICE else ""


def draw(entries: Sequence[Entry], *, seats: int, dice: str) -> Drawn:
    """Who sits. Those affected have a seat without draw, as far as there are seats; each group has its share of all
    seats, rounded by the largest remainder; a third are women where enough signed up and said so.
    """
    seed = f"{hash_of(entries)} {dice}"
    ranked = sorted(entries, key=lambda entry: _rank(seed, str(entry.code)))
    affected = [entry for entry in ranked if entry.is_affected][:seats]
    others = [entry for entry in ranked if entry not in affected and not entry.is_affected]
    shares = shares_of(entries, affected, seats=seats, seed=seed)
    seated = [e for group, share in shares.items() for e in [o for o in others if o.group == group][:share]]
    seated = _with_women(affected, seated, others, seats)
    left = [entry for entry in ranked if entry not in affected and entry not in seated]
    return Drawn(_codes(affected), _codes(seated), tuple(entry.code for entry in left))


def shares_of(entries: Sequence[Entry], affected: Sequence[Entry], *, seats: int, seed: str) -> dict[str, int]:
    """Seats of each group beside those of its affected. A group whose affected alone have more than its share gets
    none beside them, and the rest is shared out anew.
    """
    sizes = _sizes(entries)
    taken = _sizes(affected)
    open_groups, left = set(sizes), seats
    while True:
        shares = _apportioned({g: sizes[g] for g in open_groups}, left, seed)
        full = {group for group in open_groups if taken.get(group, 0) > shares[group]}
        if not full:
            return _filled(entries, {group: shares[group] - taken.get(group, 0) for group in open_groups}, seed)
        open_groups -= full
        left -= sum(taken[group] for group in full)


def _apportioned(sizes: Mapping[str, int], seats: int, seed: str) -> dict[str, int]:
    """By the largest remainder; equal ones in the order of the seed. Never more than there are people."""
    everybody = sum(sizes.values())
    if not everybody:
        return {}
    exact = {group: Fraction(min(seats, everybody) * size, everybody) for group, size in sizes.items()}
    shares = {group: int(share) for group, share in exact.items()}
    order = sorted(sizes, key=lambda group: (shares[group] - exact[group], _rank(seed, group)))
    for group in order[: min(seats, everybody) - sum(shares.values())]:
        shares[group] += 1
    return shares


def _filled(entries: Sequence[Entry], shares: dict[str, int], seed: str) -> dict[str, int]:
    """No group gets more seats than it has people who can be drawn; what is left over goes round in the seed's order.

    It happens only where some affected found no seat.
    """
    room = _sizes(entry for entry in entries if not entry.is_affected)
    spare = 0
    for group in shares:
        over = max(0, shares[group] - room.get(group, 0))
        shares[group] -= over
        spare += over
    for group in sorted(shares, key=lambda group: _rank(seed, group)):
        more = min(spare, room.get(group, 0) - shares[group])
        shares[group] += more
        spare -= more
    return shares


def _with_women(affected: list[Entry], seated: list[Entry], others: list[Entry], seats: int) -> list[Entry]:
    """A woman of the same group takes the seat of whoever was drawn last in it, until a third are women."""
    seated = list(seated)
    wanted = -(-min(seats, len(affected) + len(seated)) // 3)
    have = sum(entry.sex == "女" for entry in [*affected, *seated])
    for woman in [e for e in others if e.sex == "女" and e not in seated]:
        if have >= wanted:
            break
        men = [e for e in seated if e.group == woman.group and e.sex != "女"]
        if men:
            seated[seated.index(men[-1])] = woman
            have += 1
    return seated


def _rank(seed: str, what: str) -> str:
    return hashlib.sha256(f"{seed}|{what}".encode()).hexdigest()


def _sizes(entries: Iterable[Entry]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for entry in entries:
        sizes[entry.group] = sizes.get(entry.group, 0) + 1
    return sizes


def _codes(entries: Iterable[Entry]) -> tuple[int, ...]:
    return tuple(sorted(entry.code for entry in entries))


def _code(entry: Entry) -> int:
    return entry.code

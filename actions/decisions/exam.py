"""How often the reckoning agrees with a table made by hand, and a resident's words lead to the right body."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actions.decisions.bodies import Count, basis_of, reckon
from actions.decisions.matters import NotHere, hear, may_be_handed_on, offers
from actions.errors import InvalidInput
from actions.roster.models import Committee, VillageProfile


@dataclass(frozen=True)
class Outcome:
    asked: str
    wanted: str
    got: str

    @property
    def is_right(self) -> bool:
        return self.wanted == self.got


def reckoned(path: Path) -> Iterator[Outcome]:
    """Rows as tests/actions/decisions/by_hand.py makes them."""
    with path.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            wanted = " ".join(row[name] or "-" for name in ("to_begin", "to_pass", "begins", "passes"))
            yield Outcome(f"{row['body']} {row['whole']}/{row['present']}/{row['yes']} {row['why']}", wanted, _got(row))


def _got(row: dict[str, str]) -> str:
    whole, names = int(row["whole"]), ("present", "online", "proxies", "yes", "no", "abstain")
    try:
        found = reckon(
            row["body"],
            {row["base"]: whole},
            Count(**{name: int(row[name]) for name in names}),
            base=row["base"],
            stricter=row["rule"],
            online_basis=basis_of(row["body"], row["basis"]),
        )
    except InvalidInput as error:
        return error.message_zh
    told = (found.to_begin, found.to_pass, found.may_begin, found.passed)
    return " ".join("-" if value is None else str(value) for value in told)


def bodies_heard(path: Path) -> Iterator[Outcome]:
    """Rows `{"text", "place": village | residents | none, "body": …}`; body: the first that may decide, or "not_here".

    `place` none: a village without a collective organisation.
    """
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield Outcome(row["text"], row["body"], _heard(row))


def _heard(row: dict[str, Any]) -> str:
    profile = VillageProfile(
        place_id="exam",
        committee=Committee.residents if row["place"] == "residents" else Committee.village,
        has_collective=row["place"] != "none",
        charter_hands_on="\n".join(may_be_handed_on()),
    )
    found = hear(row["text"], profile)
    if found is None:
        return "none"
    if isinstance(found, NotHere):
        return "not_here"
    return "/".join(offer.body for offer in offers(found[0], profile))

"""Makes reckoning.csv: `python -m tests.actions.decisions.by_hand`. The rules stand here once more, as inequalities
between whole numbers read off the articles, and nothing of `actions.decisions` is asked: two ways to the same table.

    村民会议        村 26   2*present > adults,  or 3*present >= 2*households;      2*yes > present
    村民代表会议     村 30   3*present >= 2*members of the meeting;                  2*yes > present
    村民小组会议     村 32   3*present >= 2*adults or households of the group;       2*yes > present
    居民会议        居 27   2*present > adults,  or 2*present > households;         2*yes > present
    居民代表会议     居 29   3*present >= 2*members of the meeting;                  2*yes > present
    成员大会        集 27   3*present >= 2*members (online and household's proxies count); 3*yes >= 2*members
    成员代表大会     集 28   more than 20 representatives; no number to begin with;  3*yes >= 2*representatives
    代行            集 64   as 成员大会
    集 15                  4*yes >= 3*members
Online and by proxy count for nobody else, online only with the province's rule. The least numbers are found by trying
1, 2, 3, ... until the inequality holds.
"""

import csv
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

TABLE = Path(__file__).with_name("reckoning.csv")
COLUMNS = "body base whole present online proxies yes no abstain rule basis to_begin to_pass begins passes why".split()
Enough = Callable[[int, int], bool]


def over_half(n: int, whole: int) -> bool:
    return 2 * n > whole


def two_thirds(n: int, whole: int) -> bool:
    return 3 * n >= 2 * whole


def three_quarters(n: int, whole: int) -> bool:
    return 4 * n >= 3 * whole


def least(enough: Enough, whole: int) -> int:
    return next(n for n in itertools.count(0) if enough(n, whole))


# body, base: enough to begin, enough to pass, of all (else of those present), online (law, place, nobody), proxies
RULES: dict[tuple[str, str], tuple[Enough | None, Enough, bool, str, bool]] = {
    ("villagers", "adults"): (over_half, over_half, False, "place", False),
    ("villagers", "households"): (two_thirds, over_half, False, "place", False),
    ("villager_representatives", "meeting_members"): (two_thirds, over_half, False, "place", False),
    ("group", "group_adults"): (two_thirds, over_half, False, "place", False),
    ("group", "group_households"): (two_thirds, over_half, False, "place", False),
    ("residents", "adults"): (over_half, over_half, False, "place", False),
    ("residents", "households"): (over_half, over_half, False, "place", False),
    ("resident_representatives", "meeting_members"): (two_thirds, over_half, False, "place", False),
    ("members", "members"): (two_thirds, two_thirds, True, "law", True),
    ("member_representatives", "member_representatives"): (None, two_thirds, True, "nobody", False),
    ("village_as_collective", "members"): (two_thirds, two_thirds, True, "law", True),
    ("group_as_collective", "group_members"): (two_thirds, two_thirds, True, "law", True),
}
WHOLES = {
    "adults": (812, 811, 3, 1000),
    "households": (213, 214, 215),
    "meeting_members": (36, 37, 38),
    "group_adults": (60, 61),
    "group_households": (20, 22),
    "members": (690, 691, 692),
    "member_representatives": (20, 21, 30, 31),
    "group_members": (45, 46),
}


def row(body: str, base: str, whole: int, present: int, yes: int, why: str, **more: object) -> dict[str, object]:
    enough, passing, of_all, online, proxies = RULES[body, base]
    away = int(str(more.get("online", 0))), int(str(more.get("proxies", 0)))
    is_online = online == "law" or (online == "place" and bool(more.get("basis")))
    counted = present - (0 if is_online else away[0]) - (0 if proxies else away[1])
    if more.get("rule") == "3/4":
        passing = three_quarters
    begins = (enough is None or enough(counted, whole)) and not (body == "member_representatives" and whole <= 20)
    is_lawful = not (body == "member_representatives" and whole <= 20)
    to_begin = least(enough, whole) if enough and is_lawful else ""
    to_pass = least(passing, whole if of_all else counted) if is_lawful else ""
    passes = passing(yes, whole if of_all else counted) and yes > 0 if begins else ""
    found = {"body": body, "base": base, "whole": whole, "present": present, "online": 0, "proxies": 0, "yes": yes}
    found |= {"no": 0, "abstain": 0, "rule": "", "basis": ""} | more
    return found | {"to_begin": to_begin, "to_pass": to_pass, "begins": begins, "passes": passes, "why": why}


def edges() -> Iterator[dict[str, object]]:
    """At each edge and one beside it."""
    for (body, base), (enough, passing, of_all, *_) in RULES.items():
        for whole in WHOLES[base]:
            first = least(enough, whole) if enough else least(passing, whole)
            for present in (first - 1, first):
                if present < 0:
                    continue
                need = min(present, least(passing, whole if of_all else present))
                yield row(body, base, whole, present, need, "到会在线上下，票刚够")
                if need:
                    yield row(body, base, whole, present, need - 1, "少一票")
            need = least(passing, whole)
            yield row(body, base, whole, whole, need, "全到，票刚够")
            yield row(body, base, whole, whole, need - 1, "全到，少一票", no=1)


def special() -> Iterator[dict[str, object]]:
    """Online, proxies, charters, and the figures of the specification."""
    yield row("villagers", "households", 213, 142, 71, "规格 12：没有通过")
    yield row("villagers", "households", 213, 142, 72, "规格 12：通过")
    yield row("villagers", "households", 213, 141, 141, "规格 12：没开成")
    yield row("villager_representatives", "meeting_members", 36, 24, 12, "规格 12：没有通过")
    yield row("members", "members", 690, 690, 459, "规格 12：没有通过")
    yield row("members", "members", 690, 460, 460, "线上的都算", online=200)
    yield row("members", "members", 690, 460, 460, "同户委托的都算", proxies=100)
    yield row("members", "members", 690, 460, 460, "线上加委托", online=230, proxies=230)
    yield row("village_as_collective", "members", 690, 460, 460, "代行也一样", online=60, proxies=60)
    yield row("villagers", "adults", 812, 450, 200, "线上没有依据，不算", online=50)
    yield row("villagers", "adults", 812, 450, 226, "省里有依据，算", online=50, basis="某省实施办法第九条")
    yield row("villagers", "adults", 812, 457, 204, "除去线上刚够", online=50)
    yield row("villagers", "adults", 812, 456, 204, "除去线上少一人", online=50)
    yield row("villagers", "households", 213, 150, 72, "委托的不算到会", proxies=8)
    yield row("villagers", "households", 213, 150, 72, "委托的不算到会，少一户", proxies=9)
    yield row("residents", "households", 213, 107, 54, "居：户过半数")
    yield row("residents", "households", 214, 107, 54, "居：正好一半不够")
    yield row("residents", "adults", 812, 407, 203, "居：少一票")
    yield row("resident_representatives", "meeting_members", 36, 24, 13, "居：通过", abstain=11)
    yield row("member_representatives", "member_representatives", 31, 31, 20, "少一票", abstain=11)
    yield row("member_representatives", "member_representatives", 31, 25, 21, "到会没有规定，全体的三分之二", no=4)
    yield row("member_representatives", "member_representatives", 31, 31, 21, "线上的不算，全体不变", online=5, no=5)
    for yes in (517, 518):
        yield row("members", "members", 690, 690, yes, "集 15：全体四分之三", rule="3/4")
    for yes in (519, 518):
        yield row("members", "members", 691, 691, yes, "集 15：691 的四分之三是 519", rule="3/4")
    for present, yes in ((1, 1), (2, 1), (2, 2)):
        yield row("villagers", "adults", 3, present, yes, "很小的村")
    for whole in (1, 2, 4, 5, 6, 7, 9, 10, 11, 12):
        present = least(two_thirds, whole)
        yield row("group", "group_households", whole, present, least(over_half, present), "小组很小")
    for abstain in (0, 1, 10, 11):
        yield row("villager_representatives", "meeting_members", 36, 25, 13, "弃权不减少到会的人", abstain=abstain)
    for no, abstain in ((12, 0), (0, 12), (6, 6)):
        yield row(
            "villager_representatives", "meeting_members", 36, 24, 12, "平票、弃权不算通过", no=no, abstain=abstain
        )


def main() -> None:
    seen: dict[tuple[object, ...], dict[str, object]] = {}
    for each in (*special(), *edges()):
        seen.setdefault(tuple(each[c] for c in COLUMNS if c != "why"), each)
    with TABLE.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(seen.values())


if __name__ == "__main__":
    main()

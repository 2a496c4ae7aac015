"""What a county, a prefecture and a province need, by arithmetic and by a simulated evening (docs/scale.md).

    python -m benchmarks.scale                  all tables, as the page has them; some seconds
    python -m benchmarks.scale --page           puts them into docs/scale.md
    python -m benchmarks.scale --hour-s 3600    a prefecture's hours in full instead of two minutes of each

Nothing is started and nothing measured here: service times are docs/performance.md's (benchmarks/scale/costs.py).
"""

import argparse
import re
from pathlib import Path

from benchmarks.scale import tables

HOUR_S = 120.0
PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"


def reckoned() -> dict[str, str]:
    """Each table that is arithmetic alone, by its name."""
    return {
        "what grows": tables.grows(),
        "sizes": tables.sizes(),
        "sizes at the target": tables.sizes(at_target=True),
        "breaks first": tables.breaking(),
    }


def simulated(hour_s: float = HOUR_S) -> dict[str, str]:
    """The others; each hour stands for so many seconds."""
    prefecture = next(one for name, one, _ in tables.layouts() if name == "prefecture")
    return {
        "evening of a county, one app": tables.evening(tables.one_app(), hour_s=3600.0),
        "evening of a prefecture": tables.evening(prefecture, hour_s=hour_s),
        "rush in a prefecture": tables.rushes(prefecture, hour_s=hour_s),
    }


def on_page(page: str, found: dict[str, str]) -> str:
    """The page with these tables, each below its name in a comment. Raises KeyError where the page has no such name."""
    for name, table in found.items():
        place = re.compile(rf"(<!-- {re.escape(name)} -->\n)(?:\|.*\n)*")
        if not (at := place.search(page)):
            raise KeyError(name)
        page = f"{page[: at.start()]}{at[1]}{table}\n{page[at.end() :]}"
    return page


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--hour-s", type=float, default=HOUR_S, help="seconds for which a prefecture's hour is let stand"
    )
    parser.add_argument("--page", action="store_true", help="put the tables into docs/scale.md")
    args = parser.parse_args()
    found = {**reckoned(), **simulated(args.hour_s)}
    if args.page:
        PAGE.write_text(on_page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    else:
        print("\n\n".join(f"<!-- {name} -->\n{table}" for name, table in found.items()))


if __name__ == "__main__":
    main()

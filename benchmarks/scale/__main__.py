"""What a county, a prefecture and a province need, by arithmetic and by a simulated evening (docs/scale.md).

    python -m benchmarks.scale                  all tables, as the page has them; some seconds
    python -m benchmarks.scale --hour-s 3600    a prefecture's hours in full instead of two minutes of each

Nothing is started and nothing measured here: service times are docs/performance.md's (benchmarks/scale/costs.py).
"""

import argparse

from benchmarks.scale import tables

HOUR_S = 120.0


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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--hour-s", type=float, default=HOUR_S, help="seconds for which each hour of a prefecture is let stand"
    )
    for name, table in {**reckoned(), **simulated(parser.parse_args().hour_s)}.items():
        print(f"<!-- {name} -->\n{table}\n")


if __name__ == "__main__":
    main()

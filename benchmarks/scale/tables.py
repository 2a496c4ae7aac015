"""The tables of docs/scale.md."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from benchmarks.scale.demand import EVENING, Area, turns_a_day
from benchmarks.scale.layouts import Layout, layout

COUNTY, PREFECTURE, PROVINCE = Area("county", 1), Area("prefecture", 20), Area("province", 100)
TIMES = (0.5, 1.0, 1.25, 1.5, 1.75, 2.0)


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def layouts(*, at_target: bool = False) -> list[tuple[str, Layout, int]]:
    """What it is called, one installation, and how many of them."""
    county = layout(COUNTY, on_milvus=False, at_target=at_target)
    prefecture = layout(PREFECTURE, on_milvus=True, at_target=at_target)
    return [
        ("county", county, 1),
        ("prefecture", prefecture, 1),
        ("prefecture as 20 counties", county, 20),
        ("province as 5 prefectures", prefecture, 5),
        ("province as 100 counties", county, 100),
        ("province in one", layout(PROVINCE, on_milvus=True, at_target=at_target), 1),
    ]


def sizes(*, at_target: bool = False) -> str:
    """Machines, memory, machine-months."""
    by_part_of = "CPU ms a turn: app / Rasa / PostgreSQL / Milvus"
    sums = ("machines", "machine-months a month", "of them for a million residents")
    head = ("", "turns/s", by_part_of, "apps / Rasas", "cores", "memory GB", *sums)
    rows = []
    for name, one, times in layouts(at_target=at_target):
        spread = max(1, one.machines - (not one.is_small))
        by_part = (one.costs.app, one.costs.rasa, one.costs.postgres if one.on_milvus else 0, one.costs.milvus)
        size = "4 cores, 16 GB" if one.is_small else "16 cores, 64 GB"
        months = one.machine_months * times
        rows.append(
            (
                name,
                f"{one.area.fullest * times:,.0f}",
                " / ".join(f"{1000 * part:,.0f}" if part else "-" for part in by_part),
                f"{one.counts['app'] * times} / {one.counts['rasa'] * times}",
                f"{one.cores * times:,}",
                f"{one.gb(spread) * times:,.0f}",
                f"{one.machines * times} of {size}",
                f"{months:,.2f}".rstrip("0").rstrip("."),
                f"{months / (one.area.residents * times / 1e6):.2f}",
            )
        )
    return markdown(head, rows)


def grows() -> str:
    """What there is of each."""
    areas = (COUNTY, PREFECTURE, PROVINCE)
    rows = [
        ("counties", *(f"{a.counties}" for a in areas)),
        ("residents", *(f"{a.residents:,}" for a in areas)),
        ("chunks", *(f"{a.chunks:,}" for a in areas)),
        ("turns/s in the fullest hour", *(f"{a.fullest:,.0f}" for a in areas)),
        ("turns a day", *(f"{turns_a_day(a):,.0f}" for a in areas)),
    ]
    return markdown(("", *(a.name for a in areas)), rows)


def one_app() -> Layout:
    """A county by `linli serve`, which starts one."""
    county = layout(COUNTY, on_milvus=False)
    return replace(county, counts={**county.counts, "app": 1})


def as_it_stands() -> Layout:
    """deploy/prefecture.compose.yml on one machine of 16 cores, with all of a prefecture's texts."""
    counts = {"app": 2, "rasa": 2, "postgres": 4, "milvus": 4}
    return replace(layout(PREFECTURE, on_milvus=True), counts=counts)


def breaking() -> str:
    """Turns a second at which each part of an installation is busy all the time."""
    named = {"county, one app": one_app(), "prefecture.compose.yml as it stands": as_it_stands()}
    named |= {name: one for name, one, times in layouts() if times == 1}
    rows = []
    for name, one in named.items():
        (first, at), carries = one.breaks_first, one.carries()
        parts = [f"{carries[p]:,.1f}" if p in carries else "-" for p in ("app", "rasa", "postgres", "milvus")]
        connections = f"{one.connections:,}" if one.on_milvus else "-"
        asked = one.area.fullest
        rows.append((name, f"{asked:,.0f}", *parts, f"{first}, {at / asked:.2f} times", connections))
    head = ("", "asked for", "apps", "Rasas", "PostgreSQL", "Milvus", "first", "connections to PostgreSQL")
    return markdown(head, rows)


def evening(one: Layout, *, hour_s: float) -> str:
    """Simulated from five to midnight."""
    rates = one.area.evening()
    found = one.simulated(rates, hour_s=hour_s)
    rows = [
        (f"{hour}:00", f"{rate:.3g}", f"{found.p(0.5, n):.2f}", f"{found.p(0.95, n):.2f}", f"{found.p(0.99, n):.2f}")
        for n, (hour, rate) in enumerate(zip(EVENING, rates, strict=True))
    ]
    return markdown(("hour", "turns/s", "p50 s", "p95 s", "p99 s"), rows)


def rushes(one: Layout, *, hour_s: float) -> str:
    """The fullest hour, times as many as it was made for."""
    rows = []
    for times in TIMES:
        found = one.simulated([one.area.fullest * times], hour_s=hour_s)
        fullest = max(found.busy, key=lambda name: found.busy[name])
        p = [f"{found.p(share):.2f}" for share in (0.5, 0.99)]
        rows.append((f"{times:g}", f"{one.area.fullest * times:.0f}", *p, f"{fullest}, {found.busy[fullest]:.2f}"))
    return markdown(("times", "turns/s", "p50 s", "p99 s", "busiest"), rows)

import pytest

from benchmarks.scale import costs
from benchmarks.scale.costs import index_gb, milvus_gb, slope
from benchmarks.scale.demand import BY_HOUR, Area, turns_a_day
from benchmarks.scale.layouts import MOST_BUSY, WAY, layout
from bot.settings import ROOT
from tests.deploy.test_compose import POOLS

COUNTY, PREFECTURE = Area("county", 1), Area("prefecture", 20)


def test_costs_are_those_of_the_page() -> None:
    """docs/performance.md is where they were measured."""
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    after = next(line for line in page.splitlines() if line.startswith("| CPU of the app, 100 turns"))
    assert f"{costs.APP_MS:.0f} / " in after.split("|")[4]
    rasa = next(line for line in page.splitlines() if line.startswith("| CPU of Rasa"))
    assert f"{costs.RASA_MS:.0f} / " in rasa.split("|")[4]
    for chunks, ms in costs.SEARCH_MS:
        assert f"{chunks:,}" in page
        assert f"{ms} / " in page
    for figure in ("1,211 / 113", "| app | 985 | 990 | 997 | 1,003 | 1,003 |", "25 of the 47 SQL", "1.7 searches"):
        assert figure in page


def test_slope_is_by_chunk() -> None:
    assert slope(((0, 1.0), (1000, 3.0))) == pytest.approx(0.002)


def test_a_turn_costs_more_where_more_is_looked_at() -> None:
    here, there = costs.costs(27_000, on_milvus=False), costs.costs(1_027_000, on_milvus=False)
    assert here.app == pytest.approx(0.139)
    assert here.milvus == 0.0
    assert there.app - here.app == pytest.approx(1.7 * 1_000 * slope(costs.SEARCH_MS), rel=1e-6)
    assert here.all == pytest.approx(0.139 + 0.061 + 47 * 0.00035)


def test_vectors_leave_the_apps_memory() -> None:
    (own, shared), (same, less) = (index_gb(1_000_000, on_milvus=on) for on in (False, True))
    assert own == same
    assert shared - less == pytest.approx(768e6 / 2**30)
    assert milvus_gb(1_000_000) - milvus_gb(0) == pytest.approx(2 * 1536e6 / 2**30)


@pytest.mark.parametrize("on_milvus", [False, True])
def test_nobody_is_busier_than_allowed(on_milvus: bool) -> None:
    one = layout(PREFECTURE, on_milvus=on_milvus)
    assert all(carried * MOST_BUSY >= PREFECTURE.fullest - 1e-9 for carried in one.carries().values())
    name, at = one.breaks_first
    assert at == min(one.carries().values()) == one.carries()[name]


def test_machines_hold_what_they_are_given() -> None:
    one = layout(PREFECTURE, on_milvus=True)
    working = one.machines - 1
    assert one.cores <= 16 * working
    assert one.gb(working) <= 64 * working
    assert min(one.counts["app"], one.counts["rasa"]) >= 2
    small = layout(COUNTY, on_milvus=False)
    assert (small.is_small, small.machines, small.machine_months) == (True, 1, 0.25)


def test_connections_are_those_of_the_pools() -> None:
    assert costs.APP_CONNECTIONS == POOLS
    one = layout(PREFECTURE, on_milvus=True)
    assert one.connections == (one.counts["app"] + 2) * POOLS + one.counts["rasa"] * 40


def test_an_evening_is_a_part_of_the_day() -> None:
    assert (len(BY_HOUR), max(BY_HOUR), BY_HOUR[20]) == (24, 1.0, 1.0)
    assert PREFECTURE.evening()[3] == PREFECTURE.fullest == 100
    assert turns_a_day(PREFECTURE) == pytest.approx(100 * 3600 * sum(BY_HOUR))


def test_a_turns_way_gives_each_part_all_of_its_time() -> None:
    for name in {name for name, _ in WAY}:
        assert sum(share for part, share in WAY if part == name) == pytest.approx(1.0)


def test_a_simulated_hour_is_as_busy_as_reckoned() -> None:
    one = layout(COUNTY, on_milvus=False)
    found = one.simulated([COUNTY.fullest], hour_s=2_000)
    for name, count in one.counts.items():
        assert found.busy[name] == pytest.approx(COUNTY.fullest * getattr(one.costs, name) / count, rel=0.1)

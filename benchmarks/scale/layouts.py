"""How many of each part, and of machines, an area needs."""

import math
from dataclasses import dataclass

from benchmarks.scale.costs import (
    APP_CONNECTIONS,
    APP_GB,
    P95_BY_P50,
    POSTGRES_GB,
    RASA_CONNECTIONS,
    RASA_GB,
    REDIS_GB,
    WORKER_GB,
    Costs,
    costs,
    index_gb,
    milvus_gb,
)
from benchmarks.scale.demand import Area
from benchmarks.scale.queueing import servers
from benchmarks.scale.simulation import Choice, Outcome, Part, Simulation, Visit, lognormal

MOST_BUSY = 0.6  # of its time in the fullest hour
MACHINE_CORES, MACHINE_GB = 16, 64
SMALL_CORES, SMALL_GB = 4, 16
# A turn's way, and which share of what a part gives it goes to this visit. A guess from "Where a turn's 125 ms went".
WAY = (
    ("app", 0.35),  # received; is somebody in danger; its vector
    ("postgres", 0.5),
    ("rasa", 0.5),
    ("app", 0.2),  # an action begins
    ("milvus", 1.0),
    ("app", 0.25),  # what was found, checked and composed
    ("rasa", 0.5),
    ("app", 0.2),
    ("postgres", 0.5),
)
CHOICES = {"app": Choice.least, "rasa": Choice.fixed}


@dataclass(frozen=True)
class Layout:
    """One installation. An app and a Rasa are a process and a core each; of PostgreSQL and Milvus cores are counted."""

    area: Area
    costs: Costs
    counts: dict[str, int]
    on_milvus: bool
    at_target: bool = False

    @property
    def workers(self) -> int:
        return 2 if self.on_milvus else 1

    @property
    def cores(self) -> int:
        return sum(self.counts.values()) + self.workers

    @property
    def is_small(self) -> bool:
        """One machine of four cores is enough."""
        return self.cores <= SMALL_CORES and self.gb(1) <= SMALL_GB

    def gb(self, machines: int) -> float:
        """Memory of all parts; `machines`: over how many the apps are spread, each of which maps the index."""
        own, shared = index_gb(self.area.chunks, on_milvus=self.on_milvus)
        ours = self.counts["app"] * (APP_GB + own) + self.counts["rasa"] * RASA_GB + self.workers * (WORKER_GB + own)
        stores = POSTGRES_GB + REDIS_GB + milvus_gb(self.area.chunks) if self.on_milvus else 0.0
        return ours + machines * shared + stores

    @property
    def machines(self) -> int:
        """Of 16 cores and 64 GB, and one to spare where there are several; a small area has one of 4 and 16."""
        if self.is_small:
            return 1
        count = math.ceil(self.cores / MACHINE_CORES)
        while self.gb(count) > count * MACHINE_GB:
            count += 1
        return count + 1

    @property
    def machine_months(self) -> float:
        """A month, in machines of 16 cores: four small ones are one."""
        return SMALL_CORES / MACHINE_CORES if self.is_small else float(self.machines)

    @property
    def connections(self) -> int:
        """That PostgreSQL may be asked for, when all pools are full."""
        return (self.counts["app"] + self.workers) * APP_CONNECTIONS + self.counts["rasa"] * RASA_CONNECTIONS

    def carries(self) -> dict[str, float]:
        """Turns a second at which each part is busy all the time."""
        return {name: count / self._takes(name) for name, count in self.counts.items()}

    @property
    def breaks_first(self) -> tuple[str, float]:
        """The part, and the turns a second."""
        return min(self.carries().items(), key=lambda one: one[1])

    def _takes(self, name: str) -> float:
        return float(getattr(self.costs, name))

    def simulated(self, rates: list[float], *, hour_s: float) -> Outcome:
        parts = [Part(name, count, CHOICES.get(name, Choice.shared)) for name, count in self.counts.items()]
        way = [
            Visit(name, lognormal(share * self._takes(name), P95_BY_P50)) for name, share in WAY if name in self.counts
        ]
        return Simulation(parts, way).run(rates, hour_s=hour_s)


def layout(area: Area, *, on_milvus: bool, at_target: bool = False) -> Layout:
    """With so many of each part that none is busy for more than MOST_BUSY of the fullest hour; where there are several
    machines, at least two of what residents meet.
    """
    one = costs(area.chunks, on_milvus=on_milvus, at_target=at_target)
    least = 2 if on_milvus else 1
    counts = {
        "app": servers(area.fullest, one.app, most_busy=MOST_BUSY, least=least),
        "rasa": servers(area.fullest, one.rasa, most_busy=MOST_BUSY, least=least),
    }
    if on_milvus:
        counts["postgres"] = servers(area.fullest, one.postgres, most_busy=MOST_BUSY)
        counts["milvus"] = servers(area.fullest, one.milvus, most_busy=MOST_BUSY)
    return Layout(area, one, counts, on_milvus, at_target)

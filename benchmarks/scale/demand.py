"""How many turns a second, by the hour. No measurement: issue 18 says 500 a second in a province's evening."""

from dataclasses import dataclass

# Share of the fullest hour, from midnight on. A guess: work until five, supper, the evening on the telephone.
BY_HOUR = (
    *(0.10, 0.05, 0.03, 0.02, 0.03, 0.08, 0.20, 0.35, 0.50, 0.60, 0.60, 0.50),
    *(0.55, 0.50, 0.50, 0.55, 0.55, 0.60, 0.75, 0.95, 1.00, 0.85, 0.50, 0.25),
)
EVENING = tuple(range(17, 24))
RESIDENTS, COUNTIES, CHUNKS, FULLEST = 50_000_000, 100, 30_000_000, 500.0  # a province


@dataclass(frozen=True)
class Area:
    """Whom one installation serves."""

    name: str
    counties: int

    @property
    def residents(self) -> int:
        return RESIDENTS * self.counties // COUNTIES

    @property
    def chunks(self) -> int:
        return CHUNKS * self.counties // COUNTIES

    @property
    def fullest(self) -> float:
        """Turns a second in the fullest hour."""
        return FULLEST * self.counties / COUNTIES

    def evening(self) -> list[float]:
        """Turns a second of each hour from five to midnight."""
        return [self.fullest * BY_HOUR[hour] for hour in EVENING]


def turns_a_day(area: Area) -> float:
    return area.fullest * sum(BY_HOUR) * 3600

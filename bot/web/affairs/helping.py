"""What a grid worker can do for somebody at the door beside handing over their slip: one line each, shown beside each
household on 上门.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.web.affairs.people import visits
from bot.web.affairs.points import doorstep as points
from bot.web.affairs.topics import doorstep as topics
from bot.web.staff.desk import Seat
from knowledge.places import Place


@dataclass(frozen=True)
class Help:
    """`entries`: name and address of what there is to do now in this village, for example one for each open topic; the
    page behind it asks for whom. None where there is nothing.
    """

    name: str  # 代录
    entries: Callable[[Seat, Place], list[tuple[str, str]]]


HELPS: tuple[Help, ...] = (Help("走访", visits.entries), Help("代录", topics.entries), Help("积分", points.entries))

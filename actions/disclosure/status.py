"""The life of what is made public: one table of allowed moves, from which the pages draw their buttons."""

from dataclasses import dataclass
from enum import StrEnum

from actions.errors import NotAllowed


class State(StrEnum):
    due = "due"  # owed, nothing prepared yet
    drafted = "drafted"
    checked = "checked"  # by who oversees
    posted = "posted"
    archived = "archived"  # its days on the board are over
    corrected = "corrected"  # a newer version stands in its place; this one stays readable


LABELS = {
    State.due: "还没准备",
    State.drafted: "等监督的人核对",
    State.checked: "核对过，等张贴",
    State.posted: "正在公布",
    State.archived: "公布期满",
    State.corrected: "已更正",
}
OPEN = frozenset({State.due, State.drafted, State.checked})
READABLE = frozenset({State.posted, State.archived, State.corrected})
STANDING = frozenset({State.posted, State.archived})


@dataclass(frozen=True)
class Move:
    label: str
    needs: str  # the permission that the page asks for; "" is the clock's or follows from another


_PUT = Move("换一份表", "write")
MOVES: dict[State, dict[State, Move]] = {
    State.due: {State.drafted: Move("传表", "write")},
    State.drafted: {
        State.drafted: _PUT,
        State.checked: Move("核对无误", "oversee"),
        State.due: Move("退回", "oversee"),
    },
    State.checked: {State.posted: Move("公布", "write"), State.drafted: _PUT},
    State.posted: {State.archived: Move("期满", ""), State.corrected: Move("更正", "")},
    State.archived: {State.corrected: Move("更正", "")},
    State.corrected: {},
}


def check_move(start: State, to: State) -> Move:
    """Raises NotAllowed."""
    move = MOVES[start].get(to)
    if move is None:
        raise NotAllowed(f"“{LABELS[start]}”的不能这样办。")
    return move

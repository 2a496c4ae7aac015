"""The life of a referral: one table of allowed moves."""

import enum
from dataclasses import dataclass

from actions.errors import NotAllowed


class State(enum.StrEnum):
    asked = "asked"  # the resident's words are kept, and nobody has them
    offered = "offered"  # a helper has them and hasn't answered
    other_asked = "other_asked"  # the helper would; the other party of a mediation hasn't answered
    accepted = "accepted"  # everybody said yes: contacts are given
    met = "met"
    closed = "closed"
    refused = "refused"  # the other party wants no mediation (人民调解法 17)
    unhelped = "unhelped"  # nobody is left, or the resident chose nobody in time
    withdrawn = "withdrawn"


LABELS = {
    State.asked: "等您选人",
    State.offered: "等帮手回话",
    State.other_asked: "等对方同意",
    State.accepted: "帮手答应了",
    State.met: "见过面了",
    State.closed: "办完了",
    State.refused: "对方不愿意调解",
    State.unhelped: "没有合适的人",
    State.withdrawn: "撤回了",
}
OPEN = frozenset({State.asked, State.offered, State.other_asked, State.accepted, State.met})
WAITS = frozenset({State.offered, State.other_asked})  # a helper holds the words and the day runs
SHARED = frozenset({State.accepted, State.met})  # both know how to reach each other


class By(enum.StrEnum):
    resident = "resident"
    helper = "helper"
    other = "other"
    clock = "clock"


@dataclass(frozen=True)
class Move:
    """Staff write down what a helper or the other party said to them; nobody decides for the resident."""

    label: str
    by: frozenset[By]


_RESIDENT, _HELPER = frozenset({By.resident}), frozenset({By.helper})
_OTHER, _CLOCK = frozenset({By.other}), frozenset({By.clock})
_WITHDRAW = Move("撤回", _RESIDENT)
_S = State
MOVES: dict[State, dict[State, Move]] = {
    _S.asked: {_S.offered: Move("转给帮手", _RESIDENT), _S.withdrawn: _WITHDRAW, _S.unhelped: Move("没人", _CLOCK)},
    _S.offered: {
        _S.accepted: Move("答应", _HELPER),
        _S.other_asked: Move("愿意调解，等对方", _HELPER),
        _S.asked: Move("帮不了", frozenset({By.helper, By.resident, By.clock})),
        _S.withdrawn: _WITHDRAW,
    },
    _S.other_asked: {
        _S.accepted: Move("对方同意", _OTHER),
        _S.asked: Move("换一个人", frozenset({By.other, By.helper, By.resident, By.clock})),
        _S.refused: Move("对方不愿意调解", _OTHER),
        _S.withdrawn: _WITHDRAW,
    },
    _S.accepted: {
        _S.met: Move("见过面了", _HELPER),
        _S.closed: Move("办完了", _HELPER),
        _S.asked: Move("换一个人", frozenset({By.helper, By.resident, By.other})),
        _S.withdrawn: _WITHDRAW,
    },
    _S.met: {
        _S.closed: Move("办完了", _HELPER),
        _S.asked: Move("换一个人", frozenset({By.helper, By.resident, By.other})),
        _S.withdrawn: _WITHDRAW,
    },
    _S.closed: {},
    _S.refused: {},
    _S.unhelped: {},
    _S.withdrawn: {},
}


def check_move(start: State, to: State, by: By) -> Move:
    """Raises NotAllowed."""
    move = MOVES[start].get(to)
    if move is None or by not in move.by:
        raise NotAllowed(f"现在是“{LABELS[start]}”，不能这样办了。请刷新后再看。")
    return move

"""The life of a 法治体检 and of a correction: tables of allowed moves, from which the pages draw their buttons."""

import enum
from dataclasses import dataclass

from actions.errors import NotAllowed


class State(enum.StrEnum):
    filling = "filling"
    sent = "sent"  # the legal adviser looks
    signed = "signed"
    excused = "excused"  # something is missing, and the township's head wrote why it goes on
    withdrawn = "withdrawn"


class Answer(enum.StrEnum):
    there = "there"
    missing = "missing"
    unclear = "unclear"
    not_concerned = "not_concerned"


LABELS = {
    State.filling: "村里正在填",
    State.sent: "等法律顾问看",
    State.signed: "法律顾问签了",
    State.excused: "签了，缺的由乡镇写明了原因",
    State.withdrawn: "不做了",
}
ANSWERS = {
    Answer.there: "有",
    Answer.missing: "没有",
    Answer.unclear: "不清楚",
    Answer.not_concerned: "不涉及",
}
OPEN = frozenset({State.filling, State.sent})
SIGNED = frozenset({State.signed, State.excused})


@dataclass(frozen=True)
class Move:
    label: str
    needs: str  # the permission that the page asks for


MOVES: dict[State, dict[State, Move]] = {
    State.filling: {
        State.sent: Move("交给法律顾问看", "write"),
        State.withdrawn: Move("不做了", "write"),
    },
    State.sent: {State.signed: Move("签上意见", "clear"), State.filling: Move("退回，还要补", "clear")},
    State.signed: {
        State.filling: Move("补材料，请法律顾问再看", "write"),
        State.excused: Move("写明为什么缺着也可以开会", "oversee"),
    },
    State.excused: {State.filling: Move("补材料，请法律顾问再看", "write")},
    State.withdrawn: {},
}


def check_move(start: State, to: State) -> Move:
    """Raises NotAllowed."""
    move = MOVES[start].get(to)
    if move is None:
        raise NotAllowed(f"现在是“{LABELS[start]}”，不能这样办。")
    return move


class Outcome(enum.StrEnum):
    """How a 复议 ended (行政复议法 63 to 73)."""

    upheld = "upheld"
    varied = "varied"
    set_aside = "set_aside"
    declared = "declared"
    ordered = "ordered"
    settled = "settled"


OUTCOMES = {
    Outcome.upheld: "维持",
    Outcome.varied: "变更",
    Outcome.set_aside: "撤销",
    Outcome.declared: "确认违法",
    Outcome.ordered: "责令履行",
    Outcome.settled: "调解",
}


class Paper(enum.StrEnum):
    """What the unit has to carry out (行政复议法 77)."""

    opinion = "opinion"
    decision = "decision"
    settlement = "settlement"


PAPERS = {Paper.opinion: "行政复议意见书", Paper.decision: "行政复议决定书", Paper.settlement: "行政复议调解书"}


class Stand(enum.StrEnum):
    open = "open"
    answered = "answered"  # the unit says it is put right; the county looks
    done = "done"


STANDS = {Stand.open: "等单位纠正", Stand.answered: "单位报了，等核实", Stand.done: "纠正了"}

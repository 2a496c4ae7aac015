"""The life of a scheme, a claim, a voucher, a dispute and a star: tables of allowed moves, from which pages draw their
buttons.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from actions.errors import NotAllowed


class SchemeState(StrEnum):
    draft = "draft"  # rules are written; nothing is given by them
    adopted = "adopted"  # a second person found them in what the meeting decided
    replaced = "replaced"  # a newer one was adopted
    stopped = "stopped"


class ClaimState(StrEnum):
    claimed = "claimed"
    seconded = "seconded"  # one has confirmed, and many points want another
    confirmed = "confirmed"
    declined = "declined"
    withdrawn = "withdrawn"  # by the household itself


class VoucherState(StrEnum):
    open = "open"
    spent = "spent"
    lapsed = "lapsed"
    dropped = "dropped"  # the household doesn't want it after all


class DisputeState(StrEnum):
    """Where it waits, or who has answered last."""

    group = "group"  # 评议小组
    group_said = "group_said"
    overseer = "overseer"
    overseer_said = "overseer_said"
    township = "township"
    settled = "settled"


class StarState(StrEnum):
    applied = "applied"
    reviewed = "reviewed"  # one found that it fits
    noticed = "noticed"  # a second did too: seven days for objections
    awarded = "awarded"
    ended = "ended"  # its year is over
    not_given = "not_given"  # known to the household alone
    withdrawn = "withdrawn"


SCHEME_MOVES: Mapping[SchemeState, frozenset[SchemeState]] = {
    SchemeState.draft: frozenset({SchemeState.adopted}),
    SchemeState.adopted: frozenset({SchemeState.replaced, SchemeState.stopped}),
    SchemeState.replaced: frozenset(),
    SchemeState.stopped: frozenset(),
}
CLAIM_MOVES: Mapping[ClaimState, frozenset[ClaimState]] = {
    ClaimState.claimed: frozenset(
        {ClaimState.seconded, ClaimState.confirmed, ClaimState.declined, ClaimState.withdrawn}
    ),
    ClaimState.seconded: frozenset({ClaimState.confirmed, ClaimState.declined, ClaimState.withdrawn}),
    ClaimState.confirmed: frozenset(),  # what was wrong is reversed by an entry of its own
    ClaimState.declined: frozenset(),
    ClaimState.withdrawn: frozenset(),
}
DISPUTE_MOVES: Mapping[DisputeState, frozenset[DisputeState]] = {
    DisputeState.group: frozenset({DisputeState.group_said, DisputeState.overseer}),
    DisputeState.group_said: frozenset({DisputeState.overseer, DisputeState.settled}),
    DisputeState.overseer: frozenset({DisputeState.overseer_said, DisputeState.township}),
    DisputeState.overseer_said: frozenset({DisputeState.township, DisputeState.settled}),
    DisputeState.township: frozenset({DisputeState.settled}),
    DisputeState.settled: frozenset(),
}
STAR_MOVES: Mapping[StarState, frozenset[StarState]] = {
    StarState.applied: frozenset({StarState.reviewed, StarState.not_given, StarState.withdrawn}),
    StarState.reviewed: frozenset({StarState.noticed, StarState.not_given, StarState.withdrawn}),
    StarState.noticed: frozenset({StarState.awarded, StarState.not_given, StarState.withdrawn}),
    StarState.awarded: frozenset({StarState.ended, StarState.withdrawn}),
    StarState.ended: frozenset(),
    StarState.not_given: frozenset(),
    StarState.withdrawn: frozenset(),
}
LABELS: Mapping[StrEnum, str] = {
    SchemeState.draft: "正在写，还不能加分",
    SchemeState.adopted: "正在用",
    SchemeState.replaced: "换了新的",
    SchemeState.stopped: "停了",
    ClaimState.claimed: "等评议小组确认",
    ClaimState.seconded: "等第二个人确认",
    ClaimState.confirmed: "加上了",
    ClaimState.declined: "没有加",
    ClaimState.withdrawn: "自己撤回了",
    VoucherState.open: "还没换",
    VoucherState.spent: "换过了",
    VoucherState.lapsed: "过期了，分退回去了",
    VoucherState.dropped: "不换了，分退回去了",
    DisputeState.group: "等评议小组答复",
    DisputeState.group_said: "评议小组答复了",
    DisputeState.overseer: "等村务监督委员会答复",
    DisputeState.overseer_said: "村务监督委员会答复了",
    DisputeState.township: "等乡镇（街道）答复",
    DisputeState.settled: "办完了",
    StarState.applied: "等评议小组看",
    StarState.reviewed: "等第二个人看",
    StarState.noticed: "正在公示",
    StarState.awarded: "评上了",
    StarState.ended: "满一年了，可以再申请",
    StarState.not_given: "这次没有评上",
    StarState.withdrawn: "撤回了",
}
_State = TypeVar("_State", bound=StrEnum)


def check_move(moves: Mapping[_State, frozenset[_State]], start: _State, to: _State) -> None:
    """Raises NotAllowed."""
    if to not in moves[start]:
        raise NotAllowed(f"现在是“{LABELS[start]}”，不能这样办，请刷新后再看。")

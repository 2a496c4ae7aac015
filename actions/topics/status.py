"""The life of a topic (协商): one table of allowed moves, from which the pages draw their buttons.

A topic has no legal force (village_affairs.md 2.4): 村民委员会组织法 33 lets a committee organise consultation, and
what was agreed it carries out or sees to in time. What a meeting resolves is a Decision.
"""

import enum
from dataclasses import dataclass

from actions.errors import NotAllowed


class TopicState(enum.StrEnum):
    raised = "raised"
    agenda = "agenda"
    referred = "referred"  # 转为事项
    merged = "merged"
    refused = "refused"
    open = "open"
    suspended = "suspended"
    counting = "counting"
    meeting = "meeting"
    result = "result"
    to_meeting = "to_meeting"
    carrying_out = "carrying_out"
    fed_back = "fed_back"
    done = "done"


_S = TopicState
LABELS = {
    _S.raised: "已提出",
    _S.agenda: "已列入，准备征求意见",
    _S.referred: "转为事项办理",
    _S.merged: "并到别的议题",
    _S.refused: "不列入",
    _S.open: "正在征求意见",
    _S.suspended: "暂停了",
    _S.counting: "意见收完了，正在清点",
    _S.meeting: "正在开会商量",
    _S.result: "结果已公布",
    _S.to_meeting: "交会议决定",
    _S.carrying_out: "正在落实",
    _S.fed_back: "办完了，等大家看",
    _S.done: "落实了",
}
# On the village's page: what was never taken up is told to who raised it, and only counted in public.
PUBLIC = frozenset(TopicState) - {_S.raised, _S.agenda, _S.referred, _S.merged, _S.refused}
# The committee owes an answer by `result_due_on`.
OWED = frozenset({_S.counting, _S.meeting})


class By(enum.StrEnum):
    clerk = "clerk"
    overseer = "overseer"
    legal = "legal"
    clock = "clock"


@dataclass(frozen=True)
class Move:
    """`by`: who takes the last step; `is_confirmed`: somebody else must have prepared it before."""

    label: str
    by: frozenset[By]
    is_confirmed: bool = False


_CLERK, _CLOCK, _LEGAL = frozenset({By.clerk}), frozenset({By.clock}), frozenset({By.legal})
_SECOND = frozenset({By.overseer})
_RESULT = Move("公布结果", _SECOND, is_confirmed=True)

MOVES: dict[TopicState, dict[TopicState, Move]] = {
    _S.raised: {
        _S.agenda: Move("列入议题", _CLERK),
        _S.referred: Move("转为事项", _CLERK),
        _S.merged: Move("并题", _CLERK),
        _S.refused: Move("不列入", _SECOND, is_confirmed=True),
    },
    _S.agenda: {
        _S.open: Move("开始征求意见", _SECOND, is_confirmed=True),
        _S.refused: Move("法律上不能议", _LEGAL),
    },
    _S.open: {
        _S.counting: Move("截止", _CLOCK),  # nobody closes early
        _S.suspended: Move("暂停", _LEGAL),
    },
    _S.suspended: {_S.agenda: Move("改了再列入", _CLERK), _S.refused: Move("法律上不能议", _LEGAL)},
    _S.counting: {_S.meeting: Move("开会商量", _CLERK), _S.result: _RESULT, _S.suspended: Move("暂停", _LEGAL)},
    _S.meeting: {_S.result: _RESULT, _S.suspended: Move("暂停", _LEGAL)},
    _S.result: {
        _S.to_meeting: Move("交会议决定", _CLERK),
        _S.carrying_out: Move("交办落实", frozenset({By.clock, By.overseer})),
    },
    _S.carrying_out: {_S.fed_back: Move("办完了", _CLOCK)},
    _S.fed_back: {_S.done: Move("落实了", _CLOCK), _S.carrying_out: Move("没落实，接着办", _CLOCK)},
    _S.referred: {},
    _S.merged: {},
    _S.refused: {},
    _S.to_meeting: {},
    _S.done: {},
}


def move_between(start: TopicState, to: TopicState, by: By) -> Move:
    """The move, or NotAllowed."""
    move = MOVES[start].get(to)
    if move is None:
        raise NotAllowed(f"“{LABELS[start]}”的议题不能这样办。")
    if by not in move.by:
        raise NotAllowed(
            "到截止的时间系统自己收，谁也不能提前截止。"
            if to is _S.counting
            else f"“{move.label}”这一步不归您，请找该办的人。"
        )
    return move

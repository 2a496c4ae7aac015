"""The life of a case: one table of allowed moves, from which pages and dialogue draw their buttons."""

import enum
from dataclasses import dataclass

from actions.errors import NotAllowed


class CaseStatus(enum.StrEnum):
    filed = "filed"
    accepted = "accepted"
    returned = "returned"
    assigned = "assigned"
    in_progress = "in_progress"
    answered = "answered"
    closed = "closed"  # confirmed by the resident
    reopened = "reopened"
    withdrawn = "withdrawn"
    merged = "merged"


LABELS = {
    CaseStatus.filed: "已登记，等受理",
    CaseStatus.accepted: "已受理",
    CaseStatus.returned: "已退回",
    CaseStatus.assigned: "已交办",
    CaseStatus.in_progress: "办理中",
    CaseStatus.answered: "已答复，等您确认",
    CaseStatus.closed: "已办结",
    CaseStatus.reopened: "重新办理",
    CaseStatus.withdrawn: "已撤回",
    CaseStatus.merged: "已并案",
}
STAFF_LABELS = {**LABELS, CaseStatus.answered: "已答复，等居民确认"}
OPEN = frozenset(CaseStatus) - {CaseStatus.closed, CaseStatus.withdrawn, CaseStatus.merged, CaseStatus.returned}
# What a resident is shown of the way; a case that was returned, withdrawn or merged stands at none of them.
STEPS = ("登记", "受理", "交办", "办理", "答复", "办结")
STEP_OF = {
    CaseStatus.filed: 0,
    CaseStatus.accepted: 1,
    CaseStatus.assigned: 2,
    CaseStatus.in_progress: 3,
    CaseStatus.reopened: 3,
    CaseStatus.answered: 4,
    CaseStatus.closed: 5,
}
# The clock of a case runs in these; an answer stops it, a reopening starts it anew.
TIMED = frozenset(
    {CaseStatus.filed, CaseStatus.accepted, CaseStatus.assigned, CaseStatus.in_progress, CaseStatus.reopened}
)


class By(enum.StrEnum):
    resident = "resident"
    staff = "staff"


@dataclass(frozen=True)
class Move:
    label: str  # on the button
    by: frozenset[By]
    needs_note: bool = False  # a reason or the answer itself; the resident reads it
    say: str | None = None  # what the resident is told; {note}, {team} are filled in


_STAFF, _RESIDENT, _BOTH = frozenset({By.staff}), frozenset({By.resident}), frozenset(By)
_WITHDRAW = Move("撤回", _RESIDENT, say="好，这件事按您的意思撤回了。以后还想办，再跟我说一声就行。")
_ACCEPT = Move("受理", _STAFF, say="您反映的事已经受理，接下来会交给具体的人去办。")
_ASSIGN = Move("交办", _STAFF, say="您的事已经交给{team}办理。")
_START = Move("开始办理", _STAFF, say="{team}已经着手办您的事了。")
_ANSWER = Move("答复", _STAFF, needs_note=True, say="您的事有答复了：{note}")
_RETURN = Move(
    "退回", _STAFF, needs_note=True, say="这件事暂时办不了，原因是：{note}。补充以后可以再交，也可以拨打 12345 反映。"
)
_MERGE = Move("并案", _STAFF, say="有人反映过同一件事，两件并在一起办，进度我照样告诉您。")
# Only the resident ends a case. Staff may note what the resident said on the phone, and must write down when and what.
_CLOSE = Move("确认办结", _BOTH, needs_note=True, say="好，这件事记为办结。过一阵我再来问问您，是不是真解决了。")
_REOPEN = Move("没解决，重新办", _BOTH, say="知道了，没解决就接着办。已经转回去重新处理，以前的记录都在。")

_S = CaseStatus
MOVES: dict[CaseStatus, dict[CaseStatus, Move]] = {
    _S.filed: {_S.accepted: _ACCEPT, _S.returned: _RETURN, _S.merged: _MERGE, _S.withdrawn: _WITHDRAW},
    _S.accepted: {_S.assigned: _ASSIGN, _S.returned: _RETURN, _S.merged: _MERGE, _S.withdrawn: _WITHDRAW},
    _S.returned: {
        _S.filed: Move("补充后再交", _RESIDENT, needs_note=True, say="补充的情况收到了，重新排上了队。"),
        _S.withdrawn: _WITHDRAW,
    },
    _S.assigned: {
        _S.in_progress: _START,
        _S.assigned: Move("改派", _STAFF, needs_note=True, say="您的事改由{team}办理。"),
        _S.merged: _MERGE,
        _S.withdrawn: _WITHDRAW,
    },
    _S.in_progress: {
        _S.answered: _ANSWER,
        _S.assigned: Move("改派", _STAFF, needs_note=True, say="您的事改由{team}办理。"),
        _S.merged: _MERGE,
        _S.withdrawn: _WITHDRAW,
    },
    _S.answered: {_S.closed: _CLOSE, _S.reopened: _REOPEN, _S.withdrawn: _WITHDRAW},
    _S.closed: {_S.reopened: _REOPEN},
    _S.reopened: {_S.assigned: _ASSIGN, _S.in_progress: _START, _S.withdrawn: _WITHDRAW},
    _S.withdrawn: {},
    _S.merged: {},
}


def move_between(start: CaseStatus, to: CaseStatus, by: By) -> Move:
    """The move, or NotAllowed."""
    move = MOVES[start].get(to)
    if move is None or by not in move.by:
        raise NotAllowed(f"“{LABELS[start]}”的事不能这样办。")
    return move


def allowed(start: CaseStatus, by: By) -> dict[CaseStatus, Move]:
    return {to: move for to, move in MOVES[start].items() if by in move.by}

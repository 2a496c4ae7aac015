"""The way of a decision, 四议两公开: one table of allowed moves, from which pages draw their buttons.

村民委员会组织法 28(3), 30, 35; the parts of 四议两公开 are those of 中国共产党农村基层组织工作条例 ※, which the package
of statutes doesn't have.
"""

import enum
from dataclasses import dataclass

from actions.errors import NotAllowed


class State(enum.StrEnum):
    proposed = "proposed"
    discussed = "discussed"
    deliberated = "deliberated"
    noticed = "noticed"
    not_held = "not_held"  # too few came: may be called again
    resolved = "resolved"
    failed = "failed"
    published = "published"
    carrying_out = "carrying_out"
    result_published = "result_published"
    suspended = "suspended"  # goes on where it stood once that is lifted
    annulled = "annulled"


class Step(enum.StrEnum):
    """What is written down: the eight of the way, and what may happen beside it."""

    propose = "propose"
    discuss = "discuss"
    deliberate = "deliberate"
    clear = "clear"
    notice = "notice"
    meet = "meet"
    publish = "publish"
    carry = "carry"
    result = "result"
    suspend = "suspend"
    resume = "resume"
    annul = "annul"
    correct = "correct"


class By(enum.StrEnum):
    """A permission of the console: who may do it."""

    write = "write"
    oversee = "oversee"
    clear = "clear"


LABELS = {
    State.proposed: "党组织提议了",
    State.discussed: "两委商议过了",
    State.deliberated: "党员审议过了",
    State.noticed: "会议通知出了",
    State.not_held: "会没开成，不算数",
    State.resolved: "会上通过了",
    State.failed: "会上没有通过",
    State.published: "决议公开了",
    State.carrying_out: "正在办",
    State.result_published: "办完了，结果公开了",
    State.suspended: "暂停",
    State.annulled: "撤销了",
}
STEP_LABELS = {
    Step.propose: "党组织提议",
    Step.discuss: "两委商议",
    Step.deliberate: "党员审议",
    Step.clear: "合法性审查",
    Step.notice: "会议通知",
    Step.meet: "开会决议",
    Step.publish: "决议公开",
    Step.carry: "组织实施",
    Step.result: "实施结果公开",
    Step.suspend: "暂停",
    Step.resume: "恢复",
    Step.annul: "撤销",
    Step.correct: "更正",
}
# The way as residents read it; 合法性审查 is part of what comes before the notice.
WAY = (
    Step.propose,
    Step.discuss,
    Step.deliberate,
    Step.notice,
    Step.meet,
    Step.publish,
    Step.carry,
    Step.result,
)
# How far a decision has come: steps of the way that are behind it.
DONE_AT = {
    State.proposed: 1,
    State.discussed: 2,
    State.deliberated: 3,
    State.noticed: 4,
    State.not_held: 4,
    State.resolved: 5,
    State.failed: 5,
    State.published: 6,
    State.carrying_out: 7,
    State.result_published: 8,
}
ENDED = frozenset({State.failed, State.result_published, State.annulled})
CONFIRMED = frozenset({Step.publish, Step.result, Step.correct})  # a second person looks before it counts


@dataclass(frozen=True)
class Move:
    """`to`: None where the state stays, or where it is reckoned from the numbers."""

    label: str
    by: By
    to: State | None = None
    is_confirmed: bool = False


_SUSPEND = Move("暂停", By.clear, State.suspended)
_ANNUL = Move("撤销", By.clear, State.annulled)
_CORRECT = Move("更正以前写的", By.write, is_confirmed=True)
_CLEAR = Move("合法性审查", By.clear)
_NOTICE = Move("出会议通知", By.write, State.noticed)
_EVER = {Step.suspend: _SUSPEND, Step.annul: _ANNUL, Step.correct: _CORRECT}

MOVES: dict[State, dict[Step, Move]] = {
    State.proposed: {Step.discuss: Move("记下两委商议", By.write, State.discussed), Step.clear: _CLEAR, **_EVER},
    State.discussed: {
        Step.deliberate: Move("记下党员审议", By.write, State.deliberated),
        Step.clear: _CLEAR,
        **_EVER,
    },
    State.deliberated: {Step.notice: _NOTICE, Step.clear: _CLEAR, **_EVER},
    State.noticed: {Step.meet: Move("录入会议结果", By.write, is_confirmed=True), **_EVER},
    State.not_held: {Step.notice: _NOTICE, Step.clear: _CLEAR, **_EVER},
    State.resolved: {Step.publish: Move("公开决议", By.write, State.published, is_confirmed=True), **_EVER},
    State.failed: {Step.annul: _ANNUL, Step.correct: _CORRECT},
    State.published: {Step.carry: Move("交给单位去办", By.write, State.carrying_out), **_EVER},
    State.carrying_out: {
        Step.carry: Move("再交一件", By.write, State.carrying_out),
        Step.result: Move("公开实施结果", By.write, State.result_published, is_confirmed=True),
        **_EVER,
    },
    State.result_published: {Step.suspend: _SUSPEND, Step.annul: _ANNUL, Step.correct: _CORRECT},
    State.suspended: {Step.resume: Move("恢复", By.clear), Step.annul: _ANNUL},
    State.annulled: {},
}


def moves_of(state: State, *, has_party_step: bool) -> dict[Step, Move]:
    """Without the members' step where the place hasn't got it: then a notice follows the two committees' talk."""
    found = dict(MOVES[state])
    if state is State.discussed and not has_party_step:
        del found[Step.deliberate]
        found[Step.notice] = _NOTICE
    return found


def way(*, has_party_step: bool) -> tuple[Step, ...]:
    return WAY if has_party_step else tuple(step for step in WAY if step is not Step.deliberate)


def done_at(state: State, *, has_party_step: bool) -> int:
    """How many steps of `way` are behind it."""
    done = DONE_AT[state]
    return done if has_party_step or done < 3 else done - 1


def move_of(state: State, step: Step, *, has_party_step: bool) -> Move:
    """Raises NotAllowed, which says what comes next instead."""
    found = moves_of(state, has_party_step=has_party_step)
    if step not in found:
        coming = next((s for s in found if s in WAY), None)
        hint = f"下一步是“{STEP_LABELS[coming]}”。" if coming else ""
        raise NotAllowed(f"现在是“{LABELS[state]}”，不能跳到“{STEP_LABELS[step]}”。{hint}")
    return found[step]

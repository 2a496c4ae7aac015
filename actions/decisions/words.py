"""A decision in sentences: where it stands, what is next, how a meeting went, who may undo it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from actions.cases.models import Case
from actions.cases.status import LABELS as CASE_LABELS
from actions.decisions.bodies import body_of, number_said
from actions.decisions.matters import matter_of
from actions.decisions.models import Decision, DecisionStep, Meeting
from actions.decisions.status import LABELS, STEP_LABELS, State, Step, done_at, way
from actions.decisions.steps import on_the_way
from knowledge.clock import SHANGHAI

# What comes next, as residents read it; {body}, {days} are filled in.
_NEXT = {
    State.proposed: "两委商议",
    State.discussed: "党员审议",
    State.deliberated: "法律工作者看过合不合法，再提前通知{body}开会",
    State.noticed: "开会表决，当场数票",
    State.not_held: "可以再通知一次，重新开会",
    State.resolved: "把决议贴出来公开，至少15天",
    State.failed: "没有了。以后还可以重新提",
    State.published: "交给单位去办",
    State.carrying_out: "办完以后公开结果，至少15天",
    State.result_published: "没有了。对结果有疑问，可以问村务监督委员会",
    State.suspended: "等法律工作者或者上级说可以接着办",
    State.annulled: "没有了",
}
# Which articles let somebody whom a decision injures have it undone, by who decided.
_UNDO = {
    "village": "村民委员会组织法第四十一条",
    "residents": "城市居民委员会组织法第四十条",
    "collective": "农村集体经济组织法第五十七条：知道之日起一年内，最长五年；民法典第二百六十五条",
}
_CORRECTED_BY = {
    "village": "乡镇人民政府（村民委员会组织法第三十一条）",
    "residents": "街道办事处（城市居民委员会组织法第三十一条）",
    "collective": "乡镇人民政府或者县级农业农村部门（农村集体经济组织法第六十一条）",
}


@dataclass(frozen=True)
class Line:
    """A step of the way, as a page shows it: what it is, when it was, what is known of it."""

    name: str
    when: str
    said: tuple[str, ...]
    is_past: bool = False
    is_now: bool = False


def says_day(day: date | datetime) -> str:
    """12月5日, in Shanghai."""
    local = day.astimezone(SHANGHAI) if isinstance(day, datetime) else day
    return f"{local.month}月{local.day}日"


def where_it_stands(session: Session, decision: Decision) -> str:
    """A few sentences: which step, how the meeting went, until when it hangs out, what is next."""
    total = len(way(has_party_step=decision.has_party_step))
    said = [f"“{decision.title}”（{decision.number}）"]
    if decision.state in (State.suspended, State.annulled):
        reason = _last(decision, Step.suspend if decision.state is State.suspended else Step.annul)
        said[0] += f"{LABELS[decision.state]}。"
        said += [f"原因：{_ended(reason.words)}"] if reason else []
    else:
        at = done_at(decision.state, has_party_step=decision.has_party_step)
        said[0] += f"走到第{at}步，一共{total}步：{LABELS[decision.state]}。"
    said += _facts(session, decision)
    return "".join([*said, f"下一步：{next_of(decision)}。"])


def next_of(decision: Decision) -> str:
    if decision.state is State.discussed and not decision.has_party_step:
        return _NEXT[State.deliberated].format(body=body_of(decision.body).name)
    return _NEXT[decision.state].format(body=body_of(decision.body).name)


def _facts(session: Session, decision: Decision) -> list[str]:
    past = {step.step: step for step in on_the_way(decision)}
    found = []
    if decision.state is State.noticed and (notice := past.get(Step.notice)):
        meeting = session.get(Meeting, notice.meeting_id)
        found += [f"{says_moment(meeting.held_at)}在{meeting.spot}开{body_of(decision.body).name}。"] if meeting else []
    elif step := past.get(Step.meet):
        found.append(f"{says_day(step.on_day)}{body_of(decision.body).name}，{met(step)}。")
    if (step := past.get(Step.publish)) and decision.state is State.published and step.posted_to:
        found.append(f"决议公示到{says_day(step.posted_to)}。")
    if decision.state is State.carrying_out:
        found += [f"{task_of(session, step)}。" for step in decision.steps if step.step is Step.carry][-2:]
    if (step := past.get(Step.result)) and decision.state is State.result_published:
        found.append(_ended(step.words))
    return found


def met(step: DecisionStep) -> str:
    """应到36人，到会29人，27人同意，通过了"""
    f = step.figures
    if f.get("base") is None:
        return ""
    unit = number_said(f["base"]).unit
    said = f"应到{f['entitled']}{unit}，到会{f['counted']}{unit}"
    if f.get("passed") is None:
        return f"{said}，没到{f['to_begin']}{unit}，没开成，不算数" if f.get("to_begin") else f"{said}，没开成，不算数"
    return f"{said}，{f['yes']}票同意，{'通过了' if f['passed'] else '没有通过'}"


def task_of(session: Session, step: DecisionStep) -> str:
    """柳河镇城建办，最晚3月31日，办理中"""
    case = session.get(Case, step.case_id) if step.case_id else None
    due = says_day(date.fromisoformat(step.figures["due_on"])) if step.figures.get("due_on") else ""
    state = f"，{CASE_LABELS[case.status].removesuffix('，等您确认')}" if case else ""
    return f"{step.figures.get('unit', '')}去办，最晚{due}办完{state}"


def says_moment(moment: datetime) -> str:
    local = moment.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日{local:%H:%M}"


def undoing(decision: Decision) -> str:
    """One line on every decision's page: who may undo it, with the articles."""
    committee = body_of(decision.body).committee
    undo, corrected_by = _UNDO[committee], _CORRECTED_BY[committee]
    return f"您要是认为这个决定侵害了您的合法权益，可以请人民法院撤销（{undo}），也可以请{corrected_by}责令改正。"


def lines(session: Session, decision: Decision) -> list[Line]:
    """Its way, past, now and to come."""
    past: dict[Step, list[DecisionStep]] = {}
    for step in on_the_way(decision):
        past.setdefault(step.step, []).append(step)
    steps = way(has_party_step=decision.has_party_step)
    state = decision.before if decision.state is State.suspended else decision.state
    at = _furthest(past, steps) if state is None or state is State.annulled else _at(decision, state)
    return [
        Line(
            name=STEP_LABELS[step],
            when=says_day(past[step][-1].on_day) if past.get(step) else "",
            said=tuple(line for row in past.get(step, []) for line in _dated(session, decision, row, past[step])),
            is_past=place < at,
            is_now=place == at and decision.state not in (State.annulled, State.suspended, State.failed),
        )
        for place, step in enumerate(steps)
    ]


def _dated(session: Session, decision: Decision, row: DecisionStep, rows: list[DecisionStep]) -> list[str]:
    """Of several meetings each says its day: the first one's numbers aren't the second one's."""
    said = _said(session, decision, row)
    if row.step is not Step.meet or len(rows) < 2 or not said:
        return said
    return [f"{says_day(row.on_day)}：{said[0]}", *said[1:]]


def _at(decision: Decision, state: State) -> int:
    return done_at(state, has_party_step=decision.has_party_step)


def _furthest(past: dict[Step, list[DecisionStep]], steps: tuple[Step, ...]) -> int:
    return max((place + 1 for place, step in enumerate(steps) if step in past), default=0)


def _said(session: Session, decision: Decision, row: DecisionStep) -> list[str]:
    """What residents read of a step; who sat there with which interest stays in the minutes."""
    f = row.figures
    if row.step is Step.propose:
        return [f"从哪儿来：{decision.source}"]
    if row.step is Step.discuss:
        return [f"到会{f['present']}人，利害关系都报过了。"]
    if row.step is Step.deliberate:
        return [f"党员应到{f['entitled']}人，到会{f['present']}人，{f['yes']}人同意。"]
    if row.step is Step.notice:
        return _notice_said(session, row)
    if row.step is Step.meet:
        return row.words.splitlines()
    if row.step is Step.carry:
        return _carry_said(session, decision, row)
    posted = (
        f"公开栏从{says_day(row.posted_from)}贴到{says_day(row.posted_to)}。"
        if row.posted_from and row.posted_to
        else ""
    )
    money = f"收到{f['yuan_in']:,}元，花了{f['yuan_out']:,}元。" if "yuan_out" in f else ""
    return [line for line in (row.words, money, posted) if line]


def _notice_said(session: Session, row: DecisionStep) -> list[str]:
    meeting = session.get(Meeting, row.meeting_id) if row.meeting_id else None
    if meeting is None:
        return []
    said = [f"{says_day(meeting.notice_on)}通知，{says_moment(meeting.held_at)}在{meeting.spot}开会。"]
    return [*said, f"临时通知，因为：{meeting.special}"] if meeting.is_special else said


def _carry_said(session: Session, decision: Decision, row: DecisionStep) -> list[str]:
    matter, f = matter_of(decision.matter), row.figures
    said = [row.words, f"{task_of(session, row)}。"]
    said += [f"预算{f['yuan']:,}元。"] if f.get("yuan") else []
    said += [f"{matter.approval}：{f['approved']}"] if f.get("approved") else []
    return [*said, f"{matter.filing}：{f['filed']}"] if f.get("filed") else said


def _last(decision: Decision, step: Step) -> DecisionStep | None:
    return next((s for s in reversed(decision.steps) if s.step is step), None)


def _ended(text: str) -> str:
    return text if text.endswith(("。", "！", "？")) else f"{text}。"

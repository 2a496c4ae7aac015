"""What is late or odd in the affairs of villages, as a table for who oversees them: which thing and since when, never
who asked, applied or was asked for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from actions.checkup import corrections
from actions.checkup.models import Correction
from actions.checkup.status import STANDS
from actions.decisions.models import Decision, DecisionStep
from actions.decisions.status import LABELS as DECISION_LABELS
from actions.decisions.status import State, Step
from actions.demands import log
from actions.deputies import service as deputies
from actions.deputies.models import Deputy, DeputyQuestion
from actions.disclosure import listing as disclosures
from actions.disclosure.models import Disclosure, DisclosureQuestion
from actions.disclosure.words import name_of
from actions.events import questions as event_questions
from actions.helpers.models import Referral
from actions.helpers.status import LABELS as REFERRAL_LABELS
from actions.helpers.status import WAITS
from actions.joint import meetings, tasks
from actions.roster import listing as roster
from actions.roster import voiding
from actions.topics.models import Topic
from actions.topics.status import LABELS as TOPIC_LABELS
from actions.topics.status import OWED, TopicState
from knowledge.clock import SHANGHAI

COLUMNS = ("村", "哪一类", "哪一件", "该哪天", "过了几天", "现在")
_MOST = 500  # of a kind
_DEMANDS = timedelta(days=31)
_SLIPS_WAIT = timedelta(days=5)  # a wish about a slip that nobody decided; our setting


@dataclass(frozen=True)
class Row:
    """`due`: None where it presses by no day. `href`: in the console."""

    place: str
    kind: str
    what: str
    due: date | None
    days: int
    stands: str
    href: str


def cells(rows: Sequence[Row], names: dict[str, str]) -> list[tuple[object, ...]]:
    """Under `COLUMNS`."""
    return [
        (names.get(row.place, row.place), row.kind, row.what, row.due or "", row.days or "", row.stands) for row in rows
    ]


def of_township(session: Session, places: list[str], now: datetime) -> list[Row]:
    """In the order of their kinds, the longest overdue first."""
    today = now.astimezone(SHANGHAI).date()
    kinds = (
        _topics(session, places, today),
        _decisions(session, places, today),
        _duties(session, places, now),
        _questions(session, places, now),
        _slips(session, places, now),
        _referrals(session, places, now),
        _demands(session, places, today),
    )
    return [row for kind in kinds for row in sorted(kind, key=lambda row: -row.days)]


def _topics(session: Session, places: list[str], today: date) -> Iterator[Row]:
    raised = (Topic.state == TopicState.raised) & (Topic.answer_due_on < today)
    owed = Topic.state.in_(OWED) & (Topic.result_due_on < today)
    own = select(Topic).where(Topic.place_id.in_(places), or_(raised, owed)).limit(_MOST)
    for topic in session.scalars(own):
        due = topic.answer_due_on if topic.state is TopicState.raised else topic.result_due_on
        assert due
        # What nobody has screened may name somebody: by its number alone.
        what = topic.number if topic.state is TopicState.raised else f"{topic.title}（{topic.number}）"
        href = f"/staff/village/topics/{topic.id}"
        yield Row(topic.place_id, "议题到期没有答复", what, due, (today - due).days, TOPIC_LABELS[topic.state], href)


def _decisions(session: Session, places: list[str], today: date) -> Iterator[Row]:
    """Handed to a unit whose day is over, and no result was made public."""
    own = (Decision.place_id.in_(places), Decision.state == State.carrying_out, DecisionStep.step == Step.carry)
    due: dict[int, date] = {}
    found = session.execute(select(Decision, DecisionStep).join(DecisionStep).where(*own)).all()
    for decision, step in found:
        if said := step.figures.get("due_on"):
            due[decision.id] = max(due.get(decision.id, date.min), date.fromisoformat(said))
    for decision in {decision.id: decision for decision, _ in found}.values():
        if (day := due.get(decision.id)) and day < today:
            what, href = f"{decision.title}（{decision.number}）", f"/staff/village/decisions/{decision.id}"
            stands = DECISION_LABELS[decision.state]
            yield Row(decision.place_id, "决定到期没有公开结果", what, day, (today - day).days, stands, href)


def _duties(session: Session, places: list[str], now: datetime) -> Iterator[Row]:
    for one in disclosures.for_township(session, places, now):
        what, href = f"{one.title}（{one.period_name}）", f"/staff/village/disclosure/{one.id}"
        yield Row(one.place_id, "该公开没有公开", what, one.due_on, one.days, "还没有公布", href)


def _questions(session: Session, places: list[str], now: datetime) -> Iterator[Row]:
    """Asked in public and not answered by the day that was promised; the words stay in the console."""
    today = now.astimezone(SHANGHAI).date()
    late = (DisclosureQuestion.answered_at.is_(None), DisclosureQuestion.due_at < now, Disclosure.place_id.in_(places))
    asked = select(DisclosureQuestion, Disclosure).join(Disclosure, Disclosure.id == DisclosureQuestion.disclosure_id)
    for question, item in session.execute(asked.where(*late).limit(_MOST)):
        due, href = question.due_at.astimezone(SHANGHAI).date(), f"/staff/village/disclosure/{item.id}"
        yield Row(item.place_id, "提问到期没有答复", name_of(item), due, (today - due).days, "等答复", href)
    for event, count in event_questions.owed(session, places, now):
        by = event_questions.answer_by(event)
        if by is not None and by < today:
            what, href = f"{event.title}，{count}个问题", f"/staff/village/events/{event.id}"
            yield Row(event.place_id, "提问到期没有答复", what, by, (today - by).days, "等答复", href)
    open_ones = (Deputy.place_id.in_(places), DeputyQuestion.answered_at.is_(None), DeputyQuestion.due_on < today)
    rows = select(DeputyQuestion, Deputy).join(Deputy, Deputy.id == DeputyQuestion.deputy_id).where(*open_ones)
    for asked_of, deputy in session.execute(rows.limit(_MOST)):
        if deputies.is_late(asked_of, now):
            days, what = (today - asked_of.due_on).days, f"问{deputies.KINDS[deputy.kind]}的第{asked_of.id}号"
            href = "/staff/village/deputies"
            yield Row(deputy.place_id, "提问到期没有答复", what, asked_of.due_on, days, "等答复", href)


def _slips(session: Session, places: list[str], now: datetime) -> Iterator[Row]:
    href = "/staff/village/roster/log"
    counts: dict[str, int] = {}
    for slip in roster.unexplained(session, places):
        counts[slip.participant.place_id] = counts.get(slip.participant.place_id, 0) + 1
    for place, count in counts.items():
        yield Row(place, "参与码", f"{count}张有人用了，没登记是谁发的", None, 0, "等监督委员问清楚", href)
    for wish in voiding.waiting(session, places):
        if (days := (now - wish.at).days) > _SLIPS_WAIT.days:
            yield Row(wish.place_id, "参与码", f"第{wish.id}号作废或换发", None, days, "等第二个人确认", href)


def _referrals(session: Session, places: list[str], now: datetime) -> Iterator[Row]:
    own = (Referral.place_id.in_(places), Referral.state.in_(WAITS), Referral.due_at < now)
    for row in session.scalars(select(Referral).where(*own).order_by(Referral.due_at).limit(_MOST)):
        assert row.due_at
        due, href = row.due_at.astimezone(SHANGHAI).date(), f"/staff/village/people/referrals/{row.id}"
        stands = REFERRAL_LABELS[row.state]
        yield Row(row.place_id, "找人帮忙没有回话", f"第{row.id}号", due, (now - row.due_at).days, stands, href)


def _demands(session: Session, places: list[str], today: date) -> Iterator[Row]:
    """Of the last month, by who asked: papers that no village gives, work for which nobody named a ground."""
    counts: dict[tuple[str, str], int] = {}
    for row in log.listed(session, places, since=today - _DEMANDS, until=today):
        if log.is_odd(row):
            counts[row.place_id, row.asked_by] = counts.get((row.place_id, row.asked_by), 0) + 1
    for (place, unit), count in sorted(counts.items(), key=lambda pair: -pair[1]):
        said = f"一个月里{count}次：不该村里开的证明，或者没说依据的活"
        yield Row(place, "要的证明和派的活", f"{unit}，{said}", None, 0, "请和这个单位说", "/staff/village/demands")


def of_county(session: Session, places: list[str] | None, now: datetime) -> list[Row]:
    """What units owe: corrections after a 复议 and tasks of joint meetings past their day, and who stayed away."""
    today = now.astimezone(SHANGHAI).date()
    late = [row for row in corrections.of_places(session, places) if corrections.is_late(row, today)]
    found = [_correction(row, today) for row in late]
    for task in tasks.late(session, places, now):
        days, href = (today - task.due_on).days, f"/staff/village/joint/{task.meeting_id}"
        what = f"{task.team.name}：{task.meeting.title}，第{task.id}项"
        found.append(Row(task.meeting.place_id, "联席的活到期没办", what, task.due_on, days, "还没办完", href))
    for absent in meetings.often_absent(session, places, now):
        what = f"{absent.team.name}，一年里{absent.times}次没来"
        found.append(Row(absent.team.place_id or "", "联席常缺席", what, None, 0, "", "/staff/village/joint"))
    return found


def _correction(row: Correction, today: date) -> Row:
    days, href = (today - row.due_on).days, f"/staff/village/checkup/corrections#correction-{row.id}"
    return Row(
        row.place_id, "复议以后到期没有纠正", f"{row.unit}，第{row.id}号", row.due_on, days, STANDS[row.state], href
    )

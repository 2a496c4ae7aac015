"""村务月报: a month of a village on one page, from what anybody may read anyway: nothing of it is new to the public."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from actions.bookings.models import Opening
from actions.decisions import listing as decisions
from actions.decisions import words as decision_words
from actions.decisions.models import Decision, DecisionStep
from actions.decisions.status import LABELS, STEP_LABELS, State, Step
from actions.decisions.steps import on_the_way
from actions.deputies.models import Deputy, DeputyQuestion
from actions.disclosure import listing as disclosures
from actions.disclosure.models import Disclosure, DisclosureQuestion
from actions.disclosure.status import READABLE
from actions.disclosure.words import name_of, short_state
from actions.errors import NotFound
from actions.events import questions as event_questions
from actions.events import words as event_words
from actions.events.models import EventQuestion
from actions.points import sheets
from actions.points.models import PointSheet
from actions.projects import reading
from actions.projects.models import Project, ProjectStage
from actions.topics import words as topic_words
from actions.topics.models import Topic
from actions.topics.status import PUBLIC, TopicState
from knowledge.clock import SHANGHAI

MOST_LINES = 8  # of a part, so that the month stays on one sheet of A4
_FIRST_YEAR = 2020
_MOST_READ = 300
_LONG = 70  # characters of a result: the whole stands on its own page


@dataclass(frozen=True)
class Line:
    """`href`: under /v/<village>/, "" where there is no page of its own. `is_late`: something is owed."""

    text: str
    href: str = ""
    note: str = ""
    is_late: bool = False


@dataclass(frozen=True)
class Part:
    """`lines`: at most `MOST_LINES`, what is owed first; `more`: how many are left out, to be read at `href`."""

    title: str
    href: str
    lines: tuple[Line, ...]
    more: int = 0


@dataclass(frozen=True)
class Month:
    """A calendar month in Shanghai, both days included."""

    first: date
    last: date

    @property
    def code(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def name(self) -> str:
        return f"{self.first.year}年{self.first.month}月"

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(), SHANGHAI)

    @property
    def end(self) -> datetime:
        """The first moment that isn't in it."""
        return datetime.combine(self.last + timedelta(days=1), time(), SHANGHAI)

    def has(self, moment: datetime | None) -> bool:
        return moment is not None and self.start <= moment < self.end

    @property
    def before(self) -> "Month":
        return month_of(self.first - timedelta(days=1))

    @property
    def after(self) -> "Month":
        return month_of(self.last + timedelta(days=1))


def month_of(day: date) -> Month:
    first = day.replace(day=1)
    return Month(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def named(code: str, now: datetime) -> Month:
    """2026-11. Raises NotFound for what is no month, is to come, or lies before there was anything."""
    match = re.fullmatch(r"(\d{4})-(\d{2})", code, re.ASCII)
    today = now.astimezone(SHANGHAI).date()
    if match and 1 <= int(match[2]) <= 12 and _FIRST_YEAR <= int(match[1]) <= today.year:
        found = month_of(date(int(match[1]), int(match[2]), 1))
        if found.first <= today:
            return found
    raise NotFound("没有这个月的月报，请从“月报”里点进去。")


def parts(session: Session, place: str, month: Month, now: datetime) -> list[Part]:
    """Those that have something in them, in the order of the page. What is owed is told as it stands at `now`."""
    found = (
        _part("大家议的事", "topics", _topics(session, place, month, now)),
        _part("村里定的事", "decisions", _decisions(session, place, month)),
        _part("公布了什么", "open", _disclosures(session, place, month, now)),
        _part("项目走到哪一步", "projects", _projects(session, place, month)),
        _part("积分", "points", _points(session, place, month)),
        _part("活动", "events", _events(session, place, month, now)),
        _part("大家问的，村里答的", "", _questions(session, place, month, now)),
    )
    return [part for part in found if part is not None]


def _part(title: str, href: str, lines: Iterator[Line]) -> Part | None:
    found = sorted(lines, key=lambda line: not line.is_late)
    if not found:
        return None
    return Part(title, href, tuple(found[:MOST_LINES]), max(0, len(found) - MOST_LINES))


def _topics(session: Session, place: str, month: Month, now: datetime) -> Iterator[Line]:
    own = (Topic.place_id == place, Topic.state.in_(PUBLIC), Topic.opens_at < month.end)
    for topic in session.scalars(select(Topic).where(*own).order_by(Topic.id.desc()).limit(_MOST_READ)):
        said = _topic_said(topic, month, now)
        due = topic.result_due_on
        is_late = topic_words.is_overdue(topic, now) and due is not None and due <= month.last
        if said or is_late:
            state = topic_words.state_of(topic, now)
            yield Line(topic.title, f"y{topic.ordinal}", f"{_ended(said)}现在：{state}" if said else state, is_late)


def _topic_said(topic: Topic, month: Month, now: datetime) -> str:
    """What happened to it in this month; "" for nothing. A result that is put away isn't told."""
    if month.has(topic.result_at):
        if topic.seal_broken_at or topic.state is TopicState.suspended:
            return "公布过结果"
        return f"公布了结果：{_short(topic.result)}"
    if topic.state is TopicState.to_meeting and month.has(topic.updated_at):
        return "交会议决定"
    if month.has(topic.opens_at):
        assert topic.opens_at
        return f"{topic_words.day_of(topic.opens_at.astimezone(SHANGHAI).date())}开始征求意见"
    is_closed = topic.closes_at is not None and topic.closes_at <= now
    return "征求意见截止了" if is_closed and month.has(topic.closes_at) else ""


def _ended(said: str) -> str:
    return said if said.endswith(("。", "！", "？", "…")) else f"{said}。"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONG else f"{line[:_LONG]}……"


def _decisions(session: Session, place: str, month: Month) -> Iterator[Line]:
    for decision in decisions.latest(session, place, _MOST_READ):
        steps = [step for step in _told(decision) if month.first <= step.on_day <= month.last]
        if not steps:
            continue
        said = [f"{decision_words.says_day(step.on_day)}{_step_said(step)}" for step in steps]
        note = f"{'；'.join(said)}。现在：{LABELS[decision.state]}。下一步：{decision_words.next_of(decision)}"
        is_stopped = decision.state in (State.suspended, State.annulled)
        yield Line(f"{decision.title}（{decision.number}）", f"decisions/{decision.slug}", note, is_stopped)


def _told(decision: Decision) -> list[DecisionStep]:
    """Its way, and what stopped it or let it go on: all that its page says."""
    beside = (Step.suspend, Step.resume, Step.annul)
    told = [*on_the_way(decision), *(step for step in decision.steps if step.step in beside)]
    return sorted(told, key=lambda step: step.id)


def _step_said(step: DecisionStep) -> str:
    met = decision_words.met(step) if step.step is Step.meet else ""
    return f"{STEP_LABELS[step.step]}（{met}）" if met else STEP_LABELS[step.step]


def _disclosures(session: Session, place: str, month: Month, now: datetime) -> Iterator[Line]:
    late = [one for one in disclosures.missing(session, place, now) if one.due_on <= month.last]
    for group in disclosures.by_period(late):
        what = group[0].title if len(group) == 1 else f"{len(group)}项"
        yield Line(f"{group[0].period_name}的{what}", "open#missing", f"过了{group[0].days}天还没有公布", is_late=True)
    posted = (Disclosure.posted_on >= month.first, Disclosure.posted_on <= month.last, Disclosure.place_id == place)
    own = select(Disclosure).where(*posted, Disclosure.state.in_(READABLE))
    for item in session.scalars(own.order_by(Disclosure.posted_on.desc(), Disclosure.id.desc()).limit(_MOST_READ)):
        assert item.posted_on
        said = [f"{item.posted_on.month}月{item.posted_on.day}日公布"]
        if item.due_on and (days := (item.posted_on - item.due_on).days) > 0:
            said.append(f"晚了{days}天")
        said.append("更正了以前的一份" if item.version > 1 else short_state(item))
        yield Line(name_of(item), f"open/{item.id}", "，".join(part for part in said if part))


def _projects(session: Session, place: str, month: Month) -> Iterator[Line]:
    for project in reading.public(session, place):
        new = [line.name for line in reading.lines(project) if any(_in(row.on_day, month) for row in line.rows)]
        if new:
            said = [f"这个月：{'、'.join(new)}。{reading.stands(project)}。", *reading.warnings(project)]
            yield Line(f"{project.title}（{project.number}）", f"projects/{project.slug}", "".join(said))


def _in(day: date, month: Month) -> bool:
    return month.first <= day <= month.last


def _points(session: Session, place: str, month: Month) -> Iterator[Line]:
    """As the month's sheet was posted: lines below ten times stand together there already."""
    sheet = next((one for one in sheets.sheets_of(session, place, 240) if one.month == month.code), None)
    if sheet is None:
        return
    figures = sheets.read(sheet.figures)
    for name, rows in (("加分", figures.earned), ("兑换", figures.spent)):
        if rows:
            yield Line(name, f"points/{sheet.month}", _total_said(rows))


def _total_said(rows: Sequence[sheets.Row]) -> str:
    """The line of the totals; without one, how often the rest was, in its own words."""
    last = rows[-1]
    if last.title == "合计":
        return f"一共{last.times}次，{last.points}分"
    return "；".join(f"{row.title}{row.times}次" for row in rows)


def _events(session: Session, place: str, month: Month, now: datetime) -> Iterator[Line]:
    own = (Opening.kind != "", Opening.place_id == place, Opening.starts_at >= month.start)
    rows = session.scalars(select(Opening).where(*own, Opening.starts_at < month.end).order_by(Opening.starts_at))
    for event in rows.all():
        yield Line(event.title, f"h{event.id}", f"{event_words.when(event)}，{event_words.stands(event, now)}")


def _questions(session: Session, place: str, month: Month, now: datetime) -> Iterator[Line]:
    """What was asked, as it stands in public without who asked; then what nobody has answered in time."""
    yield from _answered(
        session, month, DisclosureQuestion, DisclosureQuestion.disclosure_id, Disclosure, place, "open/"
    )
    yield from _answered(session, month, EventQuestion, EventQuestion.opening_id, Opening, place, "h")
    yield from _deputies_asked(session, place, month)
    late = (Disclosure.place_id == place, DisclosureQuestion.answered_at.is_(None), DisclosureQuestion.due_at < now)
    owed = select(DisclosureQuestion.id).join(Disclosure, Disclosure.id == DisclosureQuestion.disclosure_id)
    count = len(session.scalars(owed.where(*late, DisclosureQuestion.due_at < month.end)).all())
    if count:
        yield Line(f"有{count}个关于公开的提问", "open", "过了答复的日子还没有答", is_late=True)
    for event, number in event_questions.owed(session, [place], now):
        by = event_questions.answer_by(event)
        if by is not None and by < now.astimezone(SHANGHAI).date() and by <= month.last:
            yield Line(f"“{event.title}”上有{number}个问题", f"h{event.id}", "过了答复的日子还没有答", is_late=True)


def _answered(
    session: Session,
    month: Month,
    question: type[DisclosureQuestion] | type[EventQuestion],
    key: InstrumentedAttribute[int],
    of: type[Disclosure] | type[Opening],
    place: str,
    at: str,
) -> Iterator[Line]:
    """`key`: what of `question` names a row of `of`. `at`: how an address of such a row begins."""
    within = (question.is_public, question.answered_at >= month.start, question.answered_at < month.end)
    asked = select(question.shown_text, of.id).join(of, of.id == key).where(of.place_id == place, *within)
    for text, number in session.execute(asked.order_by(question.id).limit(_MOST_READ)):
        yield Line(f"问：{_short(text)}", f"{at}{number}", "答了")


def _deputies_asked(session: Session, place: str, month: Month) -> Iterator[Line]:
    own = (Deputy.place_id == place, DeputyQuestion.state == "answered", DeputyQuestion.answered_at < month.end)
    asked = select(DeputyQuestion.text).join(Deputy, Deputy.id == DeputyQuestion.deputy_id).where(*own)
    for text in session.scalars(asked.where(DeputyQuestion.answered_at >= month.start).order_by(DeputyQuestion.id)):
        yield Line(f"问代表：{_short(text)}", "deputies", "答了")


def has_any(session: Session, place: str, month: Month) -> bool:
    """Whether the month has something of its own: then it is offered. Asked for every page, so rows are only sought."""
    day = DecisionStep.on_day.between(month.first, month.last)
    seen = or_(Decision.cleared_at.is_not(None), Decision.state == State.noticed)
    topic = (Topic.place_id == place, Topic.state.in_(PUBLIC))
    asked = (
        select(Disclosure.id).where(
            Disclosure.place_id == place,
            Disclosure.state.in_(READABLE),
            Disclosure.posted_on.between(month.first, month.last),
        ),
        *(
            select(Topic.id).where(*topic, moment >= month.start, moment < month.end)
            for moment in (Topic.opens_at, Topic.result_at)
        ),
        select(DecisionStep.id)
        .join(Decision)
        .where(Decision.place_id == place, seen, day, DecisionStep.confirmed_at.is_not(None)),
        select(Opening.id).where(
            Opening.place_id == place,
            Opening.kind != "",
            Opening.starts_at >= month.start,
            Opening.starts_at < month.end,
        ),
        select(ProjectStage.id)
        .join(Project)
        .where(
            Project.place_id == place,
            ProjectStage.confirmed_at.is_not(None),
            ProjectStage.on_day.between(month.first, month.last),
        ),
        select(PointSheet.month).where(PointSheet.place_id == place, PointSheet.month == month.code),
    )
    return any(session.scalar(one.limit(1)) is not None for one in asked)

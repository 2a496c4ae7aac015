"""议题 in the console: the list with the one next step, a topic with all that can be done to it, its papers."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from actions.errors import ActionError, InvalidInput, NotAllowed, NotFound
from actions.topics import listing, opinions, raising, words
from actions.topics.counting import paper
from actions.topics.lists import lists
from actions.topics.models import Opinion, Topic, TopicEvent
from actions.topics.statements import result as statements
from actions.topics.statements import writing
from actions.topics.status import LABELS, OWED, TopicState
from actions.topics.steps import result
from actions.topics.steps.moves import get
from bot.staff import rights
from bot.web.affairs.subject import Subject, Todo
from bot.web.affairs.topics import doorstep
from bot.web.affairs.topics.deeds import DEEDS, Doing
from bot.web.affairs.where import village_asked, villages_of
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404
from knowledge.clock import SHANGHAI

router = APIRouter(prefix="/staff/village/topics")
_all = APIRouter()

_OVER = (TopicState.referred, TopicState.merged, TopicState.refused, TopicState.done, TopicState.to_meeting)


def waiting(at: Seat) -> list[Todo]:
    """What the one who sits here has to do about topics of their place."""
    now = datetime.now(UTC)
    found: list[Todo] = []
    for topic in listing.of_villages(at.session, [village.id for village in villages_of(at)]):
        if todo := _todo(at, topic, now):
            found.append(todo)
    return found


def _todo(at: Seat, topic: Topic, now: datetime) -> Todo | None:
    href, late = f"/staff/village/topics/{topic.id}", words.is_overdue(topic, now)
    if topic.seal_broken_at and at.staff.can("oversee"):
        return Todo(f"投票记录核对不上，结果已收起：{topic.title}", href, is_late=True)
    if topic.pending and at.staff.can("oversee") and topic.pending_by != at.staff.id:
        return Todo(f"等您确认（{_PENDING[topic.pending]}）：{topic.title}", href, is_late=late)
    if topic.legality == "pending" and at.staff.can("clear") and topic.state not in _OVER:
        return Todo(f"请看法律上能不能问：{topic.title}", href)
    if at.staff.can("oversee") and (box := _box_to_count(at, topic)):
        return Todo(f"请您再点一遍第 {box} 箱纸票：{topic.title}", href, _boxes_until(topic))
    if at.staff.can("clear") and topic.state is TopicState.open and _flagged(at, topic):
        return Todo(f"有一句话请看法律上能不能让大家表态：{topic.title}", href)
    if late and at.staff.can("oversee"):
        return Todo(f"到期没有公布结果：{topic.title}", href, words.day_of(topic.result_due_on), is_late=True)
    if at.staff.can("oversee") and (count := _surge(at, topic, now)):
        return Todo(f"一小时来了 {count} 条没用参与码的意见，留意是不是有人刷：{topic.title}", href)
    return _writers_todo(at, topic, now, href) if at.staff.can("write") else None


_PENDING = {"open": "开始征求意见", "refused": "不列入", "result": "公布结果"}


def _box_to_count(at: Seat, topic: Topic) -> int | None:
    """A box that somebody else counted and nobody yet counted again."""
    if topic.state is not TopicState.counting or topic.tallied_at:
        return None
    rows = (row for row in paper.boxes_of(at.session, topic) if not row.confirmed_by and row.by != at.staff.id)
    return next((row.box for row in rows), None)


def _boxes_until(topic: Topic) -> str:
    assert topic.closes_at
    return f"{words.day_of((topic.closes_at + paper.WITHIN).astimezone(SHANGHAI).date())}前"


def _surge(at: Seat, topic: Topic, now: datetime) -> int:
    is_open = topic.state is TopicState.open
    return opinions.surge(at.session, topic, since=now - timedelta(hours=1)) if is_open else 0


def _writers_todo(at: Seat, topic: Topic, now: datetime, href: str) -> Todo | None:
    today = now.astimezone(SHANGHAI).date()
    if topic.state is TopicState.raised and not topic.pending:
        until = words.day_of(topic.answer_due_on)
        return Todo(f"列不列入：{topic.title}", href, f"{until}前", is_late=today > topic.answer_due_on)
    if topic.state is TopicState.counting and not topic.tallied_at and topic.boxes:
        is_typed = len(paper.boxes_of(at.session, topic)) >= topic.boxes
        what = "纸票录好了，等另一个人再点一遍" if is_typed else "点纸票"
        return Todo(f"{what}：{topic.title}", href, _boxes_until(topic))
    if topic.state in OWED and not topic.pending:
        until = words.day_of(topic.result_due_on)
        return Todo(f"写答复和结果：{topic.title}", href, f"{until}前", is_late=words.is_overdue(topic, now))
    if topic.state is TopicState.agenda and not topic.pending:
        return Todo(f"准备征求意见：{topic.title}", href)
    if topic.state is TopicState.open and (left := len(listing.waiting_opinions(at.session, topic))):
        return Todo(f"{left} 条意见等着看：{topic.title}", href)
    return None


def next_step(topic: Topic, now: datetime) -> str:
    """The one next step and its day, as the list has it."""
    if topic.pending:
        return f"等监委会确认（{_PENDING[topic.pending]}）"
    if topic.legality == "pending" and topic.state not in _OVER:
        return "等法律工作者看"
    return words.state_of(topic, now)


@router.get("", response_class=HTMLResponse)
def show(at: Annotated[Seat, seat("village")], place: str = "", done: str = "") -> Response:
    return _board(at, place, done="提上来了。" if done else "")


def _board(at: Seat, place: str, **more: Any) -> HTMLResponse:
    village, now = village_asked(at, place), datetime.now(UTC)
    rows = [(topic, next_step(topic, now)) for topic in listing.of_villages(at.session, [village.id])]
    return at.page(
        "village/topics/board.html",
        status=422 if more.get("problem") else 200,
        village=village,
        villages=villages_of(at),
        rows=[row for row in rows if row[0].state not in _OVER],
        over=[row for row in rows if row[0].state in _OVER],
        late={topic.id for topic, _ in rows if words.is_overdue(topic, now)},
        labels=LABELS,
        nonce=secrets.token_urlsafe(12),
        **more,
    )


@router.post("/raise")
def propose(at: Annotated[Form, form("write")]) -> Response:
    """What somebody said at the counter or on the telephone, or the committee's own."""
    village = village_asked(at, at.text("place", 40))
    key = f"staff-{at.staff.id}-{at.text('nonce', 40) or datetime.now(UTC).timestamp()}"
    try:
        topic = raising.raise_topic(
            at.session,
            place=village.id,
            text=at.text("text", 1000),
            conversation_id=None,
            by="clerk",
            key=key,
            now=datetime.now(UTC),
        )
        at.record("提出议题", topic.number)
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return _board(at, village.id, problem=error.message_zh)
    return at.back(f"/staff/village/topics/{topic.id}")


def held(at: Seat, topic_id: str) -> Topic:
    """Raises NotFound, NotAllowed outside one's own place."""
    topic = get(at.session, number_or_404(topic_id))
    rights.check_place(at.session, at.staff, topic.place_id)
    return topic


@router.get("/{topic_id}", response_class=HTMLResponse)
def one(at: Annotated[Seat, seat("village")], topic_id: str, done: str = "") -> Response:
    topic = held(at, topic_id)
    return _page(at, topic, done=DEEDS[done].done if done in DEEDS else "")


def _page(at: Seat, topic: Topic, **more: Any) -> HTMLResponse:
    now = datetime.now(UTC)
    events = select(TopicEvent).where(TopicEvent.topic_id == topic.id).order_by(TopicEvent.id.desc())
    may = {needs: at.staff.can(needs) for needs in ("write", "oversee", "clear")}
    return at.page(
        "village/topics/topic.html",
        status=422 if more.get("problem") else 200,
        topic=topic,
        state=words.state_of(topic, now),
        step=next_step(topic, now),
        is_late=words.is_overdue(topic, now),
        may=may,
        lists=lists(),
        methods=words.METHODS,
        bases=words.BASES,
        advice=words.advice(topic),
        circle=words.circle_of(topic),
        seeds=writing.seeds(at.session, topic) if writing.is_of(topic) else [],
        flagged=_flagged(at, topic),
        waiting_opinions=listing.waiting_opinions(at.session, topic),
        shown_opinions=_shown(at, topic),
        boxes=paper.boxes_of(at.session, topic),
        adoptions=result.ADOPTIONS,
        outcomes=result.OUTCOMES,
        tally=_told(at, topic) if topic.tallied_at and not topic.result_at else topic.shown,
        statements=statements.told(at.session, topic) if writing.is_of(topic) else None,
        unanswered=result.unanswered(at.session, topic) if topic.state in OWED else 0,
        tasks=result.where_it_stands(at.session, topic),
        case_ids=[task.get("case_id") for task in topic.tasks],
        events=list(at.session.scalars(events.limit(60))),
        loudspeaker=words.loudspeaker(topic, now) if topic.state is TopicState.open or topic.result_at else "",
        teams=at.teams(topic.place_id),
        nonce=secrets.token_urlsafe(12),
        **more,
    )


def _told(at: Seat, topic: Topic) -> list[str]:
    return statements.lines(at.session, topic) if writing.is_of(topic) else words.tally_lines(topic)


def _flagged(at: Seat, topic: Topic) -> dict[int, str]:
    """Waiting statements that the gate has doubts about, with what it says; a legal worker shows them."""
    if not writing.is_of(topic):
        return {}
    rows = listing.waiting_opinions(at.session, topic)
    return {row.id: why for row in rows if (why := writing.needs_law(row.text))}


def _shown(at: Seat, topic: Topic) -> Sequence[Opinion]:
    own = (Opinion.topic_id == topic.id, Opinion.state == "shown", Opinion.same_as_id.is_(None))
    return at.session.scalars(select(Opinion).where(*own, Opinion.source != writing.SEED).order_by(Opinion.id)).all()


@router.post("/{topic_id}/{do}")
def change(at: Annotated[Form, form("village")], topic_id: str, do: str) -> Response:
    """`do`: one of DEEDS; each asks for its own permission."""
    topic = held(at, topic_id)
    if (deed := DEEDS.get(do)) is None:
        raise NotFound("没有这个操作。")
    if not at.staff.can(deed.needs):
        raise NotAllowed("您的岗位没有这个权限。")
    number = topic.number
    try:
        at.record(deed.name, number)  # first: the deed commits by itself, and none is without its line
        deed.carry_out(Doing(at, topic, do))
        at.session.commit()
    except (InvalidInput, NotAllowed) as error:
        at.session.rollback()
        return _page(at, held(at, topic_id), problem=error.message_zh, refused=do)
    return at.back(f"/staff/village/topics/{topic_id}?done={do}")


@router.get("/{topic_id}/notice", response_class=HTMLResponse)
def notice(at: Annotated[Seat, seat("village")], topic_id: str) -> Response:
    """For the board, with strips to cut off: printed by the browser on A4."""
    topic = held(at, topic_id)
    if topic.opens_at is None or topic.closes_at is None:
        raise NotAllowed("开始征求意见以后才有告示。")
    address = f"{at.desk.settings.own_url}/v/{topic.place_id}/y{topic.ordinal}"
    overseers = rights.overseers(at.session, topic.place_id)
    return at.page(
        "village/topics/notice.html",
        topic=topic,
        village=village_asked(at, topic.place_id),
        no_vote=words.NO_VOTE,
        preparation=words.PREPARATION,
        method=words.METHODS[topic.method],
        basis=words.BASES[topic.basis],
        circle=words.circle_of(topic),
        result_day=words.day_of(topic.result_due_on),
        address=address,
        has_address=bool(at.desk.settings.public_url),
        picture=segno.make(address, error="m").svg_data_uri(scale=4, border=2),
        overseers=[staff.name for staff in overseers],
    )


_all.include_router(router)
_all.include_router(doorstep.router)

TOPICS = Subject(
    name="议题",
    href="/staff/village/topics",
    hint="大家提的事：列不列入、征求意见、点票、答复、落实",
    needs="village",
    waiting=waiting,
    router=_all,
)

"""村史 in the console: what people told, edited and handed to a second person, or declined with a reason."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from actions.errors import ActionError, NotAllowed, NotFound
from actions.history import telling
from actions.history.models import LABELS, Story, StoryState
from bot.staff import rights
from bot.web.affairs.subject import Subject, Todo
from bot.web.affairs.where import village_asked, villages_of
from bot.web.staff.desk import Form, Seat, form, seat
from bot.web.staff.typed import number_or_404
from knowledge.documents.versions import Person
from knowledge.places import Place

HOME = "/staff/village/history"
router = APIRouter(prefix=HOME)
VillageSeat = Annotated[Seat, seat("village")]

_DONE = {
    "hand-on": "交上去了：法律工作者或者管理员在“资料”里看过、发布以后，村里的页面和对话里就有了。",
    "decline": "没有收，讲的人打开自己的那一页能看到原因。",
}


def waiting(at: Seat) -> list[Todo]:
    if not at.staff.can("write"):
        return []
    names = {village.id: village.name for village in villages_of(at)}
    found = telling.waiting(at.session, list(names))
    return [Todo(f"{names[story.place_id]}：有人讲了一段村史，等整理", f"{HOME}/{story.id}") for story in found[:10]]


@router.get("", response_class=HTMLResponse)
def show(at: VillageSeat, place: str = "", done: str = "") -> Response:
    village = village_asked(at, place)
    return at.page(
        "village/history/list.html",
        done=_DONE.get(done, ""),
        village=village,
        villages=villages_of(at),
        waiting=telling.waiting(at.session, [village.id]),
        decided=telling.decided(at.session, village.id),
        published=telling.published(at.session, village.id),
        labels=LABELS,
    )


@router.get("/{story_id}", response_class=HTMLResponse)
def one(at: VillageSeat, story_id: str) -> Response:
    return _page(at, _held(at, story_id))


@router.post("/{story_id}/{do}")
def act(at: Annotated[Form, form("write")], story_id: str, do: str) -> Response:
    """`do`: hand-on or decline."""
    story, now = _held(at, story_id), datetime.now(UTC)
    number, place = story.id, story.place_id
    try:
        if do == "hand-on":
            edited = telling.Edited(
                title=at.text("title", 80),
                told=at.text("told", telling.MOST),
                answer=at.text("answer", 600),
                questions=at.text("questions", 1000),
                why_names=at.text("why_names", 200),
            )
            telling.hand_on(at.session, story, edited, by=Person(at.staff.id, at.staff.name), now=now)
        elif do == "decline":
            telling.decline(at.session, story, why=at.text("why", 300), by=at.staff.name, now=now)
        else:
            raise NotFound
        at.record(f"村史：{do}", str(number))
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        if isinstance(error, NotFound | NotAllowed):
            raise
        return _page(at, _held(at, story_id), problem=error.message_zh)
    return at.back(f"{HOME}?place={place}&done={do}")


def _held(at: Seat, story_id: str) -> Story:
    story = telling.get(at.session, number_or_404(story_id))
    rights.check_place(at.session, at.staff, story.place_id)
    return story


def _page(at: Seat, story: Story, *, problem: str = "") -> HTMLResponse:
    return at.page(
        "village/history/story.html",
        status=422 if problem else 200,
        problem=problem,
        story=story,
        village=at.session.get(Place, story.place_id),
        label=LABELS[story.state],
        may_write=at.staff.can("write") and story.state is StoryState.told,
        unnamed=telling.UNNAMED,
    )


HISTORY = Subject(
    name="村史",
    href=HOME,
    hint="大家讲的村里老故事：整理、交第二个人看、发布",
    needs="village",
    waiting=waiting,
    router=router,
)

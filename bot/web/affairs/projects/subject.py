"""项目 as the console lists it, and what waits there."""

from actions.projects import reading
from actions.projects.stages import LABELS
from bot.staff import rights
from bot.staff.models import Role
from bot.web.affairs.projects.pages import HOME, router
from bot.web.affairs.subject import Subject, Todo
from bot.web.staff.desk import Seat


def waiting(at: Seat) -> list[Todo]:
    found = []
    for project in reading.of_places(at.session, rights.places_of(at.session, at.staff)):
        for row in project.stages:
            if row.waits and at.staff.can("oversee") and _is_second(at, project.place_id, row.by_id):
                found.append(
                    Todo(f"核对{LABELS[row.stage]}：{project.title}", f"{HOME}/{project.id}", place=project.place_id)
                )
        newest = project.stages[-1] if project.stages else None
        if at.staff.can("write") and newest is not None and newest.refused_at is not None:
            found.append(
                Todo(f"{LABELS[newest.stage]}退回了：{project.title}", f"{HOME}/{project.id}", place=project.place_id)
            )
    return found


def _is_second(at: Seat, place: str, writer_id: int) -> bool:
    if at.staff.id == writer_id:
        return False
    return at.staff.role is Role.overseer or not rights.overseers(at.session, place)


PROJECTS = Subject(
    name="项目",
    href=HOME,
    hint="修路、打井、建房，从立项到审计，一步一步记，核对过的居民看得到",
    needs="village",
    waiting=waiting,
    router=router,
)

"""A sheet of slips as a PDF. Its codes are in this one answer and nowhere else."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Response

from actions.errors import ActionError
from actions.papers import slips as paper
from actions.roster import households, printing
from actions.roster.models import Basis
from bot.web.affairs.roster.home import roster_page
from bot.web.affairs.roster.page import AT
from bot.web.affairs.where import village_asked
from bot.web.downloads import file_response
from bot.web.staff.desk import Form, form
from knowledge.clock import today

router = APIRouter(prefix=AT)


@router.post("/print")
def sheet(at: Annotated[Form, form("write")]) -> Response:
    """A second press makes the sheet anew only where `again` is ticked: of what wasn't handed over, the last sheet is
    good.
    """
    village, group = village_asked(at, at.text("place", 40)), at.text("group", 40)
    try:
        group = households.read_group(group)
        made = printing.sheet(
            at.session,
            place=village.id,
            group=group,
            basis=Basis.household if at.text("basis", 20) == Basis.household else Basis.person,
            is_again=bool(at.text("again", 1)),
            by=at.staff.name,
            now=datetime.now(UTC),
        )
        heading = paper.Heading(
            village=village.name,
            group=group,
            url=f"{at.desk.settings.own_url}/v/{village.id}",
            printed_by=at.staff.name,
            day=today(),
        )
        data = paper.sheet(made, heading)  # before the commit: what can't be drawn makes no code invalid
        at.record("打印参与码", village.id, detail=f"{group}，{len(made)} 张")
        at.session.commit()
    except ActionError as error:
        at.session.rollback()
        return roster_page(at, village, group=group, problem=error.message_zh)
    return file_response(data, f"{village.name}{group}参与码.pdf", "application/pdf")

"""What `tests.bot.world.World` finds of projects: one at lijiagou, whose budget is confirmed."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from actions.projects import service
from actions.projects.service import Entry, Who
from actions.projects.stages import Stage

TITLE = "南沟水渠整修"


def a_project_on_its_way(session: Session, now: datetime) -> None:
    clerk, second = Who(901, "以前的文书"), Who(903, "以前的监督委员")
    project = service.begin(
        session, place="lijiagou", title=TITLE, decision_id=1, who=clerk, key="there-project", now=now
    )
    day = (now - timedelta(days=40)).date()
    for stage, yuan in ((Stage.approve, None), (Stage.budget, 80_000)):
        entry = Entry(stage, day, yuan, "照会上定的")
        row = service.record(session, project, entry, who=clerk, key=f"there-{stage}", now=now)
        service.confirm(session, row, who=second, now=now)
    session.commit()

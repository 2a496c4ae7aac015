"""修路修到哪了: the stage of the village's project, whatever the classifier took it for."""

from datetime import UTC, datetime, timedelta

import pytest

from actions.cases import filing
from actions.projects import service
from actions.projects.service import Entry, Who
from actions.projects.stages import Stage
from knowledge.clock import SHANGHAI
from tests.actions.dialogue.affairs.hall import PLACE, Resident

CLERK, OVERSEER = Who(11, "文书小李"), Who(12, "监委老王")
ROAD, LAMPS = "南沟路硬化", "村口路灯"


def built(me: Resident, title: str, *stages: Stage) -> None:
    now = datetime.now(UTC)
    day = (now - timedelta(days=3)).astimezone(SHANGHAI).date()
    with me.sessions() as session:
        project = service.begin(session, place=PLACE, title=title, decision_id=None, who=CLERK, key=title, now=now)
        for stage in stages:
            yuan = 182_000 if stage in (Stage.budget, Stage.contract) else None
            entry = Entry(stage, day, yuan=yuan, words="照会上定的办")
            row = service.record(session, project, entry, who=CLERK, key=f"{title}-{stage}", now=now)
            service.confirm(session, row, who=OVERSEER, now=now)
        session.commit()


@pytest.mark.parametrize(
    "said",
    [
        "村里修路修到哪了",
        "南沟路修到哪一步了？",
        "南沟那条路啥时候能修好",
        "南沟路开工了没",
        "路修得咋这么慢，进度怎么样",
    ],
)
def test_who_asks_how_far_it_is_hears_the_stage_and_the_next(me: Resident, said: str) -> None:
    built(me, ROAD, Stage.approve, Stage.budget)
    built(me, LAMPS, Stage.approve)
    told = me.say(said)[0]
    assert "南沟路硬化：走到预算，下一步是招标或比选" in told.text
    assert "路灯" not in told.text
    assert told.links[0].href == f"/v/{PLACE}/projects/{datetime.now(UTC).astimezone(SHANGHAI).year % 100}-001"


def test_who_names_none_hears_all(me: Resident) -> None:
    built(me, ROAD, Stage.approve)
    built(me, LAMPS, Stage.approve)
    told = me.say("村里的工程进度")[0]
    assert ROAD in told.text
    assert LAMPS in told.text
    assert told.links[-1].href == f"/v/{PLACE}/projects"


def test_without_projects_and_for_ones_own_nothing_is_taken(me: Resident) -> None:
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say("村里修路修到哪了")
    built(me, LAMPS, Stage.approve)
    for said in (
        "我家门口的路修到哪了",
        "我报的路灯修到哪了",
        "修路把我家墙弄裂了",
        "低保办到哪一步了",
        "高速修到哪了",
    ):
        with pytest.raises(AssertionError, match="nothing takes"):
            me.say(said)


def test_who_has_a_case_open_asks_after_that(me: Resident) -> None:
    built(me, LAMPS, Stage.approve)
    with me.sessions() as session:
        filing.file(
            session,
            request_key="k",
            conversation_id=me.id,
            place=PLACE,
            category="其他",
            fields={"what": "学校门口的桥栏杆断了", "phone": "13812345678"},
            now=datetime.now(UTC),
        )
    with pytest.raises(AssertionError, match="nothing takes"):
        me.say("桥什么时候能修好")
    assert LAMPS in me.say("村口路灯什么时候装好")[0].text

"""The page of a case: where it stands, one next step, and two boxes that nobody takes for each other."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from actions.cases import moves
from actions.cases.models import Case, CaseEvent
from actions.cases.status import By, CaseStatus, allowed
from bot.web.staff.cases import case as pages
from tests.bot.world import World


@pytest.mark.parametrize("status", CaseStatus)
def test_the_next_step_is_one_that_may_be_taken(status: CaseStatus) -> None:
    for team in (None, 1):
        step = pages.next_step(Case(status=status, team_id=team))
        assert step is None or step in allowed(status, By.staff)
    left = {CaseStatus.returned, CaseStatus.withdrawn, CaseStatus.merged}
    now = [name for name, state in pages.steps(Case(status=status)) if state == "now"]
    assert len(now) == (0 if status in left else 1)


@pytest.mark.parametrize(
    ("status", "main", "others"),
    [
        (CaseStatus.filed, "受理", {"退回", "并案"}),
        (CaseStatus.in_progress, "答复", {"改派", "并案"}),
        (CaseStatus.reopened, "开始办理", {"交办"}),
        (CaseStatus.answered, None, {"确认办结", "没解决，重新办"}),
    ],
)
def test_one_step_stands_out_and_the_others_are_folded(
    world: World, status: CaseStatus, main: str | None, others: set[str]
) -> None:
    with world.sessions() as session:
        session.execute(update(Case).values(status=status))
        session.commit()
    page = world.enter("agent").get("/staff/cases/1").text
    card = page[page.index("下一步</h2>") : page.index("对居民说")]
    before, _, folded = card.partition("<details")
    assert re.findall(r'<button class="btn [^"]*">([^<]+)<', before) == ([main] if main else [])
    assert set(re.findall(r'<button class="btn [^"]*">([^<]+)<', folded)) == others


def test_what_is_for_colleagues_never_stands_in_a_form_that_tells_the_resident(world: World) -> None:
    client = world.enter("agent")
    page = client.get("/staff/cases/1").text
    forms = re.findall(r"<form.*?</form>", page, re.S)
    (inside,) = [each for each in forms if 'aria-label="内部记录"' in each]
    (outside,) = [each for each in forms if 'aria-label="告诉居民"' in each]
    assert re.findall(r'action="[^"]*/(\w+)"', inside) == ["note"]
    assert re.findall(r'action="[^"]*/(\w+)"', outside) == ["tell", "pause"]
    client.post("/staff/cases/1/note", data={"note": "他家有狗，去两个人"})
    with world.sessions() as session:
        event = session.query(CaseEvent).order_by(CaseEvent.id.desc()).first()
        assert event is not None
        assert (event.note, event.say) == ("他家有狗，去两个人", None)


def test_the_list_shows_who_is_urging_until_somebody_has_done_something(world: World) -> None:
    client = world.enter("agent")
    assert "居民在催" not in client.get("/staff/cases").text
    with world.sessions() as session:
        moves.urge(session, 1, now=datetime.now(UTC))
    assert "居民在催" in client.get("/staff/cases").text
    client.post("/staff/cases/1/note", data={"note": "打过电话，明天去"})
    assert "居民在催" not in client.get("/staff/cases").text

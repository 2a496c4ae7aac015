"""Every figure of the dashboard opens the list of the cases that it counts."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from actions.cases.figures import figures
from actions.cases.models import Case
from actions.cases.status import TIMED
from bot.run import demo
from tests.bot.world import World


@pytest.mark.parametrize("login", ["administrator", "supervisor"])
def test_a_figure_and_the_list_behind_it_agree(world: World, login: str) -> None:
    now = datetime.now(UTC)
    with world.sessions() as session:
        demo.fill(session)
        late = session.scalars(select(Case).where(Case.status.in_(TIMED)).limit(3)).all()
        for case in late:
            case.due_at = case.filed_at
        session.commit()
        totals = figures(session, None, now=now).totals
    assert totals["超时未答复"] >= len(late) == 3  # type: ignore[operator]  # a count
    client = world.enter(login)
    links = re.findall(r'figure-link" href="/staff/cases\?([^"]+)"', client.get("/staff/dashboard").text)
    assert len(links) == len(totals) == 7
    for link, total in zip(links, totals.values(), strict=True):
        page = client.get(f"/staff/cases?{link}").text
        found = re.search(r"(\d+) 件</span></h1>", page)
        assert found is not None
        wanted = total if isinstance(total, int) else int(re.findall(r"\d+", str(total and total[1]))[0])
        assert int(found[1]) == wanted, link


def test_a_list_that_no_figure_names_is_the_open_cases(world: World) -> None:
    client = world.enter("supervisor")
    page = client.get("/staff/cases?show=没有这个").text
    assert "没有这个" not in page
    assert re.search(r'btn-success" aria-current="true"[^>]*>在办<', page)

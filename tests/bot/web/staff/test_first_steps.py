"""What a new house still lacks: told from the data, gone when it is there."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.calendar.models import OfficeHours
from actions.offices.models import Team
from bot.sites import listed
from bot.staff import accounts
from bot.staff.models import Role, Staff
from knowledge.evaluation.models import GoldenRun
from tests.bot.world import HASH, PASSWORD, World, console

NAMES = (
    "改掉初始密码",
    "把村居、单位和电话填好",
    "请同事和法律工作者进来",
    "定上班时间",
    "问一遍检查问题",
    "放到网站或公众号",
    "设好备份",
)


@pytest.fixture
def house(empty: World) -> World:
    """An administrator, and nobody else."""
    with empty.sessions() as session:
        session.add(Staff(login="boss", name="孙管理", password_hash=HASH, role=Role.administrator, place_id="nation"))
        session.commit()
    return empty


def left(world: World, login: str = "boss") -> list[str]:
    """The things that aren't done."""
    page = world.enter(login).get("/staff/dashboard").text
    return re.findall(r'<li class="todo">.*?<(?:a[^>]*|strong)>([^<]+)<', page)


def do(world: World, *changes: object) -> None:
    with world.sessions() as session:
        session.add_all(changes)
        session.commit()


def person(session: Session, login: str, role: Role, *, must_change: bool = False) -> None:
    accounts.add(
        session, login=login, name=login, role=role, password=PASSWORD, place="nation", must_change=must_change
    )


def test_each_thing_is_done_by_doing_it(house: World) -> None:
    assert left(house) == list(NAMES[1:])
    with house.sessions() as session:
        person(session, "xiaowang", Role.agent, must_change=True)
        session.commit()
    assert left(house)[0] == NAMES[0], "a colleague's initial password"
    page = house.enter("boss").get("/staff/dashboard").text
    assert "还有 1 个账号在用初始密码" in page
    assert "还没有法律工作者" in page
    with house.sessions() as session:
        session.scalars(select(Staff).where(Staff.login == "xiaowang")).one().must_change = False
        person(session, "zhou", Role.legal_worker)
        session.commit()
    assert left(house) == [NAMES[1], *NAMES[3:]]
    with house.sessions() as session:
        session.execute(update(Team).where(Team.place_id != "lijiagou").values(phone="0312-5550123"))
        session.commit()
    assert "李家沟村 1 个村居还没有带电话的单位" in house.enter("boss").get("/staff/dashboard").text
    with house.sessions() as session:
        session.execute(update(Team).values(phone="0312-5550123"))
        session.commit()
    do(house, OfficeHours(place_id="qinghe", week=[[["08:30", "12:00"]]] * 7))
    now = datetime.now(UTC)
    do(house, GoldenRun(at=now, reason="worker", passed=1, failed=0))
    assert left(house) == list(NAMES[4:]), "the worker's own run is no try of theirs"
    do(house, GoldenRun(at=now, reason="person", passed=1, failed=0))
    with house.sessions() as session:
        listed.add(session, "https://www.example.gov.cn", colour="", by="孙管理", now=now)
        session.commit()
    assert left(house) == [NAMES[6]]
    house.settings.home.mkdir(parents=True, exist_ok=True)
    house.settings.backup_note.write_text(json.dumps({"failed_at": "2026-12-01", "why": "满了"}))
    assert left(house) == [NAMES[6]], "one that failed is none"
    house.settings.backup_note.write_text(json.dumps({"done_at": "2026-12-01", "file": "a"}))
    page = house.enter("boss").get("/staff/dashboard").text
    assert "first-steps" not in page
    assert "开始的几件事" not in page


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [
        ("origins", "https://a.example.cn", NAMES[5]),
        ("wechat_accounts", Path("wechat.yml"), NAMES[5]),
        ("backup_dir", Path("/mnt"), NAMES[6]),
    ],
)
def test_what_the_server_is_set_to_counts(house: World, setting: str, value: object, name: str) -> None:
    settings = house.settings.model_copy(update={setting: value})
    there = World(console(settings, house.sessions), house.sessions, settings)
    assert name in left(house)
    assert name not in left(there)


def test_every_thing_leads_to_its_page(house: World) -> None:
    client = house.enter("boss")
    links = re.findall(r'<li class="todo">.*?<a href="([^"]+)"', client.get("/staff/dashboard").text)
    assert len(links) == 5
    for link in links:
        assert client.get(link).status_code == 200, link


def test_it_is_put_away_by_each_for_themselves_and_found_again(house: World) -> None:
    with house.sessions() as session:
        person(session, "second", Role.administrator)
        session.commit()
    client = house.enter("boss")
    assert client.post("/staff/dashboard/first-steps", data={"do": "hide"}).status_code == 303
    page = client.get("/staff/dashboard").text
    assert 'id="first-steps"' not in page
    assert "开始的几件事，还差 6 件" in page
    assert 'id="first-steps"' in house.enter("second").get("/staff/dashboard").text
    client.post("/staff/dashboard/first-steps", data={"do": "show"})
    assert 'id="first-steps"' in client.get("/staff/dashboard").text


def test_only_administrators_see_it_and_of_a_township_what_is_theirs(world: World) -> None:
    assert left(world, "supervisor") == []
    assert "first-steps" not in world.enter("supervisor").get("/staff/dashboard").text
    found = left(world, "qingshi")
    assert set(found) == {NAMES[1], NAMES[2], NAMES[3], NAMES[4]}
    page = world.enter("qingshi").get("/staff/dashboard").text
    assert "王家湾村" in page
    assert "李家沟村" not in page.split('id="first-steps"')[1].split("</section>")[0]
    with world.sessions() as session:
        session.add(OfficeHours(place_id="qinghe", week=[[["08:30", "12:00"]]] * 7))
        session.commit()
    assert NAMES[3] not in left(world, "qingshi"), "the county's hours hold there"

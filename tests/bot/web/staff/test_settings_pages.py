"""What staff arrange for themselves: filters of the list of cases, canned replies, rules, units, limits."""

import html
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from sqlalchemy import func, select

from actions.cases import filing, units
from actions.cases.models import Case
from actions.offices import routing
from actions.offices.models import RoutingRule, Team, TimeLimit
from bot.conversations.models import CannedReply
from bot.staff.models import SavedFilter
from tests.bot.world import ATTACK, World

NOW = datetime.now(UTC)


def report(
    world: World,
    number: int,
    *,
    place: str | None,
    category: str = "其他",
    what: str = "路灯坏了",
    team: int | None = None,
) -> None:
    with world.sessions() as session:
        case = filing.file(
            session,
            request_key=f"more-{number}",
            conversation_id=None,
            place=place,
            category=category,
            fields={"what": f"{what}第{number}处"},
            now=NOW,
        )
        session.get_one(Case, case.id).team_id = team
        session.commit()


def test_cases_are_filtered_by_place_and_unit_and_all_else_at_once(world: World) -> None:
    report(world, 1, place="lijiagou", category="劳动用工", team=2)
    report(world, 2, place="shiqiao", category="劳动用工", team=2)
    report(world, 3, place="wangjiawan", category="劳动用工", team=2)
    report(world, 4, place="lijiagou", category="其他", team=3)
    report(world, 5, place=None, category="劳动用工", team=2)
    client = world.enter("supervisor")

    def listed(query: str) -> list[int]:
        return sorted(int(n) for n in re.findall(r"路灯坏了第(\d)处", client.get(f"/staff/cases?{query}").text))

    assert listed("show=all") == [1, 2, 3, 4, 5]
    assert listed("place=liuhe") == [1, 2, 4]  # with its villages; what has no place is in none
    assert listed("place=lijiagou&unit=2") == [1]
    assert listed("unit=3") == [4]
    assert listed("unit=3&show=mine") == []
    assert listed("unit=²") == [1, 2, 3, 4, 5]
    assert listed("place=liuhe&category=劳动用工&q=第2处") == [2]
    assert listed("place=nowhere") == []
    assert (
        sorted(
            int(n) for n in re.findall(r"路灯坏了第(\d)处", world.enter("qingshi").get("/staff/cases?place=liuhe").text)
        )
        == []
    )


def test_turning_pages_keeps_every_filter(world: World) -> None:
    for i in range(60):
        report(world, i, place="lijiagou", category="劳动 & 用工", team=2)
    client = world.enter("supervisor")
    shown = client.get(
        "/staff/cases", params={"show": "all", "q": "路灯", "category": "劳动 & 用工", "place": "liuhe", "unit": "2"}
    ).text
    link = re.search(r'href="\?([^"]+)">下一页', shown)
    assert link
    assert parse_qs(html.unescape(link[1])) == {
        "show": ["all"],
        "q": ["路灯"],
        "category": ["劳动 & 用工"],
        "place": ["liuhe"],
        "unit": ["2"],
        "page": ["2"],
    }
    assert client.get(f"/staff/cases?{html.unescape(link[1])}").text.count("路灯坏了第") == 10
    kinds = [parse_qs(html.unescape(a)) for a in re.findall(r'href="\?(show=[^"]+)"', shown)]
    assert len(kinds) > 5
    assert all({"q", "category", "place", "unit"} <= set(k) for k in kinds if "page" not in k)


def test_a_saved_filter_is_ones_own_button_until_it_is_deleted(world: World) -> None:
    client, other = world.enter("supervisor"), world.enter("agent")
    query = "show=overdue&q=%E8%B7%AF&place=liuhe&unit=2"
    answer = client.post("/staff/cases/filters", data={"name": " 柳河  超时 ", "query": query + "&page=7&evil=1"})
    assert answer.headers["location"] == f"/staff/cases?{query}"
    shown = client.get("/staff/cases").text
    assert f'href="/staff/cases?{html.escape(query)}">柳河 超时</a>' in shown
    assert "柳河 超时" not in other.get("/staff/cases").text
    # the name again: the button is set anew
    client.post("/staff/cases/filters", data={"name": "柳河 超时", "query": "show=all"})
    with world.sessions() as session:
        [kept] = session.scalars(select(SavedFilter))
        assert kept.query == "show=all"
    other.post("/staff/cases/filters", data={"do": "delete", "id": kept.id})
    assert "柳河 超时" in client.get("/staff/cases").text
    # names are a person's own
    assert other.post("/staff/cases/filters", data={"name": "柳河 超时", "query": "show=mine"}).status_code == 303
    client.post("/staff/cases/filters", data={"do": "delete", "id": kept.id})
    assert "柳河 超时" not in client.get("/staff/cases").text


def test_a_filter_needs_a_name_and_there_are_twenty_at_most(world: World) -> None:
    client = world.enter("agent")
    assert client.post("/staff/cases/filters", data={"name": "  ", "query": "show=all"}).status_code == 422
    answers = [
        client.post("/staff/cases/filters", data={"name": f"第{i}个", "query": "show=all"}).status_code
        for i in range(22)
    ]
    assert answers == [303] * 20 + [422] * 2
    assert client.post("/staff/cases/filters", data={"name": "第0个", "query": "show=mine"}).status_code == 303


@pytest.mark.parametrize(
    "query",
    [
        "",
        "&&&",
        "=" * 1000,
        "q=" + "%F0%9F%98%80" * 40 + "&show=" + "%F0%9F%98%80" * 20 + "&place=" + "字" * 40,
        "q=%FF%00&unit=١",
        "&".join(f"a{i}=1" for i in range(300)),
        f"q={ATTACK}",
        "https://evil.example/",
    ],
)
def test_a_hostile_filter_is_cut_to_what_the_list_knows(world: World, query: str) -> None:
    client = world.enter("agent")
    answer = client.post("/staff/cases/filters", data={"name": ATTACK, "query": query})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/staff/cases?")
    page = client.get(answer.headers["location"])
    assert page.status_code == 200
    assert ATTACK not in page.text
    assert html.escape(ATTACK[:20]) in page.text
    with world.sessions() as session:
        kept = session.scalars(select(SavedFilter.query)).one()
    assert len(kept) <= 2000
    assert set(parse_qs(kept)) <= {"show", "q", "category", "place", "unit"}


def test_canned_replies_are_what_staff_made_them(world: World) -> None:
    client, agent = world.enter("supervisor"), world.enter("agent")
    agent.post("/staff/conversations/conversation-1/accept")

    def offered() -> list[str]:
        return re.findall(r'data-canned="([^"]*)"', agent.get("/staff/conversations/conversation-1").text)

    assert len(offered()) == 5
    assert offered()[0].startswith("您好，我是工作人员")
    assert client.post("/staff/settings/reply", data={"text": "马上到。", "position": "5"}).status_code == 303
    assert offered()[0] == "马上到。"
    assert "马上到。…" not in agent.get("/staff/conversations/conversation-1").text
    assert client.post("/staff/settings/reply", data={"text": "马上到。"}).status_code == 422
    for text in ("", "  ", "字" * 301):
        assert client.post("/staff/settings/reply", data={"text": text}).status_code == 422
    with world.sessions() as session:
        numbers = list(session.scalars(select(CannedReply.id)))
    for number in numbers:
        assert client.post("/staff/settings/reply", data={"do": "delete", "id": number}).status_code == 303
    assert offered() == []
    # twice is once
    assert client.post("/staff/settings/reply", data={"do": "delete", "id": numbers[0]}).status_code == 303
    assert agent.post("/staff/settings/reply", data={"text": "别的"}).status_code == 403


def order(world: World) -> list[int]:
    with world.sessions() as session:
        return list(session.scalars(select(RoutingRule.id).order_by(RoutingRule.position, RoutingRule.id)))


def test_a_rule_is_moved_one_step_at_a_time_also_among_equals(world: World) -> None:
    client, before = world.enter("administrator"), order(world)
    client.post("/staff/settings/rule", data={"id": before[2], "do": "up"})  # before[1] stood at the same position
    assert order(world) == [before[0], before[2], before[1], *before[3:]]
    client.post("/staff/settings/rule", data={"id": before[2], "do": "down"})
    assert order(world) == before
    for number, do in ((before[0], "up"), (before[-1], "down")):
        assert client.post("/staff/settings/rule", data={"id": number, "do": do}).status_code == 303
    assert order(world) == before
    assert client.post("/staff/settings/rule", data={"id": 999, "do": "up"}).status_code == 422


def test_an_edited_rule_routes_the_next_case(world: World) -> None:
    client = world.enter("administrator")
    with world.sessions() as session:
        rule = session.scalars(select(RoutingRule).where(RoutingRule.category == "劳动用工")).one()
        team = session.scalars(select(Team).where(Team.name == "柳河镇司法所")).one()
    shown = client.get(f"/staff/settings?rule={rule.id}").text
    assert f'<input type="hidden" name="id" value="{rule.id}"><p' in shown
    assert "<option selected>劳动用工</option>" in shown
    assert (
        client.post(
            "/staff/settings/rule",
            data={
                "id": rule.id,
                "position": 5,
                "category": "劳动用工",
                "place": "liuhe",
                "keyword": "工资",
                "team": team.id,
            },
        ).status_code
        == 303
    )
    with world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(RoutingRule)) == 22
        assert routing.team_for(session, category="劳动用工", place="lijiagou", text="拖欠工资") == session.get(
            Team, team.id
        )
        assert routing.team_for(session, category="劳动用工", place="wangjiawan", text="拖欠工资") != session.get(
            Team, team.id
        )
    assert client.post("/staff/settings/rule", data={"id": 999, "team": team.id}).status_code == 422


def test_a_unit_is_renamed_and_keeps_its_cases(world: World) -> None:
    client = world.enter("administrator")
    with world.sessions() as session:
        team = session.get_one(Team, 1)
    assert f'value="{team.name}"' in client.get("/staff/settings?team=1").text
    assert (
        client.post(
            "/staff/settings/team",
            data={"id": 1, "name": "清禾县矛调中心", "phone": "0312-5550000", "is_fallback": "1"},
        ).status_code
        == 303
    )
    assert "清禾县矛调中心" in client.get("/staff/cases").text
    # another's name
    assert client.post("/staff/settings/team", data={"id": 1, "name": "柳河镇司法所"}).status_code == 422
    assert client.post("/staff/settings/team", data={"id": 999, "name": "没有"}).status_code == 422
    assert client.post("/staff/settings/team", data={"do": "delete", "id": 1}).status_code == 422
    with world.sessions() as session:
        kept = session.get_one(Team, 1)
        assert (kept.name, kept.phone, kept.is_fallback, kept.place_id) == (
            "清禾县矛调中心",
            "0312-5550000",
            True,
            team.place_id,
        )


def test_the_limit_of_a_called_unit_is_shown_also_where_its_row_is_missing(world: World) -> None:
    client = world.enter("administrator")
    with world.sessions() as session:
        session.delete(session.get_one(TimeLimit, units.CALLED_UNIT))
        session.commit()
    assert "<td>吹哨报到</td><td>4小时</td>" in client.get("/staff/settings").text
    client.post(
        "/staff/settings/limit", data={"category": "吹哨报到", "amount": "2", "green_amount": "1", "unit": "hours"}
    )
    assert "<td>吹哨报到</td><td>2小时</td>" in client.get("/staff/settings").text


@pytest.mark.parametrize("what", ["rule", "limit"])
def test_a_category_that_no_case_can_have_is_refused(world: World, what: str) -> None:
    """Free text: what was misspelt never matched, and nobody was told (ux, settings)."""
    client = world.enter("administrator")
    form = {"category": "劳动用功", "team": "1", "amount": "3", "green_amount": "1", "unit": "hours"}
    refused = client.post(f"/staff/settings/{what}", data=form)
    assert refused.status_code == 422
    assert "没有“劳动用功”这个类别" in refused.text
    assert client.post(f"/staff/settings/{what}", data={**form, "category": "劳动用工"}).status_code == 303


def test_a_time_limit_is_changed_from_its_row(world: World) -> None:
    client = world.enter("administrator")
    assert "/staff/settings?limit=%2A#limits" in client.get("/staff/settings").text
    shown = client.get("/staff/settings", params={"limit": "吹哨报到"}).text
    assert "<option selected>吹哨报到</option>" in shown
    assert 'name="amount" type="number" min="1" required value="4"' in shown

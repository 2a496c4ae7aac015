"""决定与会议 in the console and on the village's page, as clerk, overseer, legal worker and anybody use them."""

import io
from datetime import UTC, date, datetime, timedelta

import pytest
from PIL import Image
from pypdfium2 import PdfDocument
from sqlalchemy import select, update
from starlette.testclient import TestClient

from actions.cases.models import Case
from actions.cases.status import CaseStatus
from actions.decisions import meetings, steps
from actions.decisions.models import Decision, DecisionFile, DecisionStep, Meeting
from actions.decisions.status import State
from actions.offices.models import Team
from actions.roster.models import VillageProfile
from actions.topics import raising
from actions.topics.models import Topic
from actions.topics.status import TopicState
from bot.staff.models import AuditEntry, Role, Staff
from tests.bot.web.affairs.decisions.there import TITLE
from tests.bot.world import ATTACK, HASH, World

HOME = "/staff/village/decisions"
MEETING = f"{HOME}/meetings/1"


def _today() -> date:
    """Asked anew: a run may go on past midnight."""
    return steps.local_day(datetime.now(UTC))


def picture(colour: str = "white") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def overseen(world: World) -> World:
    """With an overseer of the village itself, and a clerk of it."""
    with world.sessions() as session:
        for login, role in (("own", Role.overseer), ("writer", Role.clerk)):
            session.add(Staff(login=login, name=f"{login}的人", password_hash=HASH, role=role, place_id="lijiagou"))
        session.commit()
    return world


def held(world: World, number: int = 1) -> None:
    """As if the meeting's hour had come."""
    with world.sessions() as session:
        past = datetime.now(UTC) - timedelta(minutes=5)
        session.execute(update(Meeting).where(Meeting.id == number).values(held_at=past))
        session.commit()


def state(world: World, number: int = 1) -> State:
    with world.sessions() as session:
        return session.get_one(Decision, number).state


def count(client: TestClient, *, present: int = 29, yes: int = 27, number: int = 1, motion: int = 1) -> int:
    votes = {f"yes{motion}": str(yes), f"no{motion}": "0", f"abstain{motion}": "0"}
    answer = client.post(
        f"{HOME}/meetings/{number}/numbers",
        data={"base": "meeting_members", "present": str(present), "online": "", "proxies": "", **votes},
        files={"minutes": ("记录.jpg", picture()), "sheet": ("签到.jpg", picture("red"))},
    )
    return answer.status_code


def seen(world: World) -> str:
    with world.sessions() as session:
        return meetings.edition(session.get_one(Meeting, 1))


def test_the_whole_way_by_the_pages(overseen: World) -> None:
    writer, own = overseen.enter("writer"), overseen.enter("own")
    assert "会还没开" in writer.get(MEETING).text
    held(overseen)
    assert "会开完了，录人数和票数" in writer.get("/staff/village").text
    assert count(writer) == 303
    assert "核对会议的数" in own.get("/staff/village").text
    assert "到会29人" not in overseen.visitor().get("/v/lijiagou/decisions/26-001").text  # not confirmed yet
    assert own.post(f"{MEETING}/confirm", data={"seen": seen(overseen)}).status_code == 303
    assert state(overseen) is State.resolved
    posted = {"posted_from": str(_today()), "posted_to": str(_today() + timedelta(days=15)), "nonce": "a"}
    for _ in range(2):  # sent twice
        board = {"file": ("栏.jpg", picture("blue"))}
        assert writer.post(f"{HOME}/1/publish", data=posted, files=board).status_code == 303
    with overseen.sessions() as session:
        waiting_rows = session.scalars(select(DecisionStep).where(DecisionStep.confirmed_at.is_(None))).all()
        (row,) = waiting_rows
    assert writer.post(f"{HOME}/1/confirm", data={"step": str(row.id)}).status_code == 403
    assert own.post(f"{HOME}/1/confirm", data={"step": str(row.id)}).status_code == 303
    task = {"team": "1", "words": "整修南沟水渠300米", "due_on": str(_today() + timedelta(days=60)), "nonce": "b"}
    for _ in range(2):
        assert writer.post(f"{HOME}/1/carry", data=task).status_code == 303
    assert state(overseen) is State.carrying_out
    with overseen.sessions() as session:
        assert len(session.scalars(select(Case).where(Case.category == "决议落实")).all()) == 1
        done = set(session.scalars(select(AuditEntry.what)))
    assert {"会议：numbers", "会议：confirm", "决定：publish", "决定：confirm", "决定：carry"} <= done
    public = overseen.visitor().get("/v/lijiagou/decisions/26-001").text
    for said in ("过半数是15票：同意27票，通过了", "最晚", "村民委员会组织法第四十一条", "公开栏从"):
        assert said in public
    assert "利害关系都报过了" in public
    assert "都没有利害关系" not in public  # whose interest it was stays with staff


@pytest.mark.parametrize(
    ("present", "yes", "to"), [(24, 12, State.failed), (24, 13, State.resolved), (23, 23, State.not_held)]
)
def test_what_passed_is_reckoned(overseen: World, present: int, yes: int, to: State) -> None:
    held(overseen)
    assert count(overseen.enter("writer"), present=present, yes=yes) == 303
    page = overseen.enter("own").get(MEETING).text
    assert {State.failed: "没有通过", State.resolved: "通过了", State.not_held: "没开成，定的事不算数"}[to] in page
    overseen.enter("own").post(f"{MEETING}/confirm", data={"seen": seen(overseen)})
    assert state(overseen) is to


def test_the_second_person_confirms_the_numbers_that_they_saw(overseen: World) -> None:
    held(overseen)
    writer, own = overseen.enter("writer"), overseen.enter("own")
    count(writer)
    looked_at = seen(overseen)
    count(writer, present=28)
    answer = own.post(f"{MEETING}/confirm", data={"seen": looked_at})
    assert (answer.status_code, "又改过" in answer.text) == (422, True)
    assert state(overseen) is State.noticed
    assert own.post(f"{MEETING}/send-back", data={"words": "签到表只有二十七个名字"}).status_code == 303
    assert "签到表只有二十七个名字" in writer.get(MEETING).text
    assert "对不上，重新录数" in writer.get("/staff/village").text


def test_who_may_confirm(overseen: World) -> None:
    held(overseen)
    count(overseen.enter("writer"))
    before = overseen.rows()["decision"]
    for login in ("writer", "clerk", "supervisor", "legal_worker", "administrator", "qingshi"):
        answer = overseen.enter(login).post(f"{MEETING}/confirm", data={"seen": seen(overseen)})
        assert answer.status_code == 403, login
    assert overseen.rows()["decision"] == before
    with overseen.sessions() as session:
        session.scalars(select(Staff).where(Staff.login == "own")).one().is_active = False
        session.commit()
    answer = overseen.enter("supervisor").post(f"{MEETING}/confirm", data={"seen": seen(overseen)})
    assert answer.status_code == 303  # nobody oversees this village


def test_each_step_is_of_its_trade(overseen: World) -> None:
    before = overseen.rows()["decision_step"]
    for login, deeds in {
        "own": ("discuss", "notice", "carry", "publish", "clear", "suspend", "annul"),
        "legal_worker": ("discuss", "notice", "carry", "publish", "correct"),
        "writer": ("clear", "suspend", "annul", "resume"),
    }.items():
        client = overseen.enter(login)
        for do in deeds:
            data = {"words": "写一句话在这里", "document": "文号123", "held_at": "2027-01-01T09:00", "spot": "村部"}
            assert client.post(f"{HOME}/1/{do}", data=data).status_code == 403, (login, do)
    assert overseen.rows()["decision_step"] == before


def test_scenario_13_and_15_only_lawful_bodies_stand_in_the_form(overseen: World) -> None:
    with overseen.sessions() as session:
        session.get_one(VillageProfile, "lijiagou").charter_hands_on = "lease"
        session.commit()
    writer = overseen.enter("writer")
    page = writer.get(f"{HOME}/new?place=lijiagou&q=集体的门面租出去").text
    assert 'value="member_representatives"' in page
    assert 'value="villager_representatives"' not in page
    page = writer.get(f"{HOME}/new?place=lijiagou&matter=land_to_outsiders").text
    assert 'value="members"' in page
    assert 'value="member_representatives"' not in page
    assert "乡镇人民政府批准" in page
    assert "不由会上投票" in writer.get(f"{HOME}/new?place=lijiagou&q=低保名额大家投票").text
    given = {"place": "lijiagou", "matter": "lease", "title": "门面出租给老张", "source": "议-26-015"}
    given |= {"on_day": str(_today()), "body": "villager_representatives"}
    answer = writer.post(HOME, data=given)
    assert (answer.status_code, "要由成员大会、成员代表大会定" in answer.text) == (422, True)
    assert "门面出租给老张" in answer.text  # what was written stands there again
    assert writer.post(HOME, data=given | {"body": "member_representatives"}).status_code == 422
    answer = writer.post(
        HOME, data=given | {"body": "member_representatives", "authorised": "章程第十二条", "nonce": "n"}
    )
    again = writer.post(
        HOME, data=given | {"body": "member_representatives", "authorised": "章程第十二条", "nonce": "n"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, again.headers["location"])
    assert "看看合不合法：门面出租给老张" in overseen.enter("legal_worker").get("/staff/village").text
    number = answer.headers["location"].rsplit("/", 1)[1]
    assert overseen.visitor().get("/v/lijiagou/decisions/26-002").status_code == 404  # nobody has looked yet
    assert overseen.enter("legal_worker").post(f"{HOME}/{number}/clear", data={"cleared": "1"}).status_code == 303
    assert overseen.visitor().get("/v/lijiagou/decisions/26-002").status_code == 200


def test_scenario_14_by_the_page(overseen: World) -> None:
    held(overseen)
    writer = overseen.enter("writer")
    count(writer, present=10, yes=10)
    overseen.enter("own").post(f"{MEETING}/confirm", data={"seen": seen(overseen)})
    assert state(overseen) is State.not_held
    soon = {"notice_on": str(_today()), "held_at": f"{_today() + timedelta(days=4)}T09:00", "spot": "村部"}
    answer = writer.post(f"{HOME}/1/notice", data=soon)
    assert (answer.status_code, "特殊情况" in answer.text) == (422, True)
    answer = writer.post(f"{HOME}/1/notice", data=soon | {"special": "汛期到了，水渠要先抢修"})
    assert answer.headers["location"].startswith(f"{HOME}/meetings/2")
    assert state(overseen) is State.noticed
    assert "临时通知，因为：汛期到了" in overseen.visitor().get("/v/lijiagou/decisions/26-001").text


def test_the_calculator_says_why(world: World) -> None:
    clerk = world.enter("clerk")
    page = clerk.get(f"{HOME}/quorum?place=lijiagou&body=villagers&base=households&present=142&yes=71").text
    assert "过半数是72票：同意71票，没有通过" in page
    page = clerk.get(f"{HOME}/quorum?place=lijiagou&body=members&whole=690&present=690&yes=459").text
    assert "全体690人，三分之二是460票" in page
    page = clerk.get(f"{HOME}/quorum?place=shiqiao&body=villagers&present=10").text
    assert "还不知道" in page
    for odd in ("present=-1", "present=１２", "yes=1e3&present=5", "whole=0&present=0", "stricter=9/1&present=3"):
        answer = clerk.get(f"{HOME}/quorum?place=lijiagou&body=villagers&{odd}")
        assert answer.status_code == 422, odd
        assert "Traceback" not in answer.text
    assert clerk.get(f"{HOME}/quorum?place=lijiagou&body={'x' * 500}").status_code == 422
    assert clerk.get(f"{HOME}/quorum?place=lijiagou&body=nonsense").status_code == 422


def test_papers_can_be_printed(world: World) -> None:
    clerk = world.enter("clerk")
    for paper, said in (("notice", "关于召开村民代表会议的通知"), ("sheet", "签到表"), ("minutes", "没到够")):
        made = clerk.get(f"{MEETING}/{paper}.pdf")
        assert made.headers["content-type"] == "application/pdf"
        text = "".join(page.get_textpage().get_text_range() for page in PdfDocument(made.content))
        assert said in text, paper
        assert "柳河镇李家沟村" in text
        assert TITLE in text
    made = clerk.get(f"{HOME}/call.pdf?place=lijiagou")
    text = "".join(page.get_textpage().get_text_range() for page in PdfDocument(made.content))
    assert "82名以上" in text
    assert clerk.get(f"{MEETING}/notice.exe").status_code == 422


def test_papers_of_one_village_are_closed_to_others(overseen: World) -> None:
    client = overseen.enter("qingshi")
    for path in (f"{HOME}/1", MEETING, f"{MEETING}/sheet.pdf", f"{HOME}/files/1", f"{HOME}?place=lijiagou"):
        assert client.get(path).status_code == 403, path
    for path in (f"{HOME}/1/discuss", f"{HOME}/1/confirm", f"{MEETING}/numbers", HOME):
        assert client.post(path, data={"place": "lijiagou", "title": "抢过来定"}).status_code in (403, 404), path
    held(overseen)
    count(overseen.enter("writer"))
    with overseen.sessions() as session:
        other = Decision(
            place_id="shiqiao",
            year=2026,
            ordinal=1,
            title="别村的事情",
            matter="public_works",
            body="villagers",
            made_at=datetime.now(UTC),
            moved_at=datetime.now(UTC),
        )
        session.add(other)
        session.commit()
    assert overseen.visitor().get("/v/shiqiao/decisions/26-001").status_code == 404


@pytest.mark.parametrize("given", [b"MZ\x90\x00evil", b"<svg onload=alert(1)>", b"%PDF-1.4 broken", b""])
def test_what_is_no_paper_is_refused_in_words(overseen: World, given: bytes) -> None:
    held(overseen)
    files = {"minutes": ("a.jpg", given), "sheet": ("b.jpg", given)}
    answer = overseen.enter("writer").post(
        f"{MEETING}/numbers", data={"base": "meeting_members", "present": "29"}, files=files
    )
    assert answer.status_code == 422
    assert "Traceback" not in answer.text
    with overseen.sessions() as session:
        assert session.scalars(select(DecisionFile).where(DecisionFile.id > 1)).all() == []


def test_what_is_typed_is_never_markup_and_never_a_crash(overseen: World) -> None:
    writer, legal = overseen.enter("writer"), overseen.enter("legal_worker")
    given = {"place": "lijiagou", "matter": "public_works", "body": "villagers", "title": ATTACK, "source": ATTACK}
    made = writer.post(HOME, data=given | {"on_day": str(_today())})
    number = made.headers["location"].rsplit("/", 1)[1]
    legal.post(f"{HOME}/{number}/clear", data={"cleared": "1", "words": ATTACK})
    for page in (
        writer.get(f"{HOME}/{number}"),
        writer.get(HOME),
        overseen.visitor().get("/v/lijiagou/decisions"),
        overseen.visitor().get("/v/lijiagou/decisions/26-002"),
    ):
        assert ATTACK not in page.text
        assert "alert(7)" in page.text
    for odd in ("2026-13-01", "x", "9999-12-31", "0001-01-01", "\x00", "-1"):
        answer = writer.post(
            f"{HOME}/{number}/discuss", data={"on_day": odd, "present": "7", "words": "都没有利害关系"}
        )
        assert answer.status_code == 422, odd
    for odd in ("-1", "1.5", "9" * 30, "七", "\ud800".encode("utf-8", "surrogatepass")):
        answer = writer.post(
            f"{HOME}/{number}/discuss", data={"on_day": str(_today()), "present": odd, "words": "都没有"}
        )
        assert answer.status_code == 422, odd
    for path in ("abc", "0", "99999999999999", "-1", "%00"):
        assert writer.get(f"{HOME}/{path}").status_code == 404, path
        assert writer.get(f"{HOME}/meetings/{path}").status_code == 404, path
    assert writer.post(f"{HOME}/{number}/nothing").status_code == 404


def test_the_public_pages(world: World) -> None:
    visitor = world.visitor()
    front = visitor.get("/v/lijiagou").text
    assert f'href="/v/lijiagou/decisions/26-001">{TITLE}' in front
    assert "决定" not in visitor.get("/v/shiqiao").text  # nothing there yet
    page = visitor.get("/v/lijiagou/decisions/26-001").text
    assert 'aria-current="step"' in page
    assert "<script" not in page
    call = visitor.get("/v/lijiagou/call").text
    assert "82名以上的村民" in call
    assert call.count("<tr>") >= 80
    assert "请村文书" in visitor.get("/v/shiqiao/call").text
    for odd in ("26-999", "x", "26-1", "9" * 300, "%00", "２６-００１"):
        assert visitor.get(f"/v/lijiagou/decisions/{odd}").status_code == 404, odd


def test_scenario_15_a_community_cites_its_own_law(world: World) -> None:
    with world.sessions() as session:
        session.add(
            VillageProfile(place_id="shiqiao", committee="residents", has_collective=False, charter_hands_on="")
        )
        session.commit()
    page = world.visitor().get("/v/shiqiao/call").text
    assert "城市居民委员会组织法第二十六条" in page
    assert "村民委员会组织法" not in page.replace("城市居民委员会组织法", "")
    page = world.enter("clerk").get(f"{HOME}/new?place=shiqiao&matter=residents_other").text
    assert 'value="residents"' in page
    assert "村民委员会组织法" not in page


def test_a_suspended_decision_says_why_to_everybody(overseen: World) -> None:
    legal = overseen.enter("legal_worker")
    given = {"on_day": str(_today()), "words": "镇里要求先停下来查", "document": "柳政函〔2026〕5号"}
    assert legal.post(f"{HOME}/1/suspend", data={**given, "document": ""}).status_code == 422
    assert legal.post(f"{HOME}/1/suspend", data=given).status_code == 303
    page = overseen.visitor().get("/v/lijiagou/decisions/26-001").text
    for said in ("暂停", "镇里要求先停下来查", "柳政函〔2026〕5号", "党员审议"):
        assert said in page


def test_nothing_waits_for_who_has_nothing_to_do(world: World) -> None:
    assert "没有等您办的" in world.enter("overseer").get("/staff/village").text
    assert "/staff/village/decisions/" not in world.enter("legal_worker").get("/staff/village").text


def test_a_legal_worker_is_told_what_the_gate_says_of_a_title(world: World) -> None:
    title = "收回离婚媳妇的承包地"
    given = {"place": "lijiagou", "matter": "public_works", "body": "villagers", "title": title, "source": "有人提的"}
    made = world.enter("clerk").post(HOME, data=given | {"on_day": str(_today())})
    assert "系统提醒" in world.enter("legal_worker").get(made.headers["location"]).text
    assert "系统提醒" not in world.enter("legal_worker").get(f"{HOME}/1").text


def test_a_decision_leads_to_the_topic_that_it_came_from(overseen: World) -> None:
    now = datetime.now(UTC)
    with overseen.sessions() as session:
        topic = raising.raise_topic(
            session, place="lijiagou", text="南沟水渠怎么修", conversation_id=None, by="clerk", key="k", now=now
        )
        address = f"/v/lijiagou/y{topic.ordinal}"
        session.get_one(Decision, 1).source = topic.number
        session.commit()
    public = "/v/lijiagou/decisions/26-001"
    assert address not in overseen.visitor().get(public).text  # not taken up yet: nobody reads it
    with overseen.sessions() as session:
        session.get_one(Topic, topic.id).state = TopicState.open
        session.commit()
    assert f'href="{address}"' in overseen.visitor().get(public).text


def carried_out(overseen: World) -> TestClient:
    """Given to a unit, whose case is open; the clerk's client."""
    writer, own = overseen.enter("writer"), overseen.enter("own")
    held(overseen)
    assert count(writer) == 303
    assert own.post(f"{MEETING}/confirm", data={"seen": seen(overseen)}).status_code == 303
    posted = {"posted_from": str(_today()), "posted_to": str(_today() + timedelta(days=15)), "nonce": "a"}
    writer.post(f"{HOME}/1/publish", data=posted, files={"file": ("栏.jpg", picture("blue"))})
    with overseen.sessions() as session:
        row = session.scalars(select(DecisionStep).where(DecisionStep.confirmed_at.is_(None))).one()
    own.post(f"{HOME}/1/confirm", data={"step": str(row.id)})
    return writer


def test_only_units_near_the_village_are_offered_its_own_first(overseen: World) -> None:
    with overseen.sessions() as session:
        for name, place in (("外村村委会", "shiqiao"), ("本村村委会", "lijiagou"), ("县水利局", "qinghe")):
            session.add(Team(name=name, place_id=place))
        session.commit()
    page = carried_out(overseen).get(f"{HOME}/1").text
    offered = page[page.index('name="team"') :]
    assert "外村村委会" not in offered
    assert offered.index("本村村委会") < offered.index("县水利局")


def test_the_result_is_asked_for_when_the_units_have_answered(overseen: World) -> None:
    writer = carried_out(overseen)
    task = {"team": "1", "words": "整修南沟水渠300米", "due_on": str(_today() + timedelta(days=60)), "nonce": "b"}
    assert writer.post(f"{HOME}/1/carry", data=task).status_code == 303
    page = writer.get(f"{HOME}/1").text
    assert "现在还有没办完的" in page
    assert f'action="{HOME}/1/result"' not in page
    with overseen.sessions() as session:
        session.execute(update(Case).where(Case.category == "决议落实").values(status=CaseStatus.closed))
        session.commit()
    page = writer.get(f"{HOME}/1").text
    assert "现在还有没办完的" not in page
    assert f'action="{HOME}/1/result"' in page


def test_who_sees_more_than_one_village_reads_which_one_it_is(overseen: World) -> None:
    held(overseen)
    assert count(overseen.enter("writer")) == 303
    with overseen.sessions() as session:
        session.execute(update(Staff).where(Staff.login == "own").values(place_id="liuhe"))
        session.commit()
    assert f"李家沟村：核对会议的数：{TITLE}" in overseen.enter("own").get("/staff/village").text
    with overseen.sessions() as session:
        session.execute(update(Staff).where(Staff.login == "own").values(place_id="lijiagou"))
        session.commit()
    page = overseen.enter("own").get("/staff/village").text
    assert f"核对会议的数：{TITLE}" in page
    assert f"李家沟村：核对会议的数：{TITLE}" not in page

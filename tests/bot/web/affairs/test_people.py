"""找人 in the console, on the village's page and behind its links: real pages, hostile forms, roles."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from actions.cases.models import Case
from actions.helpers.models import Helper, HelperHours, HelperLink, Referral
from actions.helpers.status import State
from actions.offices.models import GridWorker
from actions.visits.models import GridRound, Visit
from bot.staff.models import AuditEntry
from knowledge.clock import SHANGHAI
from tests.bot.world import ATTACK, World

HOME = "/staff/village/people"
PAGE = "/v/lijiagou/people"
NEW = {
    "place": "lijiagou",
    "name": "王秀兰",
    "called": "王大姐",
    "phone": "13900002222",
    "kinds": ["mediator", "women"],
    "subjects": ["family"],
    "hours": "上午",
    "public": ["hours"],
}
WORDS = "和隔壁为了院墙吵了半年，想请人说和"


def today() -> str:
    return datetime.now(UTC).astimezone(SHANGHAI).date().isoformat()


def added(world: World, **fields: object) -> int:
    sent = world.enter("clerk").post(f"{HOME}/save", data={**NEW, **fields})
    assert sent.status_code == 303, sent.text
    number = int(re.findall(r"/people/(\d+)", sent.headers["location"])[0])
    agreed = world.enter("clerk").post(f"{HOME}/{number}/consent", data={"signed": "1", "on": today()})
    assert agreed.status_code == 303, agreed.text
    return number


def referral(world: World, number: int = World.referral) -> Referral:
    with world.sessions() as session:
        return session.get_one(Referral, number)


def link_in(text: str) -> str:
    return str(re.findall(r"/v/lijiagou/people/r/[\w-]+", text)[0])


def test_a_helper_is_found_only_after_the_paper_was_signed(world: World) -> None:
    clerk, visitor = world.enter("clerk"), world.visitor()
    sent = clerk.post(f"{HOME}/save", data=NEW)
    number = int(re.findall(r"/people/(\d+)", sent.headers["location"])[0])
    assert "王大姐" not in visitor.get(PAGE).text
    refused = clerk.post(f"{HOME}/{number}/consent", data={"on": today()})
    assert (refused.status_code, "签了" in refused.text) == (422, True)
    assert clerk.post(f"{HOME}/{number}/consent", data={"signed": "1", "on": today()}).status_code == 303
    shown = visitor.get(PAGE).text
    assert "王大姐" in shown
    assert "上午方便" in shown
    for hidden in ("王秀兰", "13900002222", "<script"):
        assert hidden not in shown
    assert "找人" in visitor.get("/v/lijiagou").text
    assert clerk.post(f"{HOME}/{number}/withdraw").status_code == 303
    assert "王大姐" not in visitor.get(PAGE).text
    assert visitor.get(f"/v/lijiagou/r{number}").status_code == 404
    with world.sessions() as session:
        assert session.get_one(Helper, number).phone == ""


def test_the_form_gives_the_words_back_and_says_what_is_wrong(world: World) -> None:
    refused = world.enter("clerk").post(f"{HOME}/save", data={**NEW, "phone": "打我", "called": ATTACK})
    assert refused.status_code == 422
    assert "电话不对" in refused.text
    assert "&lt;script&gt;" in refused.text
    assert ATTACK not in refused.text


def test_who_may_not_write_changes_nothing(world: World) -> None:
    before = world.rows()
    for login in ("overseer", "legal_worker", "supervisor"):
        client = world.enter(login)
        assert client.post(f"{HOME}/save", data=NEW).status_code == 403
        assert client.post(f"{HOME}/1/withdraw").status_code == 403
    assert world.enter("overseer").post(f"{HOME}/referrals/1/no").status_code == 403
    assert world.enter("overseer").post(f"{HOME}/referrals/1/sheet").status_code == 403
    assert world.rows() == before


def test_a_neighbouring_township_neither_sees_nor_changes(world: World) -> None:
    before, client = world.rows(), world.enter("qingshi")
    for path in (f"{HOME}/1", f"{HOME}/referrals/1", f"{HOME}/1/certificate"):
        assert client.get(path).status_code == 403, path
    for path in (f"{HOME}/1/withdraw", f"{HOME}/referrals/1/link"):
        assert client.post(path).status_code == 403, path
    assert client.post(f"{HOME}/save", data={**NEW, "place": "shiqiao", "reach": "qinghe"}).status_code in (403, 422)
    assert world.rows() == before


def test_staff_never_read_the_words_unless_they_print_them_and_that_is_written_down(world: World) -> None:
    clerk, words = world.enter("clerk"), "想请人看看租地合同"
    for path in (HOME, f"{HOME}/referrals/1", "/staff/village"):
        assert words not in clerk.get(path).text
    assert "有人找李老师" in clerk.get("/staff/village").text
    assert words in clerk.post(f"{HOME}/referrals/1/sheet").text
    with world.sessions() as session:
        seen = session.scalars(select(AuditEntry.what).order_by(AuditEntry.id.desc())).first()
        assert seen
        assert "打印转交" in seen


def test_the_helpers_link_shows_nothing_before_its_button_and_closes_with_a_word(world: World) -> None:
    clerk, helper = world.enter("clerk"), world.visitor()
    link = link_in(clerk.post(f"{HOME}/referrals/1/link").text)
    assert "有人找李老师" not in clerk.get("/staff/village").text
    assert "租地合同" not in helper.get(link).text
    shown = helper.post(link).text
    assert "租地合同" in shown
    refused = helper.post(link, data={"do": "yes"})
    assert (refused.status_code, "先说清楚" in refused.text) == (422, True)
    assert "联系方式" in helper.post(link, data={"do": "yes", "free": "1"}).text
    assert referral(world).state is State.accepted
    assert helper.post(link, data={"do": "met"}).status_code == 200
    assert helper.post(link, data={"do": "close", "note": ""}).status_code == 422
    assert helper.post(link, data={"do": "close", "note": "第三条要改"}).status_code == 200
    assert (referral(world).state, referral(world).note) == (State.closed, "第三条要改")


def test_a_second_link_ends_the_first_and_a_wrong_one_opens_nothing(world: World) -> None:
    clerk, helper = world.enter("clerk"), world.visitor()
    first = link_in(clerk.post(f"{HOME}/referrals/1/link").text)
    second = link_in(clerk.post(f"{HOME}/referrals/1/link").text)
    assert helper.post(first).status_code == 404
    assert helper.post(second).status_code == 200
    for token in ("x", "x" * 300, "%00"):
        assert helper.post(f"{PAGE}/r/{token}").status_code == 404, token


@pytest.mark.parametrize("do", ["met", "close", "to", "rate", "agree", "leave", ATTACK, "x" * 500])
def test_what_the_link_is_not_for_is_refused(world: World, do: str) -> None:
    link = link_in(world.enter("clerk").post(f"{HOME}/referrals/1/link").text)
    answer = world.visitor().post(link, data={"do": do, "note": "x", "helper": "1", "stars": "5"})
    assert answer.status_code == 422
    assert ATTACK not in answer.text
    assert referral(world).state is State.offered


def sent(world: World, visitor: TestClient, number: int, **fields: str) -> str:
    """The resident's own link, after the words were seen."""
    given = {"words": WORDS, "other_party": "老张", "contact": "13712345678", "nonce": "n1", **fields}
    shown = visitor.post(f"/v/lijiagou/r{number}", data=given)
    assert "会看到这些" in shown.text, shown.text
    with world.sessions() as session:
        assert session.scalar(select(Referral).where(Referral.words == given["words"])) is None
    return link_in(visitor.post(f"/v/lijiagou/r{number}", data={**given, "wish": "mediate", "sure": "1"}).text)


def test_a_mediation_from_the_page_needs_both_and_gives_contacts_only_then(world: World) -> None:
    number = added(world)
    visitor, clerk = world.visitor(), world.enter("clerk")
    own = sent(world, visitor, number)
    asked = max(one for one in (1, 2) if referral(world, one))
    link = link_in(clerk.post(f"{HOME}/referrals/{asked}/link").text)
    helper = world.visitor()
    assert "13712345678" not in helper.post(link).text
    assert "13712345678" not in helper.post(link, data={"do": "yes", "free": "1"}).text
    assert "正在问对方" in visitor.post(own).text
    assert "13900002222" not in visitor.post(own).text
    unheard = clerk.post(f"{HOME}/referrals/{asked}/other-yes")
    assert (unheard.status_code, "本人说的" in unheard.text) == (422, True)
    other = link_in(clerk.post(f"{HOME}/referrals/{asked}/other-link").text)
    neighbour = world.visitor()
    page = neighbour.post(other).text
    assert "王大姐" in page
    assert WORDS not in page
    assert "您同意" in neighbour.post(other, data={"do": "yes"}).text
    assert "13712345678" in helper.post(link).text
    assert "13900002222" in visitor.post(own).text
    helper.post(link, data={"do": "close", "note": "说好了，各退一尺"})
    assert "各退一尺" in visitor.post(own).text
    assert visitor.post(own, data={"do": "rate", "stars": "5"}).status_code == 200
    assert referral(world, asked).rating == 5


def test_a_relative_steps_back_and_the_resident_chooses_the_next(world: World) -> None:
    first, second = added(world), added(world, name="赵云", called="赵哥", kinds=["elder"])
    visitor = world.visitor()
    own = sent(world, visitor, first)
    link = link_in(world.enter("clerk").post(f"{HOME}/referrals/2/link").text)
    assert "回避" in world.visitor().post(link, data={"do": "yes", "interest": "他是我表哥"}).text
    page = visitor.post(own).text
    assert "表哥" not in page
    assert "赵哥" in page
    assert "王大姐" not in page
    assert visitor.post(own, data={"do": "to", "helper": str(first)}).status_code == 422
    assert visitor.post(own, data={"do": "to", "helper": str(second)}).status_code == 200
    assert referral(world, 2).helper_id == second


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"words": "男人打我，想请人说和"}, "110"),
        ({"words": "孩子在学校被打了，想私了"}, "110"),
        ({"words": "帮"}, "4 到 300"),
        ({"words": WORDS, "other_party": ""}, "对方怎么称呼"),
        ({"words": "我要请律师帮我打官司"}, "12348"),
        ({"words": "果树得病了，想问问"}, "种养的事"),
    ],
)
def test_what_cannot_be_asked_of_somebody_is_said_and_nothing_is_kept(
    world: World, fields: dict[str, str], said: str
) -> None:
    number = added(world)
    before = world.rows()["referral"]
    data = {"words": WORDS, "other_party": "老张", "nonce": "n", "sure": "1", **fields}
    answer = world.visitor().post(f"/v/lijiagou/r{number}", data=data)
    assert answer.status_code == 422
    assert said in answer.text
    assert world.rows()["referral"] == before


def test_a_form_sent_twice_is_one_and_from_elsewhere_none(world: World) -> None:
    number, visitor = added(world), world.visitor()
    sent(world, visitor, number)
    given = {"words": WORDS, "other_party": "老张", "nonce": "n1", "wish": "mediate", "sure": "1"}
    again = visitor.post(f"/v/lijiagou/r{number}", data=given)
    assert "不用再交一次" in again.text
    foreign = visitor.post(
        f"/v/lijiagou/r{number}", data={**given, "nonce": "n2"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert foreign.status_code == 422
    assert len(world.rows()["referral"]) == 2


def test_who_withdraws_leaves_no_words(world: World) -> None:
    number, visitor = added(world), world.visitor()
    own = sent(world, visitor, number)
    answer = visitor.post(own, data={"do": "withdraw"})
    assert answer.status_code == 200
    assert "撤回了" in answer.text
    assert WORDS not in str(world.rows()["referral"])
    with world.sessions() as session:
        assert session.scalar(select(HelperLink)) is None


def test_a_helper_agrees_and_leaves_by_their_own_link(world: World) -> None:
    clerk, self = world.enter("clerk"), world.visitor()
    saved = clerk.post(f"{HOME}/save", data=NEW).headers["location"]
    number = int(re.findall(r"/people/(\d+)", saved)[0])
    link = link_in(clerk.post(f"{HOME}/{number}/link", data={"place": "lijiagou"}).text)
    assert "王大姐" not in self.get(link).text
    assert "我愿意" in self.post(link).text
    assert "找得到您" in self.post(link, data={"do": "agree"}).text
    assert "王大姐" in self.get(PAGE).text
    assert "退出了" in self.post(link, data={"do": "leave"}).text
    assert "王大姐" not in self.get(PAGE).text


def test_a_retired_judge_is_shown_until_when_they_are_no_lawyer(world: World) -> None:
    clerk = world.enter("clerk")
    refused = clerk.post(f"{HOME}/save", data={**NEW, "kinds": ["retired_judge"]})
    assert (refused.status_code, "法官法第三十六条" in refused.text) == (422, True)
    number = added(world, kinds=["retired_judge", "legal_adviser"], left_office_on=today())
    assert "不能以律师身份出庭" in clerk.get(f"{HOME}/{number}").text
    words = {"words": "我要请律师帮我打官司", "nonce": "n", "sure": "1"}
    assert "12348" in world.visitor().post(f"/v/lijiagou/r{number}", data=words).text


def test_hours_are_written_down_and_certified(world: World) -> None:
    clerk = world.enter("clerk")
    for _ in range(2):
        data = {"on": today(), "minutes": "90", "what": "讲租地合同", "nonce": "h1"}
        assert clerk.post(f"{HOME}/1/hours", data=data).status_code == 303
    assert clerk.post(f"{HOME}/1/hours", data={"on": "x", "minutes": "-3", "what": ""}).status_code == 422
    paper = clerk.get(f"{HOME}/1/certificate").text
    for said in ("李建国", "1小时30分", "讲租地合同", "慈善法第六十六条"):
        assert said in paper
    with world.sessions() as session:
        row = session.scalars(select(HelperHours)).one()
    assert clerk.post(f"{HOME}/1/undo", data={"row": str(row.id)}).status_code == 303
    assert clerk.post(f"{HOME}/1/undo", data={"row": str(row.id)}).status_code == 422
    assert clerk.post(f"{HOME}/1/undo", data={"row": "999999999999"}).status_code in (404, 422)


TABLE = (
    "姓名,身份,擅长,电话,公开,离任日期\n孙强,法律明白人；乡贤,合同、土地,13600001111,电话,\n周正,退休法官,,,,2025.6.1\n"
)


def test_helpers_come_from_a_table_and_nobody_is_shown_before_they_sign(world: World) -> None:
    clerk = world.enter("clerk")
    looked = clerk.post(f"{HOME}/import", data={"place": "lijiagou", "table": TABLE, "do": "check"})
    assert "2 行都对" in looked.text
    for _ in range(2):
        done = clerk.post(f"{HOME}/import", data={"place": "lijiagou", "table": TABLE, "do": "import"})
        assert done.status_code == 303, done.text
    with world.sessions() as session:
        found = session.scalars(select(Helper).where(Helper.name.in_(("孙强", "周正"))).order_by(Helper.id)).all()
        assert [one.kinds for one in found] == [["legal_aware", "elder"], ["retired_judge"]]
        assert all(one.consent_on is None for one in found)
    assert "孙老师" not in world.visitor().get(PAGE).text


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("孙强,校长,,,,", "不认得"),
        ("周正,退休法官,,,,", "离任"),
        ("=cmd(),乡贤,,,,", "公式"),
        ("孙强,乡贤,,12,,", "电话"),
        ("孙强,乡贤,,,,昨天", "离任日期"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_taken(world: World, row: str, said: str) -> None:
    before = world.rows()["helper"]
    table = f"姓名,身份,擅长,电话,公开,离任日期\n{row}\n"
    answer = world.enter("clerk").post(f"{HOME}/import", data={"place": "lijiagou", "table": table, "do": "import"})
    assert answer.status_code == 422
    assert said in answer.text
    assert world.rows()["helper"] == before


def test_a_grid_workers_round_and_who_stands_in(world: World) -> None:
    with world.sessions() as session:
        for name in ("王网格", "赵网格"):
            session.add(GridWorker(place_id="lijiagou", area="全村", name=name, phone="13800000001"))
        session.commit()
        first, second = session.scalars(select(GridWorker.id).where(GridWorker.name.in_(("王网格", "赵网格")))).all()
    clerk = world.enter("clerk")
    data = {"place": "lijiagou", "worker": first, "groups": "一组", "hours": "白天", "away_from": today()}
    assert clerk.post(f"{HOME}/grid", data=data).status_code == 422
    more = {"away_until": today(), "deputy": second}
    assert clerk.post(f"{HOME}/grid", data={**data, **more}).status_code == 303
    assert "替王网格" in clerk.get(f"{HOME}/grid").text
    with world.sessions() as session:
        assert session.get_one(GridRound, first).deputy_id == second


def test_a_visit_is_answered_and_ended_in_taps_at_the_door(world: World) -> None:
    grid = world.enter("grid_worker")
    page = grid.get("/staff/doorstep?place=lijiagou").text
    assert "/staff/doorstep/visits/1" in page
    assert "隔壁砌墙占了路" in grid.get("/staff/doorstep/visits/1").text
    assert grid.post("/staff/doorstep/visits/1", data={"do": "reply", "on": "x", "nonce": "a"}).status_code == 422
    assert grid.post("/staff/doorstep/visits/1", data={"do": "up", "words": "", "nonce": "a"}).status_code == 422
    assert grid.post("/staff/doorstep/visits/1", data={"do": ATTACK, "nonce": "a"}).status_code == 422
    assert grid.post("/staff/doorstep/visits/1", data={"do": "reply", "on": today(), "nonce": "a"}).status_code == 303
    for _ in range(2):
        done = grid.post("/staff/doorstep/visits/1", data={"do": "done", "words": "看过了", "nonce": "b"})
        assert done.status_code == 303
    with world.sessions() as session:
        assert session.get_one(Visit, 1).result == "done"
        assert session.get_one(Case, 1).status.value == "answered"
    assert "/staff/doorstep/visits/1" not in grid.get("/staff/doorstep?place=lijiagou").text
    assert grid.get("/staff/doorstep/visits/999999999999").status_code == 404

"""体检 and 复议纠错 in the console, by role; 自查 on the village's page."""

import io
from datetime import date

import pytest
from PIL import Image
from sqlalchemy import select

from actions.cases.models import Case
from actions.checkup.models import Checkup, CheckupAnswer, Correction, OfficialCase
from actions.checkup.status import Stand, State
from actions.checkup.templates import template_of
from actions.roster.models import VillageProfile
from bot.staff.models import AuditEntry
from tests.bot.world import ATTACK, World

HOME = "/staff/village/checkup"


def all_there(**but: str) -> dict[str, str]:
    """The form of a land checkup."""
    sent = {}
    for item in template_of("land").items:
        sent[f"answer-{item.code}"] = but.get(item.code, "there")
        sent[f"paper-{item.code}"] = "有，2026年11月的那份"
    return sent


def state(world: World) -> State:
    with world.sessions() as session:
        return session.get_one(Checkup, 1).state


def test_from_the_clerk_by_the_adviser_to_the_head(world: World) -> None:
    clerk, legal, head = world.enter("clerk"), world.enter("legal_worker"), world.enter("supervisor")
    assert "填体检：南沟二十亩地征收" in clerk.get("/staff/village").text
    page = clerk.get(f"{HOME}/1").text
    assert "土地管理法第四十七条" in page
    assert "贴够30天了吗" in page
    assert clerk.post(f"{HOME}/1/put", data=all_there(notice="missing")).status_code == 303
    assert clerk.post(f"{HOME}/1/sign", data={"risk": "没有风险"}).status_code == 403
    assert clerk.post(f"{HOME}/1/send").status_code == 303
    assert "看体检、签意见" in legal.get("/staff/village").text
    refused = legal.post(f"{HOME}/1/sign", data={"risk": "公告不够30天"})
    assert refused.status_code == 422
    assert "公告不够30天" in refused.text  # the words come back
    assert legal.post(f"{HOME}/1/sign", data={"risk": "公告不够30天", "lacking": "补贴够30天"}).status_code == 303
    assert legal.post(f"{HOME}/1/excuse", data={"why": "先开会再补公告材料"}).status_code == 403
    assert head.post(f"{HOME}/1/excuse", data={"why": "公告补贴中，12月15日贴满30天"}).status_code == 303
    assert state(world) is State.excused
    for page in (clerk.get(f"{HOME}/1").text, clerk.get(f"{HOME}/1/print").text):
        assert "公告补贴中" in page
        assert "补贴够30天" in page
    with world.sessions() as session:
        done = set(session.scalars(select(AuditEntry.what).where(AuditEntry.what.startswith("法治体检："))))
        assert done == {"法治体检：put", "法治体检：send", "法治体检：sign", "法治体检：excuse"}


def test_a_paper_is_handed_in_once_and_answers_its_item(world: World) -> None:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(out, "PNG")
    clerk = world.enter("clerk")
    sent = clerk.post(f"{HOME}/1/file", data={"item": "notice"}, files={"file": ("a.png", out.getvalue())})
    assert sent.status_code == 303
    with world.sessions() as session:
        [answer] = session.scalars(select(CheckupAnswer))
        assert (answer.item, answer.file_id is not None) == ("notice", True)
    assert f"/staff/village/decisions/files/{answer.file_id}" in clerk.get(f"{HOME}/1").text
    for data, files in (({"item": "notice"}, {}), ({"item": "x"}, {"file": ("a.png", out.getvalue())})):
        assert clerk.post(f"{HOME}/1/file", data=data, files=files or None).status_code == 422
    broken = clerk.post(f"{HOME}/1/file", data={"item": "notice"}, files={"file": ("a.png", b"no picture")})
    assert broken.status_code in (415, 422)


def test_a_new_one_is_one_however_often_it_is_sent(world: World) -> None:
    clerk = world.enter("clerk")
    sent = {"place": "lijiagou", "template": "works", "subject": "南沟水渠发包", "nonce": "n"}
    first, second = clerk.post(HOME, data=sent), clerk.post(HOME, data=sent)
    assert first.headers["location"] == second.headers["location"]
    for wrong in ({**sent, "template": "x", "nonce": "a"}, {**sent, "subject": "甲", "nonce": "b"}):
        assert clerk.post(HOME, data=wrong).status_code == 422
    assert clerk.post(HOME, data={**sent, "place": "nowhere"}).status_code in (403, 404)
    attack = clerk.post(HOME, data={**sent, "subject": ATTACK, "nonce": "c"})
    assert ATTACK not in clerk.get(attack.headers["location"]).text


@pytest.mark.parametrize("login", ["legal_worker", "supervisor", "overseer"])
def test_only_who_writes_fills_and_begins(world: World, login: str) -> None:
    client, before = world.enter(login), world.rows()
    for path, data in ((HOME, {"template": "works", "subject": "南沟水渠"}), (f"{HOME}/1/put", all_there())):
        assert client.post(path, data={"place": "lijiagou", **data}).status_code == 403
    assert world.rows() == before


def test_what_residents_report_of_offices_isnt_the_clerks_to_see(world: World) -> None:
    legal = world.enter("legal_worker")
    with world.sessions() as session:
        number = session.get_one(Case, 1).number
    assert legal.post(f"{HOME}/corrections/tag", data={"case": number}).status_code == 303
    assert legal.post(f"{HOME}/corrections/outcome", data={"case": number, "outcome": "set_aside"}).status_code == 303
    assert "复议撤销" in legal.get(f"{HOME}/corrections").text
    for login in ("clerk", "overseer"):
        page = world.enter(login).get(f"{HOME}/corrections").text
        assert "复议撤销" not in page
        assert "柳河镇人民政府" not in page
        assert world.enter(login).post(f"{HOME}/corrections/tag", data={"case": number}).status_code == 403
    with world.sessions() as session:
        assert session.scalars(select(OfficialCase.outcome_by)).one()


def test_a_correction_from_the_paper_to_the_summary_on_the_village_page(world: World) -> None:
    legal, head, visitor = world.enter("legal_worker"), world.enter("supervisor"), world.visitor()
    on = date.today().isoformat()
    row = f"{HOME}/corrections/1"
    wrong = legal.post(f"{row}/answer", data={"words": "", "on": on})
    assert wrong.status_code == 422
    assert legal.post(f"{row}/answer", data={"words": "撤回了原决定", "on": on}).status_code == 303
    assert legal.post(f"{row}/done").status_code == 403
    assert head.post(f"{row}/done").status_code == 303
    assert legal.post(f"{row}/publish", data={"summary": "镇里撤回了责令拆除的决定"}).status_code == 303
    assert "镇里撤回了责令拆除的决定" in visitor.get("/v/lijiagou/check").text
    with world.sessions() as session:
        assert session.get_one(Correction, 1).state is Stand.done


def test_a_correction_is_entered_once_and_what_is_wrong_gives_the_words_back(world: World) -> None:
    legal = world.enter("legal_worker")
    sent = {
        "unit": "县自然资源局",
        "matter": "征收公告的事",
        "outcome": "declared",
        "what": "补贴公告",
        "paper": "opinion",
        "received_on": "2026-11-02",
        "place": "lijiagou",
        "nonce": "n",
    }
    assert legal.post(f"{HOME}/corrections/correction", data=sent).status_code == 303
    assert legal.post(f"{HOME}/corrections/correction", data=sent).status_code == 303
    bad = legal.post(f"{HOME}/corrections/correction", data={**sent, "received_on": "2026-99-99", "nonce": "m"})
    assert bad.status_code == 422
    assert "县自然资源局" in bad.text
    with world.sessions() as session:
        assert session.scalars(select(Correction.due_on).where(Correction.unit == "县自然资源局")).all() == [
            date(2027, 1, 1)
        ]


def test_the_public_page_asks_tells_and_keeps_nothing(world: World) -> None:
    visitor, before = world.visitor(), world.rows()
    listed = visitor.get("/v/lijiagou/check")
    assert "/v/lijiagou/check/land" in listed.text
    page = visitor.get("/v/lijiagou/check/land")
    assert page.status_code == 200
    assert "<script" not in page.text
    answers = {item.code: "y" for item in template_of("land").asked}
    answers |= {"notice": "n", "opinions": "n", "agreement": "u"}
    told = visitor.post("/v/lijiagou/check/land", data={**answers, "day": "2026年11月2日"})
    assert told.status_code == 200
    for said in (
        "您该看到而没看到的，有2样",
        "土地管理法第四十七条",
        "2027年1月1日",
        "政府信息公开申请",
        "还不清楚的",
    ):
        assert said in told.text, said
    assert "违法" not in told.text
    assert "<script" not in told.text
    assert world.rows() == before


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "还有没答的"),
        ({"all": "y", "day": "去年吧"}, "日子没看明白"),
        ({"all": "y", "day": "2099-01-01"}, "那一天还没到"),
        ({"all": "y", "day": "1800-01-01"}, "太早了"),
        ({"all": ATTACK}, "还有没答的"),
    ],
)
def test_what_is_wrong_is_said_and_the_answers_stay(world: World, data: dict[str, str], said: str) -> None:
    sent = {item.code: data["all"] for item in template_of("land").asked} if "all" in data else {}
    page = world.visitor().post("/v/lijiagou/check/land", data={**sent, "day": data.get("day", "")})
    assert page.status_code == 422
    assert said in page.text
    assert ATTACK not in page.text


def test_there_is_no_page_for_what_residents_arent_asked(world: World) -> None:
    for code in ("handover", "purchase", "nothing", "%00", "../x"):
        assert world.visitor().get(f"/v/lijiagou/check/{code}").status_code == 404, code


def test_the_tab_is_there_once_the_village_has_its_numbers(world: World) -> None:
    assert "/v/shiqiao/check" not in world.visitor().get("/v/shiqiao").text
    with world.sessions() as session:
        session.merge(VillageProfile(place_id="shiqiao", adults=300))
        session.commit()
    assert "/v/shiqiao/check" in world.visitor().get("/v/shiqiao").text

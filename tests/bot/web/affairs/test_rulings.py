"""The page of open questions: read by all who see village affairs, changed by a legal worker of everywhere."""

from sqlalchemy import select

from actions.rulings import rulings
from bot.staff.models import AuditEntry, Staff
from tests.bot.world import ATTACK, World

PAGE = "/staff/village/rulings"
WHY = "省实施办法第九条，问过省厅法规处"


def test_a_legal_worker_decides_and_everybody_reads_who_and_why(world: World) -> None:
    client = world.enter("legal_worker")
    page = client.get(PAGE)
    assert page.status_code == 200
    for question in rulings.questions().values():
        assert question.ask in page.text
        assert all(option.effect in page.text for option in question.options)
        assert "".join(question.law[0]) in page.text
    sent = client.post(PAGE, data={"code": "tenth", "value": "1", "why": WHY})
    assert sent.status_code == 303
    for login in ("clerk", "overseer", "supervisor"):
        read = world.enter(login).get(PAGE).text
        assert "现在：不算出人数" in read
        assert WHY in read
        assert "定下来" not in read
    with world.sessions() as session:
        row = session.scalars(select(AuditEntry).where(AuditEntry.what == "定法律问题")).one()
        assert (row.subject, row.staff_id is not None) == ("tenth", True)


def test_what_is_refused_gives_the_words_back(world: World) -> None:
    client = world.enter("legal_worker")
    for data, said in (
        ({"code": "tenth", "value": "1", "why": "短"}, "至少十个字"),
        ({"code": "tenth", "value": "x", "why": WHY}, "请选一种"),
        ({"code": ATTACK, "value": "1", "why": WHY}, "没有这个问题"),
        ({"code": "tenth", "value": "1", "why": "问过王科长，电话13800001234"}, "不要写电话"),
        ({"code": "tenth", "value": "1", "why": f"短{ATTACK[:4]}"}, "至少十个字"),
    ):
        answer = client.post(PAGE, data=data)
        assert answer.status_code == 422
        assert said in answer.text
        assert ATTACK not in answer.text
    assert world.enter("legal_worker").get("/staff/settings").status_code == 403


def test_nobody_else_and_nobody_of_one_place_decides(world: World) -> None:
    data = {"code": "tenth", "value": "1", "why": WHY}
    for login in ("clerk", "overseer", "supervisor", "administrator"):
        assert world.enter(login).post(PAGE, data=data).status_code == 403, login
    with world.sessions() as session:
        session.scalars(select(Staff).where(Staff.login == "legal_worker")).one().place_id = "liuhe"
        session.commit()
    client = world.enter("legal_worker")
    assert client.post(PAGE, data=data).status_code == 403
    assert "定下来" not in client.get(PAGE).text


def test_what_was_decided_is_no_time_limit_of_cases(world: World) -> None:
    world.enter("legal_worker").post(PAGE, data={"code": "grace", "value": "5", "why": WHY})
    assert "法律:" not in world.enter("administrator").get("/staff/settings").text

"""名册与参与码 and 上门, as clerks, overseers and grid workers meet them."""

import io
import re
from datetime import UTC, datetime, timedelta

import pypdfium2 as pdfium
import pytest
from openpyxl import Workbook
from sqlalchemy import func, select
from starlette.testclient import TestClient

from actions.errors import InvalidInput
from actions.roster import codes, slips
from actions.roster.models import Household, Participant, Slip, SlipRequest, VillageProfile
from bot.staff.models import AuditEntry, Role, Staff
from tests.bot.world import ATTACK, HASH, World

AT, PLACE = "/staff/village/roster", "lijiagou"


def staff_of(world: World, login: str, role: Role, place: str) -> TestClient:
    with world.sessions() as session:
        session.add(Staff(login=login, name=f"{login}的人", password_hash=HASH, role=role, place_id=place))
        session.commit()
    return world.enter(login)


def add(client: TestClient, code: str = "1-07", **more: str) -> int:
    form = {"place": PLACE, "group": "一组", "code": code, "adults": "2", "kind": "registered", **more}
    return client.post(f"{AT}/household", data=form).status_code


def print_sheet(client: TestClient, **more: str) -> list[str]:
    """The codes that stand in the file, in its order."""
    got = client.post(f"{AT}/print", data={"place": PLACE, "group": "一组", "basis": "person", **more})
    assert got.status_code == 200, got.text
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["cache-control"] == "no-store"
    text = "\n".join(page.get_textpage().get_text_range() for page in pdfium.PdfDocument(got.content))
    found = re.findall(r"\b([2-9A-Z]{3}) ([2-9A-Z]{3}) ([2-9A-Z]{4})\b", text)
    return ["".join(parts) for parts in found]


def use(world: World, asker: str, code: str) -> int:
    with world.sessions() as session:
        try:
            return slips.use(session, asker=asker, place=PLACE, code=code, now=datetime.now(UTC)).id
        finally:
            session.commit()


def one(world: World, column: object) -> int:
    with world.sessions() as session:
        return session.scalars(select(column)).one()  # type: ignore[call-overload,no-any-return]


def test_a_village_goes_from_an_empty_roster_to_a_voice(world: World) -> None:
    clerk, grid = world.enter("clerk"), world.enter("grid_worker")
    assert "名册还是空的" in clerk.get(f"{AT}?place={PLACE}").text
    assert add(clerk) == 303
    assert "1-07 户" in clerk.get(f"{AT}?place={PLACE}").text
    first, second = print_sheet(clerk)
    assert codes.is_well_formed(first)
    page = grid.get(f"/staff/doorstep?place={PLACE}").text
    assert page.count(">给了<") == 2
    assert first not in page
    with world.sessions() as session:
        person = session.scalars(select(Participant.id).where(Participant.person_no == 1)).one()
    hand = {"place": PLACE, "group": "一组", "participant": str(person), "do": "give"}
    assert grid.post("/staff/doorstep/hand", data=hand).status_code == 303
    assert grid.post("/staff/doorstep/hand", data=hand).status_code == 303, "a double tap"
    use(world, "li", first)
    use(world, "page:x", second)
    log = world.enter("overseer").get(f"{AT}/log?place={PLACE}").text
    assert "grid_worker的人 上门给的" in log
    assert "没有登记是谁发的" in log
    assert all(code not in log for code in (first, second, codes.spaced(first)))
    with world.sessions() as session:
        told = [f"{a.what} {a.subject} {a.detail}" for a in session.scalars(select(AuditEntry))]
        assert sum(line.startswith("发参与码") for line in told) == 1
        assert not any(codes.spaced(first) in line or first in line for line in told)


def test_a_second_sheet_is_made_only_when_asked_for(world: World) -> None:
    clerk = world.enter("clerk")
    add(clerk)
    first = print_sheet(clerk)
    again = clerk.post(f"{AT}/print", data={"place": PLACE, "group": "一组"})
    assert again.status_code == 422
    assert "都有能用的码了" in again.text
    second = print_sheet(clerk, again="1")
    assert len(second) == 2
    assert not set(first) & set(second)
    with pytest.raises(InvalidInput, match="作废"):
        use(world, "li", first[0])


def test_a_full_group_prints_in_pages_of_eight(world: World) -> None:
    clerk = world.enter("clerk")
    for number in range(1, 12):
        add(clerk, f"1-{number}", adults="3")
    got = clerk.post(f"{AT}/print", data={"place": PLACE, "group": "一组"})
    assert len(pdfium.PdfDocument(got.content)) == 2 + 5, "33 slips: two pages of the list, five of slips"


def test_what_ends_a_slip_waits_for_the_overseer_and_not_for_who_asked(world: World) -> None:
    clerk, overseer = world.enter("clerk"), staff_of(world, "wang", Role.overseer, PLACE)
    add(clerk, adults="1")
    (code,) = print_sheet(clerk)
    used = use(world, "li", code)
    asked = {"household": str(one(world, Household.id)), "participant": str(used), "wish": "gone"}
    assert clerk.post(f"{AT}/ask", data=asked).status_code == 303
    assert "已经有人提出来了" in clerk.post(f"{AT}/ask", data=asked).text
    request = str(one(world, SlipRequest.id))
    assert "第1人：人搬走了" in overseer.get("/staff/village").text
    decide = {"request": request, "do": "yes"}
    for login in ("clerk", "grid_worker", "supervisor", "legal_worker", "administrator"):
        assert world.enter(login).post(f"{AT}/decide", data=decide).status_code == 403, login
    assert use(world, "li", code) == used, "nothing happened yet"
    assert overseer.post(f"{AT}/decide", data=decide).status_code == 303
    assert overseer.post(f"{AT}/decide", data=decide).status_code == 422, "once"
    with pytest.raises(InvalidInput, match="作废"):
        use(world, "li", code)


def test_where_nobody_oversees_the_township_confirms_and_may_end_a_slip_itself(world: World) -> None:
    clerk, township = world.enter("clerk"), world.enter("supervisor")
    add(clerk)
    print_sheet(clerk)
    with world.sessions() as session:
        people = list(session.scalars(select(Participant.id)))
        home = session.scalars(select(Household.id)).one()
    clerk.post(f"{AT}/ask", data={"household": str(home), "participant": str(people[0]), "wish": "lost"})
    decide = {"request": str(one(world, SlipRequest.id)), "do": "no"}
    assert township.post(f"{AT}/decide", data=decide).status_code == 303
    ended = {"household": str(home), "participant": str(people[1]), "wish": "stolen"}
    assert township.post(f"{AT}/ask", data=ended).status_code == 303
    with world.sessions() as session:
        assert session.get_one(Participant, people[0]).revoked_at is None
        assert session.get_one(Participant, people[1]).revoked_at is not None
    assert "码被别人用了，已作废" in clerk.get("/staff/village").text


def test_a_code_is_read_out_by_two_and_shown_once(world: World) -> None:
    clerk, overseer = world.enter("clerk"), staff_of(world, "wang", Role.overseer, PLACE)
    add(clerk, adults="1")
    clerk.post(f"{AT}/ask", data={"household": str(one(world, Household.id)), "person": "1", "wish": "call"})
    shown = overseer.post(f"{AT}/decide", data={"request": str(one(world, SlipRequest.id)), "do": "yes"})
    code = re.search(r'id="code">([2-9A-Z ]{12})<', shown.text)
    assert code
    assert shown.headers["cache-control"] == "no-store"
    use(world, "far away", code[1])
    log = overseer.get(f"{AT}/log?place={PLACE}").text
    assert "clerk的人、wang的人 打电话念的" in log
    assert code[1] not in log


def test_the_numbers_of_a_village_are_kept_and_refused_where_they_cannot_be(world: World) -> None:
    clerk = world.enter("clerk")
    form = {"place": PLACE, "committee": "village", "adults": "812", "households": "213", "has_collective": "1"}
    form |= {"representatives": "31", "meeting_members": "36", "meets_at": ATTACK}
    assert clerk.post(f"{AT}/profile", data=form).status_code == 303
    with world.sessions() as session:
        row = session.get_one(VillageProfile, PLACE)
        assert (row.adults, row.collective_members, row.has_party_step) == (812, None, False)
        assert row.confirmed_on is not None
    assert ATTACK not in clerk.get(f"{AT}/profile?place={PLACE}").text
    for wrong in (
        {"adults": "-1"},
        {"adults": "八百"},
        {"adults": "9999999"},
        {"adults": "20"},
        {"meeting_members": "3"},
    ):
        got = clerk.post(f"{AT}/profile", data={**form, **wrong})
        assert got.status_code == 422, wrong
        assert next(iter(wrong.values())) in got.text, "what was typed is given back"
    assert one(world, VillageProfile.adults) == 812


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "13800001234"),
        ("code", "110101199003071234"),
        ("code", "1990-03-07"),
        ("code", "张三"),
        ("code", "=1+1"),
        ("code", ""),
        ("group", ATTACK),
        ("group", ""),
        ("group", "电话13800001234"),
        ("adults", "51"),
        ("adults", "两个"),
        ("adults", "²"),
    ],
)
def test_what_does_not_belong_into_a_roster_is_refused_in_words(world: World, field: str, value: str) -> None:
    clerk = world.enter("clerk")
    assert add(clerk, **{"code": "1-07", field: value} if field != "code" else {"code": value}) == 422
    with world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Household)) == 0


def test_fewer_adults_than_hold_a_slip_are_refused(world: World) -> None:
    clerk = world.enter("clerk")
    add(clerk)
    for number, code in enumerate(print_sheet(clerk)):
        use(world, f"t{number}", code)
    home = str(one(world, Household.id))
    form = {"place": PLACE, "id": home, "group": "一组", "adults": "1", "kind": "registered"}
    got = clerk.post(f"{AT}/household", data=form)
    assert got.status_code == 422
    assert "已经有 2 个人拿了码" in got.text
    assert one(world, Household.adults) == 2


TABLE = "组,户号,成年人数,类型\n一组,1-07,3,户籍\n二组,2-01,2,常住\n"


def imported(client: TestClient, table: str, do: str = "import") -> tuple[int, str]:
    got = client.post(f"{AT}/import", data={"place": PLACE, "table": table, "do": do})
    return got.status_code, got.text


def test_a_table_is_taken_once_however_often_it_is_sent(world: World) -> None:
    clerk = world.enter("clerk")
    assert imported(clerk, TABLE, "check")[0] == 200
    assert world.rows()["household"] == []
    got = clerk.post(f"{AT}/import", data={"place": PLACE, "table": TABLE, "do": "import"})
    assert got.headers["location"].endswith("done=2-0-0")
    got = clerk.post(f"{AT}/import", data={"place": PLACE, "table": TABLE.replace("1-07,3", "1-07,4"), "do": "import"})
    assert got.headers["location"].endswith("done=0-1-1")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("一组,=cmd|' /C calc'!A0,3,户籍", "像公式"),
        ("=HYPERLINK(1),1-08,3,户籍", "像公式"),
        ("一组,1-08,+3,户籍", "像公式"),
        ("一组,1-07,2,户籍", "和第 2 行是同一户"),
        ("一组,110101199003071234,3,户籍", "不要写身份证号"),
        ("一组,1-08,很多,户籍", "成年人数写"),
        ("一组,1-08,3,富农", "“类型”写"),
        ("一组,1-08", "“成年人数”没写"),
        ("一组,1-08,3,户籍,张三,男", "要有 4 栏"),
        (f"{ATTACK},1-08,3,户籍", "组名写"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_taken(world: World, line: str, said: str) -> None:
    code, page = imported(world.enter("clerk"), f"{TABLE}{line}\n")
    assert code == 422
    assert "第 4 行" in page
    assert said in page
    assert "<script>alert" not in page
    assert world.rows()["household"] == []


def test_hostile_files_are_refused_in_words(world: World) -> None:
    clerk = world.enter("clerk")
    rows = "".join(f"一组,{n // 100}-{n % 100},3,户籍\n" for n in range(10_000))
    assert "一次最多导入 5000 行" in imported(clerk, "组,户号,成年人数,类型\n" + rows)[1]
    for table in ("", "姓名,身份证\n张三,1", "组,户号,成年人数\n", "\x00\x01"):
        assert imported(clerk, table)[0] == 422, table
    for data in (b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old", b"\xff\xd8\xff\xe0picture", bytes(range(256))):
        sent = clerk.post(f"{AT}/import", data={"place": PLACE, "do": "import"}, files={"file": ("x.xlsx", data)})
        assert sent.status_code == 422
    assert world.rows()["household"] == []


def test_a_workbook_with_a_formula_gives_its_value_or_is_refused(world: World) -> None:
    book, out = Workbook(), io.BytesIO()
    for row in (("组", "户号", "成年人数"), ("一组", "1-07", 3), ("一组", "1-08", "=1+2")):
        book.active.append(row)
    book.save(out)
    clerk = world.enter("clerk")
    sent = clerk.post(f"{AT}/import", data={"place": PLACE, "do": "import"}, files={"file": ("h.xlsx", out.getvalue())})
    assert sent.status_code == 422
    assert "第 3 行" in sent.text


def test_the_clerk_of_another_village_neither_sees_nor_changes_this_one(world: World) -> None:
    clerk = world.enter("clerk")
    add(clerk, adults="1")
    print_sheet(clerk)
    home, person = str(one(world, Household.id)), str(one(world, Participant.id))
    clerk.post(f"{AT}/ask", data={"household": home, "participant": person, "wish": "lost"})
    request = str(one(world, SlipRequest.id))
    before = world.rows()
    with world.sessions() as session:
        other = session.scalars(select(Staff.place_id).where(Staff.login == "qingshi")).one()
    for login, role in (("c2", Role.clerk), ("o2", Role.overseer), ("g2", Role.grid_worker), ("s2", Role.supervisor)):
        stranger = staff_of(world, login, role, other)
        for path in (
            f"{AT}?place=",
            f"{AT}/log?place=",
            f"{AT}/profile?place=",
            f"{AT}/import?place=",
            "/staff/doorstep?place=",
        ):
            assert stranger.get(f"{path}{PLACE}").status_code == 403, path
        for path, form in {
            f"{AT}/household": {"place": PLACE, "group": "一组", "code": "9-9", "adults": "1"},
            f"{AT}/print": {"place": PLACE, "group": "一组", "again": "1"},
            f"{AT}/profile": {"place": PLACE, "adults": "1"},
            f"{AT}/import": {"place": PLACE, "do": "import", "table": TABLE},
            f"{AT}/ask": {"household": home, "participant": person, "wish": "gone"},
            f"{AT}/decide": {"request": request, "do": "yes"},
            "/staff/doorstep/hand": {"place": "", "participant": person, "do": "give"},
        }.items():
            assert stranger.post(path, data=form).status_code in (403, 404), (login, path)
    after = world.rows()
    assert {name for name in before if name != "staff" and before[name] != after[name]} == set()


def test_a_household_of_one_village_is_not_changed_in_the_name_of_another(world: World) -> None:
    clerk = world.enter("clerk")
    add(clerk)
    home = str(one(world, Household.id))
    form = {"place": "wangjiawan", "id": home, "group": "一组", "adults": "9", "kind": "registered"}
    assert clerk.post(f"{AT}/household", data=form).status_code == 422
    assert one(world, Household.adults) == 2


@pytest.mark.parametrize("number", ["", "0", "999999999", "-1", "x", "9" * 30])
def test_numbers_that_are_nobodys_are_refused_in_words(world: World, number: str) -> None:
    clerk, grid, overseer = world.enter("clerk"), world.enter("grid_worker"), world.enter("overseer")
    for client, path, form in (
        (clerk, f"{AT}/ask", {"household": number, "wish": "lost", "participant": number}),
        (overseer, f"{AT}/decide", {"request": number, "do": "yes"}),
        (grid, "/staff/doorstep/hand", {"place": PLACE, "participant": number, "do": "give"}),
    ):
        assert client.post(path, data=form).status_code in (404, 422), path


def test_the_clerk_is_told_when_somebody_guesses(world: World) -> None:
    clerk = world.enter("clerk")
    for number in range(20):
        with pytest.raises(InvalidInput):
            use(world, f"page:{number}", codes.new_code())
    assert "有人一直在试参与码" in clerk.get("/staff/village").text
    assert "每部手机只让试两次" in clerk.get(f"{AT}?place={PLACE}").text


def test_the_clerk_is_told_what_ends_soon(world: World) -> None:
    clerk = world.enter("clerk")
    add(clerk, adults="1")
    use(world, "li", print_sheet(clerk)[0])
    assert "快到期" not in clerk.get("/staff/village").text
    with world.sessions() as session:
        session.scalars(select(Slip)).one().ends_on = (datetime.now(UTC) + timedelta(days=20)).date()
        session.commit()
    assert "1 张参与码快到期" in clerk.get("/staff/village").text

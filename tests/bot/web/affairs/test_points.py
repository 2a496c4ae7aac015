"""积分 in the console, at the door and for everybody. The first test is scenario 19 of the specification."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from httpx2 import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from actions.decisions.models import Decision
from actions.points import claims, disputes, ledger, schemes, sheets, stars, vouchers
from actions.points.models import (
    PointClaim,
    PointDispute,
    PointEntry,
    PointRule,
    PointScheme,
    Source,
    StarAward,
    Voucher,
)
from actions.points.status import DisputeState, StarState
from actions.roster import codes, slips
from actions.roster.models import Household
from bot.affairs import points as clock
from bot.conversations.models import Message
from bot.privacy import own_data
from bot.staff.models import AuditEntry, Role, Staff
from knowledge.clock import SHANGHAI
from tests.actions.points import hall
from tests.actions.roster import village
from tests.bot.world import ATTACK, HASH, World

AT = "/staff/village/points"
PLACE = "lijiagou"
NOW = datetime.now(UTC)
TODAY = NOW.astimezone(SHANGHAI).date()


@pytest.fixture
def begun(world: World) -> World:
    """Three households, a decision that passed; a clerk, an overseer and a grid worker of lijiagou."""
    people = {"scribe": Role.clerk, "own": Role.overseer, "grid": Role.grid_worker}
    with world.sessions() as session:
        for login, role in people.items():
            session.add(Staff(login=login, name=f"{login}的人", password_hash=HASH, role=role, place_id=PLACE))
        for code in ("1-07", "1-08", "1-09"):
            hall.home(session, code)
        hall.decision(session)
        session.commit()
    return world


def do(client: TestClient, what: str, **fields: object) -> Response:
    return client.post(f"{AT}/{what}", data={"place": PLACE, **{k: str(v) for k, v in fields.items()}})


def done(client: TestClient, what: str, **fields: object) -> str:
    answer = do(client, what, **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def adopted(world: World) -> None:
    clerk, own = world.enter("scribe"), world.enter("own")
    done(clerk, "rule", title="打扫公共地方", points=3, cap=300, evidence="照片")
    done(clerk, "rule", title="调解邻里纠纷", points=60, cap=120, evidence="调解员说了")
    done(clerk, "rule", title="家里和睦", kind="star", evidence="上门看")
    with world.sessions() as session:
        scheme = session.scalars(select(PointScheme)).one()
        decision = session.scalars(select(Decision).where(Decision.ordinal == 7)).one()
        fields = {"scheme": scheme.id, "edition": scheme.edition, "decision": decision.id}
    done(own, "adopt", **fields)


def rule(world: World, title: str = "打扫公共地方") -> int:
    with world.sessions() as session:
        return session.scalars(select(PointRule.id).where(PointRule.title == title)).one()


def balance(world: World, code: str = "1-07") -> int:
    with world.sessions() as session:
        home = session.scalars(select(Household).where(Household.code == code)).one()
        return ledger.standing(session, home.id, NOW).balance


def test_scenario_19(begun: World) -> None:
    """CSV twice = once; a self-confirmed entry refused; dispute escalated; another's balance can't be had; no page
    orders people.
    """
    clerk, own = begun.enter("scribe"), begun.enter("own")
    table = f"户号,做了什么,日期,说明\n1-07,打扫公共地方,{TODAY},扫村口\n1-08,打扫公共地方,{TODAY},扫村口\n"
    refused = clerk.post(f"{AT}/import", data={"place": PLACE, "table": table, "do": "import"})
    assert refused.status_code == 422
    assert "会议或者代表会议通过" in refused.text
    adopted(begun)
    for _ in range(2):
        sent = clerk.post(f"{AT}/import", data={"place": PLACE, "table": table, "do": "import"})
        assert sent.status_code == 303
    with begun.sessions() as session:
        first, second = session.scalars(select(PointClaim).order_by(PointClaim.id)).all()
    assert "做好事加分" in clerk.get("/staff/village").text
    assert "2件积分要确认" in own.get("/staff/village").text

    own_word = do(clerk, "confirm", claim=first.id, no_kin=1)
    assert (own_word.status_code, "自己报的不能自己确认" in own_word.text) == (422, True)
    assert "回避" in do(own, "confirm", claim=first.id).text
    assert balance(begun) == 0
    done(own, "confirm", claim=first.id, no_kin=1)
    assert do(own, "confirm", claim=first.id, no_kin=1).status_code == 422
    done(own, "decline", claim=second.id, why="那天没去")
    assert (balance(begun), balance(begun, "1-08")) == (3, 0)

    with begun.sessions() as session:
        home = session.scalars(select(Household).where(Household.code == "1-08")).one()
        made = hall_dispute(session, home)
    later = NOW + timedelta(days=60)
    with begun.sessions() as session:
        clock.tick(session, later)
        kept = session.get_one(PointDispute, made)
        assert kept.state is DisputeState.overseer
        clock.tick(session, later)
        told = session.scalars(select(Message.text).where(Message.conversation_id == begun.conversation)).all()
        assert len([text for text in told if "过了期没有答复" in text]) == 1
    decided = do(own, "answer", dispute=made, text="问过了，那天确实没去。")
    assert "请换一个人来答复" in decided.text
    township = begun.enter("supervisor")
    assert "等村务监督委员会答复" in township.get("/staff/village").text
    done(township, "answer", dispute=made, text="问过了，那天确实没去。")

    pages = [begun.visitor().get(f"/v/{PLACE}{path}").text for path in ("", "/points")]
    pages += [clerk.get(f"{AT}{path}?place={PLACE}").text for path in ("", "/rules", "/counter", "/sheet")]
    for page in pages:
        assert "1-07" not in page  # nothing waits of it any more, so no page names it
        assert not re.search(r"第[一1]名|排名第|得分最|最高分", page)


def hall_dispute(session: Session, home: Household) -> int:
    words = "十八号扫了村口没有记"
    made = disputes.raise_dispute(session, home, words=words, conversation_id=World.conversation, key="d", now=NOW)
    session.commit()
    return made.id


def test_no_address_of_the_village_gives_a_households_points(begun: World) -> None:
    adopted(begun)
    with begun.sessions() as session:
        hall.given(session, session.scalars(select(Household).where(Household.code == "1-07")).one(), now=NOW)
    visitor = begun.visitor()
    page = visitor.get(f"/v/{PLACE}/points").text
    assert "打扫公共地方" in page
    assert "1-07" not in page
    for path in ("1-07", "1", "../1-07", "household?code=1-07", "2026-99", "star/1"):
        assert visitor.get(f"/v/{PLACE}/points/{path}").status_code == 404
    looked = begun.enter("scribe").get(f"{AT}/household?place={PLACE}&code=1-07")
    assert "一共 <strong>3</strong> 分" in looked.text
    with begun.sessions() as session:
        seen = session.scalars(select(AuditEntry.what).where(AuditEntry.what.contains("看了一户的积分"))).all()
        assert len(seen) == 1
    assert begun.enter("qingshi").get(f"{AT}/household?place={PLACE}&code=1-07").status_code == 403
    assert begun.enter("grid").get(f"{AT}/household?place={PLACE}&code=1-07").status_code == 403


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("不上访的", "第四十一条"),
        ("举报邻居", "第一千零二十四条"),
        ("捐款", "慈善法第三十二条"),
        ("乱扔垃圾扣2分", "只加不扣"),
    ],
)
def test_what_must_not_be_rewarded_is_refused_at_writing_and_given_back(begun: World, title: str, said: str) -> None:
    answer = do(begun.enter("scribe"), "rule", title=title, points=3, cap=30, evidence="照片")
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{title}"' in answer.text
    with begun.sessions() as session:
        assert session.scalar(select(func.count()).select_from(PointRule)) == 0


def test_the_counter_takes_a_code_once_and_locks_who_guesses(begun: World) -> None:
    adopted(begun)
    clerk = begun.enter("scribe")
    done(clerk, "item", title="洗衣粉", cost=3, stock=2)
    with begun.sessions() as session:
        home = session.scalars(select(Household).where(Household.code == "1-07")).one()
        hall.given(session, home, now=NOW)
        thing = vouchers.offered(session, PLACE)[0]
        code = vouchers.order(session, home, thing.id, key="o", now=NOW).code
        session.commit()
    assert "换好了：洗衣粉，一件" in clerk.get(done(clerk, "spend", code=code)).text
    again = do(clerk, "spend", code=code)
    assert (again.status_code, "已经用过" in again.text) == (422, True)
    for _ in range(5):
        do(clerk, "spend", code=codes.new_code())
    assert "先停一停" in do(clerk, "spend", code=codes.new_code()).text
    assert balance(begun) == 0


def test_the_household_hears_at_once_what_went_for_its_points(begun: World) -> None:
    """Whoever overheard the code gets the thing, so the house must know."""
    adopted(begun)
    clerk = begun.enter("scribe")
    done(clerk, "item", title="洗衣粉", cost=3, stock=5)
    with begun.sessions() as session:
        home = session.scalars(select(Household).where(Household.code == "1-07")).one()
        hall.given(session, home, now=NOW)
        paper = next(one for one in village.printed(session) if one.household == "1-07").code
        slips.use(session, asker=begun.conversation, place=PLACE, code=paper, now=NOW)
        thing = vouchers.offered(session, PLACE)[0]
        code = vouchers.order(session, home, thing.id, key="o", now=NOW).code
        session.commit()
    for _ in range(2):
        do(clerk, "spend", code=code)
    with begun.sessions() as session:
        asked = select(Message).where(Message.text.contains("在柜台领走了"))
        [told] = session.scalars(asked.where(Message.conversation_id == begun.conversation))
    assert "洗衣粉在柜台领走了，用了3分，您家还能用0分" in told.text
    assert "积分少记了" in str(told.body)


def test_who_has_no_telephone_shows_the_slip_and_a_double_send_gives_one(begun: World) -> None:
    adopted(begun)
    clerk = begun.enter("scribe")
    done(clerk, "item", title="洗衣粉", cost=3, stock=5)
    with begun.sessions() as session:
        home = session.scalars(select(Household).where(Household.code == "1-07")).one()
        hall.given(session, home, now=NOW)
        hall.given(session, home, key="two", now=NOW)
        slip = next(one for one in village.printed(session) if one.household == "1-07")
        item = vouchers.offered(session, PLACE)[0].id
    for _ in range(2):
        done(clerk, "hand-out", item=item, slip=slip.code, nonce="same")
    assert balance(begun) == 3
    with begun.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Voucher)) == 1


def test_at_the_door_a_grid_worker_writes_down_and_does_not_confirm(begun: World) -> None:
    adopted(begun)
    grid = begun.enter("grid")
    assert "记一件好事" in grid.get("/staff/doorstep").text
    form = {"place": PLACE, "do": "claim", "house": "1-07", "rule": str(rule(begun)), "nonce": "n"}
    for _ in range(2):
        sent = grid.post("/staff/doorstep/points", data={**form, "day": f"{TODAY}", "words": ATTACK})
        assert "等评议小组的人确认" in sent.text
    with begun.sessions() as session:
        assert session.scalar(select(func.count()).select_from(PointClaim)) == 1
    assert ATTACK not in begun.enter("own").get(f"{AT}?place={PLACE}").text
    for bad in ({"house": "9-99"}, {"house": "110101199001011234"}, {"day": "昨天"}, {"rule": "999999999999"}):
        refused = grid.post("/staff/doorstep/points", data={**form, "day": f"{TODAY}", **bad})
        assert refused.status_code == 422, bad
        assert "Traceback" not in refused.text
    assert do(grid, "confirm", claim=1, no_kin=1).status_code == 403


def test_above_fifty_the_page_asks_for_a_second_who_oversees(begun: World) -> None:
    adopted(begun)
    with begun.sessions() as session:
        home = session.scalars(select(Household).where(Household.code == "1-07")).one()
        deed = claims.Deed(rule(begun, "调解邻里纠纷"), TODAY)
        made = claims.claim(session, home, deed, source=Source.chat, key="k", now=NOW)
        session.commit()
        number = made.id
    clerk, own = begun.enter("scribe"), begun.enter("own")
    done(clerk, "confirm", claim=number, no_kin=1)
    assert balance(begun) == 0
    assert do(clerk, "confirm", claim=number, no_kin=1).status_code == 422
    done(own, "confirm", claim=number, no_kin=1)
    assert balance(begun) == 60


@pytest.mark.parametrize(
    ("login", "what"),
    [
        ("own", "rule"),
        ("own", "item"),
        ("own", "spend"),
        ("scribe", "weigh"),
        ("legal_worker", "confirm"),
        ("legal_worker", "stop"),
        ("legal_worker", "star-fit"),
    ],
)
def test_a_deed_of_another_trade_is_refused(begun: World, login: str, what: str) -> None:
    adopted(begun)
    before = begun.rows()
    assert do(begun.enter(login), what, title="扫地", points=1, cap=9, evidence="照片", why="停").status_code in (
        403,
        422,
    )
    after = begun.rows()
    assert {name for name in before if before[name] != after[name]} <= {"staff_session"}


def test_a_row_of_another_village_is_not_there(begun: World) -> None:
    adopted(begun)
    with begun.sessions() as session:
        home = session.scalars(select(Household).where(Household.code == "1-07")).one()
        number = hall.claimed(session, home, now=NOW).id
        session.commit()
    for client in (begun.enter("qingshi"), begun.enter("supervisor")):
        for place in ("qingshi", "nowhere", ""):
            sent = client.post(f"{AT}/confirm", data={"place": place, "claim": str(number), "no_kin": "1"})
            assert sent.status_code in (403, 404, 422, 303)
    with begun.sessions() as session:
        entries = session.scalars(select(PointEntry)).all()
        assert all(entry.place_id == PLACE for entry in entries)


def test_a_star_is_posted_by_its_house_objected_to_and_read_by_the_overseer_alone(begun: World) -> None:
    adopted(begun)
    clerk, own, visitor = begun.enter("scribe"), begun.enter("own"), begun.visitor()
    with begun.sessions() as session:
        home = session.scalars(select(Household).where(Household.code == "1-09")).one()
        made = stars.apply(session, home, agrees=True, words="", key="s", now=NOW).id
        other = session.scalars(select(Household).where(Household.code == "1-08")).one()
        turned = stars.apply(session, other, agrees=True, words="", key="t", now=NOW).id
        session.commit()
    assert visitor.get(f"/v/{PLACE}/points/star/{made}").status_code == 404
    done(clerk, "star-down", award=turned, why="老人还住在旧屋")
    done(clerk, "star-fit", award=made, no_kin=1)
    done(own, "star-fit", award=made, no_kin=1)
    page = visitor.get(f"/v/{PLACE}/points").text
    assert "1-09 户" in page
    assert "1-08" not in page
    assert visitor.get(f"/v/{PLACE}/points/star/{turned}").status_code == 404
    form = {"words": "他家天天吵", "nonce": "n"}
    for _ in range(2):
        assert visitor.post(f"/v/{PLACE}/points/star/{made}", data=form).status_code == 303
    assert visitor.post(f"/v/{PLACE}/points/star/{made}", data={"words": "短"}).status_code == 422
    elsewhere = visitor.post(f"/v/{PLACE}/points/star/{made}", data=form, headers={"sec-fetch-site": "cross-site"})
    assert elsewhere.status_code == 403
    assert own.get(f"{AT}?place={PLACE}").text.count("他家天天吵") == 1
    assert "他家天天吵" not in clerk.get(f"{AT}?place={PLACE}").text
    with begun.sessions() as session:
        assert session.get_one(StarAward, made).state is StarState.noticed


def test_the_months_sheet_is_public_and_printable(begun: World) -> None:
    adopted(begun)
    with begun.sessions() as session:
        hall.given(session, session.scalars(select(Household).where(Household.code == "1-07")).one(), now=NOW)
        first = (TODAY.replace(day=1) + timedelta(days=32)).replace(day=1)
        clock.tick(session, datetime(first.year, first.month, first.day, 4, tzinfo=UTC))
        [sheet] = sheets.sheets_of(session, PLACE)
        month = sheet.month
    page = begun.visitor().get(f"/v/{PLACE}/points/{month}")
    assert "少于10" in page.text
    assert "1-07" not in page.text
    assert page.headers["x-robots-tag"] == "noindex"
    assert "少于10" in begun.enter("scribe").get(f"{AT}/sheet?place={PLACE}&month={month}").text


def test_a_village_without_a_scheme_shows_no_tab_and_what_is_asked_is_exported(begun: World) -> None:
    assert "积分" not in begun.visitor().get(f"/v/{PLACE}").text
    assert begun.visitor().get(f"/v/{PLACE}/points").status_code == 404
    adopted(begun)
    with begun.sessions() as session:
        home = session.scalars(select(Household).where(Household.code == "1-07")).one()
        hall_dispute(session, home)
        conversation = own_data.found(session, begun.conversation)
        assert conversation
        assert [d["words"] for d in own_data.exported(session, conversation)["points"]["disputes"]]
        assert schemes.adopted(session, PLACE)

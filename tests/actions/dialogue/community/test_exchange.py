"""The sheet for whoever wants a paper that no village gives, the log of who wants it, and the telephone's yes or no."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from actions.cases import filing, moves
from actions.demands.models import Demand
from actions.dialogue.community.exchange import with_sheet
from actions.dialogue.frame.base import Said, Turn, say
from actions.exchange import outgoing, systems
from actions.replies import Reply, ReplyKind
from knowledge.answering.told import Citation
from knowledge.clock import utc_now
from tests.actions.dialogue.affairs.hall import PLACE, Resident
from tests.actions.dialogue.test_base import given

ASKS = "银行叫村里开亲属关系证明"


def answered(document: str = "guide-zhengming-qinshu", kind: ReplyKind = ReplyKind.answer) -> Said:
    cited = Citation(
        "service_guide", "办事指南", document, "亲属关系证明怎么开", None, "2026-01-01", None, False, "", None, 1.0
    )
    return say(Reply(kind, "村里不开亲属关系证明。", citations=(cited,)))


def turn(text: str = ASKS, *, message: int = 7, place: str | None = PLACE) -> Turn:
    return Turn("c-me", text, message=message, place=place)


def demands(sessions: sessionmaker[Session]) -> list[tuple[str, str, str, bool]]:
    with sessions() as session:
        return [(d.asked_by, d.what, d.certificate, d.is_from_chat) for d in session.scalars(select(Demand))]


def test_the_bank_gets_a_sheet_and_its_demand_is_kept_once_without_a_name(me: Resident) -> None:
    services = given(me.sessions)
    for _ in range(2):
        said = with_sheet(services, turn(), answered())
        (link,) = said.replies[0].links
        assert (link.label, link.href) == ("给银行看的告知单", "/paper/qinshu")
    assert demands(me.sessions) == [("银行", "亲属关系证明", "qinshu", True)]
    with me.sessions() as session:
        row = session.scalars(select(Demand)).one()
        assert "c-me" not in repr(vars(row))
    again = with_sheet(services, turn(), said)
    assert len(again.replies[0].links) == 1


def test_a_question_gets_the_sheet_and_nobody_is_accused(me: Resident) -> None:
    said = with_sheet(given(me.sessions), turn("亲属关系证明怎么开"), answered())
    assert said.replies[0].links[0].label == "给对方看的告知单"
    assert demands(me.sessions) == []


@pytest.mark.parametrize(
    "said",
    [
        answered("guide-zhengming-juzhu"),
        answered(kind=ReplyKind.abstention),
        Said(),
        say(Reply(ReplyKind.text, "您好")),
    ],
)
def test_other_answers_stay_as_they_are(me: Resident, said: Said) -> None:
    assert with_sheet(given(me.sessions), turn(), said) == said
    assert demands(me.sessions) == []


def test_without_a_village_the_sheet_is_there_and_nothing_is_kept(me: Resident) -> None:
    said = with_sheet(given(me.sessions), turn(place=None), answered())
    assert said.replies[0].links
    assert demands(me.sessions) == []


def test_words_that_staff_only_try_are_kept_nowhere(me: Resident) -> None:
    said = with_sheet(replace(given(me.sessions), is_tried=True), turn(), answered())
    assert said.replies[0].links
    assert demands(me.sessions) == []


def test_a_long_story_names_banks_for_other_reasons(me: Resident) -> None:
    said = answered()
    assert with_sheet(given(me.sessions), turn(ASKS + "，" + "后来又说了很多别的事" * 14), said) == said


def test_the_button_says_whether_the_telephone_goes(me: Resident) -> None:
    now = utc_now()
    with me.sessions() as session:
        case = filing.file(
            session,
            request_key="r",
            conversation_id=me.id,
            place=PLACE,
            category="环境卫生",
            fields={"what": "垃圾没人拉", "phone": "13800001234"},
            now=now,
        )
        system, _ = systems.add(
            session,
            name="清禾县（12345）热线",
            place=PLACE,
            contact="",
            url="",
            profile="通用",
            networks="",
            by="",
            seal=lambda secret, owner: secret,
            now=now,
        )
        session.commit()
        outgoing.send_case(session, case, system, actor=moves.Actor("staff", "王芳", 1), key="k", now=now)
        number = filing.spoken_number(case)
    (told,) = me.say(f"{number} 同意转电话给清禾县（12345）热线")
    assert told.text == "好，您的电话给清禾县（12345）热线了，只用来办这件事。"
    (again,) = me.say(f"{number} 不同意转电话给清禾县(12345)热线")
    assert "您的电话给" in again.text

"""A checkup from the clerk to the adviser to the township's head, and the decision that waits for it."""

import pytest
from sqlalchemy import select

from actions.checkup import checking
from actions.checkup.checking import Given
from actions.checkup.models import Checkup, CheckupAnswer
from actions.checkup.status import MOVES, Answer, State
from actions.checkup.templates import template_of
from actions.decisions.entries import Who
from actions.decisions.models import Decision
from actions.errors import Conflict, InvalidInput, NotAllowed
from tests.actions.decisions.conftest import CLERK, LEGAL, Office, office

__all__ = ["office"]
HEAD = Who(8, "乡镇主管")
THERE = Given(Answer.there, "有记录，2026年11月")


def begun(office: Office, decision: Decision | None = None, *, template: str = "collective") -> Checkup:
    return checking.start(
        office.session,
        place="lijiagou",
        template=template,
        subject="集体仓库出租给外面的公司",
        decision_id=decision.id if decision else None,
        who=CLERK,
        key=office.key(),
        now=office.now,
    )


def filled(office: Office, checkup: Checkup, *, but: dict[str, Answer] | None = None) -> None:
    answers = {}
    for item in template_of(checkup.template).items:
        answer = (but or {}).get(item.code, Answer.there)
        answers[item.code] = Given(answer, "有记录，2026年11月" if answer is Answer.there else "")
    checking.put(office.session, checkup, answers, who=CLERK, now=office.now)


def signed(office: Office, checkup: Checkup, *, but: dict[str, Answer] | None = None) -> None:
    filled(office, checkup, but=but)
    checking.send(office.session, checkup, who=CLERK)
    checking.sign(office.session, checkup, risk="合同期限偏长", lacking="补上价格比选的记录", who=LEGAL, now=office.now)


def test_a_decision_waits_until_the_adviser_has_signed_and_nothing_that_must_be_is_missing(office: Office) -> None:
    decision = office.to_the_notice()
    checkup = begun(office, decision)
    with pytest.raises(NotAllowed, match="还没有法律顾问签字"):
        office.call(decision)
    signed(office, checkup, but={"price": Answer.missing})
    with pytest.raises(NotAllowed, match="还缺：价钱是怎么定的"):
        office.call(decision)
    checking.reopen(office.session, checkup)
    with pytest.raises(NotAllowed, match="还没有法律顾问签字"):
        office.call(decision)
    signed(office, checkup)
    assert checking.must_missing(checkup) == []
    assert office.call(decision).id


def test_or_the_townships_head_writes_why(office: Office) -> None:
    decision = office.to_the_notice()
    checkup = begun(office, decision)
    signed(office, checkup, but={"price": Answer.unclear})
    for who in (CLERK, LEGAL):
        with pytest.raises(NotAllowed, match="不能自己放行"):
            checking.excuse(office.session, checkup, why="评估公司下周才来，先开会", who=who, now=office.now)
    with pytest.raises(InvalidInput, match="具体"):
        checking.excuse(office.session, checkup, why="着急开会", who=HEAD, now=office.now)
    checking.excuse(office.session, checkup, why="评估公司下周才来，会上先议期限", who=HEAD, now=office.now)
    office.session.commit()
    assert checkup.state is State.excused
    assert office.call(decision).id


def test_who_has_nothing_missing_needs_no_reason(office: Office) -> None:
    checkup = begun(office)
    signed(office, checkup)
    with pytest.raises(NotAllowed, match="不用写原因"):
        checking.excuse(office.session, checkup, why="没有什么要写的原因", who=HEAD, now=office.now)


def test_whoever_fills_does_not_sign(office: Office) -> None:
    checkup = begun(office)
    filled(office, checkup)
    checking.put(office.session, checkup, {"minutes": Given(Answer.there, "第3册")}, who=LEGAL, now=office.now)
    checking.send(office.session, checkup, who=CLERK)
    for who in (CLERK, LEGAL):
        with pytest.raises(NotAllowed, match="自己填的不能自己签"):
            checking.sign(office.session, checkup, risk="没有风险", lacking="没有", who=who, now=office.now)


def test_every_answer_stays_and_the_last_counts(office: Office) -> None:
    checkup = begun(office)
    one = {"minutes": Given(Answer.missing)}
    assert checking.put(office.session, checkup, one, who=CLERK, now=office.now) == 1
    assert checking.put(office.session, checkup, one, who=CLERK, now=office.now) == 0  # sent twice
    checking.put(office.session, checkup, {"minutes": Given(Answer.there, "第3册")}, who=CLERK, now=office.now)
    office.session.commit()
    assert [a.answer for a in office.session.scalars(select(CheckupAnswer))] == [Answer.missing, Answer.there]
    assert checkup.latest["minutes"].answer is Answer.there


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Given(Answer.there), "写明是哪份材料"),
        (Given(Answer.not_concerned), "为什么"),
        (Given(Answer.there, "电话13812345678里说的"), "电话"),
    ],
)
def test_what_is_not_enough_is_said(office: Office, given: Given, said: str) -> None:
    checkup = begun(office)
    with pytest.raises(InvalidInput, match=said):
        checking.put(office.session, checkup, {"minutes": given}, who=CLERK, now=office.now)
    with pytest.raises(InvalidInput, match="没有这一项"):
        checking.put(office.session, checkup, {"x" * 99: Given(Answer.missing)}, who=CLERK, now=office.now)


def test_nothing_unanswered_is_sent_and_nothing_sent_is_changed(office: Office) -> None:
    checkup = begun(office)
    with pytest.raises(InvalidInput, match=r"还有 .* 件没答"):
        checking.send(office.session, checkup, who=CLERK)
    filled(office, checkup)
    checking.send(office.session, checkup, who=CLERK)
    with pytest.raises(NotAllowed, match="退回以后才能改"):
        checking.put(office.session, checkup, {"minutes": Given(Answer.missing)}, who=CLERK, now=office.now)
    with pytest.raises(NotAllowed, match="等他看完"):
        checking.reopen(office.session, checkup)
    checking.send_back(office.session, checkup, why="合同没有附上", who=LEGAL)
    assert (checkup.state, checkup.sent_back) == (State.filling, "合同没有附上")


def test_a_missing_thing_must_be_named_by_the_adviser(office: Office) -> None:
    checkup = begun(office)
    filled(office, checkup, but={"votes": Answer.missing})
    checking.send(office.session, checkup, who=CLERK)
    with pytest.raises(InvalidInput, match="缺什么、怎么补"):
        checking.sign(office.session, checkup, risk="表决数不够", lacking="", who=LEGAL, now=office.now)


def test_a_decision_has_one_checkup_that_is_no_way_around(office: Office) -> None:
    decision = office.to_the_notice()
    checkup = begun(office, decision)
    with pytest.raises(Conflict, match="已经在做体检"):
        begun(office, decision)
    with pytest.raises(NotAllowed, match="不能不做"):
        checking.withdraw(office.session, checkup)
    other = begun(office)
    checking.withdraw(office.session, other)
    assert other.state is State.withdrawn
    assert decision not in checking.may_be_linked(office.session, "lijiagou")


def test_after_the_notice_it_is_too_late(office: Office) -> None:
    decision = office.to_the_notice()
    office.call(decision)
    with pytest.raises(NotAllowed, match="会议通知已经出了"):
        begun(office, decision)


def test_another_village_does_not_hold_our_decision(office: Office) -> None:
    decision = office.to_the_notice()
    with pytest.raises(NotAllowed, match="不是这个村的"):
        checking.start(
            office.session,
            place="shiqiao",
            template="land",
            subject="别人家的事",
            decision_id=decision.id,
            who=CLERK,
            key="far",
            now=office.now,
        )


def test_sent_twice_is_one(office: Office) -> None:
    key = office.key()
    both = [
        checking.start(
            office.session,
            place="lijiagou",
            template="works",
            subject="南沟水渠发包",
            decision_id=None,
            who=CLERK,
            key=key,
            now=office.now,
        )
        for _ in range(2)
    ]
    assert both[0].id == both[1].id


def test_killed_before_the_commit_nothing_is_half_done(office: Office) -> None:
    """The decision's reason and the checkup's state are one transaction."""
    decision = office.to_the_notice()
    checkup = begun(office, decision)
    office.session.commit()
    number = checkup.id
    signed(office, checkup)
    office.session.rollback()
    again = checking.get(office.session, number)
    assert (again.state, again.answers) == (State.filling, [])
    assert "还没有法律顾问签字" in office.session.get_one(Decision, decision.id).waits_for


def test_of_two_who_press_at_once_one_is_told(office: Office) -> None:
    checkup = begun(office)
    filled(office, checkup)
    office.session.commit()
    held = checkup.state
    checking.send(office.session, checkup, who=CLERK)
    checkup.state = held  # as the other process has read it
    office.session.expunge(checkup)
    with pytest.raises((Conflict, NotAllowed)):
        checking.send(office.session, checking.get(office.session, checkup.id), who=CLERK)


def test_the_table_of_moves_ends_somewhere() -> None:
    assert set(MOVES) == set(State)
    assert MOVES[State.withdrawn] == {}


def test_no_notice_waits_for_what_only_the_meeting_brings(office: Office) -> None:
    """Minutes, the count and the contract come after the notice: asked for before it, nothing could ever begin."""
    decision = office.to_the_notice()
    checkup = begun(office, decision)
    later = {item.code for item in template_of("collective").items if item.after_meeting}
    assert {"notice", "present", "votes", "minutes", "published"} <= later
    answers = {item.code: THERE for item in template_of("collective").items if item.code not in later}
    checking.put(office.session, checkup, answers, who=CLERK, now=office.now)
    checking.send(office.session, checkup, who=CLERK)
    checking.sign(office.session, checkup, risk="合同期限偏长", lacking="", who=LEGAL, now=office.now)
    assert checkup.missing == []
    assert office.call(decision).id


def test_a_look_back_without_a_decision_asks_for_them(office: Office) -> None:
    checkup = begun(office)
    answers = {item.code: THERE for item in template_of("collective").items if not item.after_meeting}
    checking.put(office.session, checkup, answers, who=CLERK, now=office.now)
    with pytest.raises(InvalidInput, match="头一件是第3件"):
        checking.send(office.session, checkup, who=CLERK)
    assert "minutes" in {item.code for item in checking.must_missing(checkup)}

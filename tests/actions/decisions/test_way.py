from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.cases import moves as case_moves
from actions.cases.models import Case
from actions.cases.status import CaseStatus
from actions.decisions import listing, meetings, steps, words
from actions.decisions.entries import Entry
from actions.decisions.models import Decision, DecisionStep, Meeting, MeetingState
from actions.decisions.status import State, Step
from actions.decisions.steps import Task
from actions.errors import ActionError, Conflict, InvalidInput, NotAllowed
from actions.roster.models import VillageProfile
from tests.actions.decisions.conftest import CLERK, LEGAL, OTHER, OVERSEER, Office


def _rows(session: Session, kind: type) -> int:
    return session.scalar(select(func.count()).select_from(kind)) or 0


def test_a_decision_goes_its_whole_way(office: Office) -> None:
    decision = office.passed()
    assert decision.state is State.resolved
    assert decision.number == "决-26-001"
    assert listing.steps_waiting(office.session, None) == []
    assert words.lines(office.session, decision)[0].said == ("从哪儿来：议-26-014",)
    told = words.where_it_stands(office.session, decision)
    assert "走到第5步，一共8步" in told
    assert "应到36人，到会29人，27票同意，通过了" in told
    publish = office.write(decision, Step.publish, office.posted())
    assert decision.state is State.resolved  # nobody has confirmed it yet
    steps.confirm(office.session, publish, who=OVERSEER, now=office.now)
    assert decision.state is State.published
    assert "公示到" in words.where_it_stands(office.session, decision)
    task = Task(team_id=1, what="整修南沟水渠300米", due_on=office.today + timedelta(days=60), sum_yuan=80_000)
    step = steps.carry(office.session, decision.id, task=task, who=CLERK, key="carry", now=office.now)
    case = office.session.get(Case, step.case_id)
    assert case is not None
    assert (case.status, case.team_id, case.place_id) == (CaseStatus.assigned, 1, "lijiagou")
    assert case.due_at is not None
    assert steps.local_day(case.due_at) == office.today + timedelta(days=60)
    done = office.posted(words="水渠修好了300米", yuan_in=80_000, yuan_out=78_500)
    with pytest.raises(InvalidInput, match="还没办完"):
        office.write(decision, Step.result, done)
    actor = case_moves.Actor("staff", "城建办", 9)
    for to in (CaseStatus.in_progress, CaseStatus.answered):
        case_moves.move(office.session, case.id, to, actor=actor, key=f"c-{to}", now=office.now, note="修好了")
    result = office.write(decision, Step.result, done)
    steps.confirm(office.session, result, who=OVERSEER, now=office.now)
    assert decision.state is State.result_published
    lines = words.lines(office.session, decision)
    assert [line.is_past for line in lines] == [True] * 8
    assert any("花了78,500元" in said for line in lines for said in line.said)


def test_scenario_12_by_households(office: Office) -> None:
    for present, yes, state in ((142, 71, State.failed), (142, 72, State.resolved), (141, 141, State.not_held)):
        decision = office.to_the_notice(body="villagers")
        office.meet(office.call(decision), base="households", present=present, yes=yes)
        assert decision.state is state
    assert "没到142户，没开成，不算数" in words.where_it_stands(office.session, decision)
    meeting = office.call(decision)  # may be called again
    office.meet(meeting, base="households", present=150, yes=100)
    assert decision.state is State.resolved


def test_scenario_12_representatives_and_members(office: Office) -> None:
    decision = office.to_the_notice()
    office.meet(office.call(decision), base="meeting_members", present=24, yes=12)
    assert decision.state is State.failed
    decision = office.to_the_notice(matter="compensation", body="members")
    office.meet(office.call(decision), base="members", present=690, yes=459)
    assert decision.state is State.failed
    step = next(s for s in decision.steps if s.step is Step.meet)
    assert "全体690人，三分之二是460票：同意459票，没有通过。" in step.words
    decision = office.to_the_notice(matter="long_helper", body="members")
    office.meet(office.call(decision), base="members", present=690, yes=517)
    assert decision.state is State.failed  # 三分之二 would do, the law asks for three quarters


def test_scenario_14_the_notice_comes_ten_days_before(office: Office) -> None:
    decision = office.to_the_notice(body="villagers")
    with pytest.raises(InvalidInput, match=r"提前10天.*特殊情况"):
        office.call(decision, days=9)
    with pytest.raises(InvalidInput):
        office.call(decision, days=9, special="急")
    assert decision.state is State.deliberated
    meeting = office.call(decision, days=2, special="洪水冲断了进村的桥，等不了十天")
    assert meeting.is_special
    collective = office.to_the_notice(matter="lease", body="members")
    with pytest.raises(InvalidInput, match="提前10天"):
        office.call(collective, days=9, special="洪水冲断了进村的桥，等不了十天")
    assert not office.call(collective, days=10).is_special


@pytest.mark.parametrize(
    ("step", "entry", "said"),
    [
        (Step.deliberate, Entry(), "下一步是“两委商议”"),
        (Step.publish, Entry(), "不能跳到"),
        (Step.result, Entry(), "不能跳到"),
        (Step.resume, Entry(), "不能跳到"),
        (Step.meet, Entry(), "现在还不能"),
        (Step.discuss, Entry(present=7, words="都没有利害关系"), "哪一天"),
        (Step.discuss, Entry(present=1, words="都没有利害关系"), "至少要两个人"),
        (Step.discuss, Entry(present=7, words="无"), "利害关系"),
    ],
)
def test_a_step_out_of_order_or_without_its_proof_is_refused(
    office: Office, step: Step, entry: Entry, said: str
) -> None:
    decision = office.propose()
    with pytest.raises(ActionError) as refused:
        office.write(decision, step, entry)
    assert said in refused.value.message_zh
    office.session.rollback()
    assert (decision.state, len(decision.steps)) == (State.proposed, 1)


def test_days_follow_each_other_and_none_is_to_come(office: Office) -> None:
    decision = office.propose()
    for days, said in ((-1, "不能在它前面"), (1, "还没到")):
        entry = Entry(on_day=office.today + timedelta(days=days), present=7, words="都没有利害关系")
        with pytest.raises(InvalidInput, match=said):
            office.write(decision, Step.discuss, entry)
    with pytest.raises(InvalidInput):
        office.propose(on_day=office.today + timedelta(days=1))


def test_nobody_calls_a_meeting_before_a_legal_worker_has_looked(office: Office) -> None:
    decision = office.propose()
    office.write(decision, Step.discuss, Entry(on_day=office.today, present=7, words="都没有利害关系"))
    office.write(decision, Step.deliberate, Entry(on_day=office.today, entitled=40, present=31, yes=30))
    office.write(decision, Step.clear, Entry(words="这一条等于罚款，要改"), LEGAL)
    assert listing.latest(office.session, "lijiagou") == []  # not shown to everybody either
    with pytest.raises(NotAllowed, match="合不合法"):
        office.call(decision)
    office.write(decision, Step.clear, Entry(is_cleared=True), LEGAL)
    assert office.call(decision).motions[0].decision_id == decision.id
    assert listing.latest(office.session, "lijiagou") == [decision]


def test_without_the_members_step_the_notice_follows_the_talk(office: Office) -> None:
    profile = office.session.get(VillageProfile, "lijiagou")
    assert profile is not None
    profile.has_party_step = False
    office.session.commit()
    decision = office.to_the_notice()
    assert decision.state is State.discussed
    office.meet(office.call(decision), base="meeting_members", present=29, yes=27)
    told = words.where_it_stands(office.session, decision)
    assert "走到第4步，一共7步" in told
    assert len(words.lines(office.session, decision)) == 7


def test_whoever_counts_does_not_confirm_and_the_second_may_send_back(office: Office) -> None:
    decision = office.to_the_notice()
    meeting = office.call(decision)
    with pytest.raises(NotAllowed, match="还没开"):
        meetings.enter(
            office.session,
            meeting.id,
            numbers=office.numbers(meeting, base="meeting_members", present=29, yes=27),
            who=CLERK,
            now=office.now,
        )
    office.session.rollback()
    office.now = meeting.held_at + timedelta(hours=3)
    numbers = office.numbers(meeting, base="meeting_members", present=29, yes=27)
    with pytest.raises(NotAllowed):
        meetings.confirm(office.session, meeting.id, seen=meetings.edition(meeting), who=OVERSEER, now=office.now)
    meetings.enter(office.session, meeting.id, numbers=numbers, who=CLERK, now=office.now)
    assert decision.state is State.noticed
    with pytest.raises(NotAllowed, match="自己写的"):
        meetings.confirm(office.session, meeting.id, seen=meetings.edition(meeting), who=CLERK, now=office.now)
    meetings.send_back(office.session, meeting.id, words="签到表上只有28个名字", who=OVERSEER, now=office.now)
    assert meeting.state is MeetingState.called
    fewer = office.numbers(meeting, base="meeting_members", present=28, yes=14)
    meetings.enter(office.session, meeting.id, numbers=fewer, who=CLERK, now=office.now)
    meetings.confirm(office.session, meeting.id, seen=meetings.edition(meeting), who=OVERSEER, now=office.now)
    meetings.confirm(
        office.session, meeting.id, seen=meetings.edition(meeting), who=OVERSEER, now=office.now
    )  # pressed twice
    assert decision.state is State.failed
    assert sum(s.step is Step.meet for s in decision.steps) == 1
    with pytest.raises(NotAllowed, match="已经定了"):
        meetings.enter(office.session, meeting.id, numbers=fewer, who=CLERK, now=office.now)


def test_numbers_without_papers_or_that_cannot_be_are_refused(office: Office) -> None:
    decision = office.to_the_notice()
    meeting = office.call(decision)
    office.now = meeting.held_at + timedelta(hours=3)
    for more, said in (
        ({"minutes_id": None}, "会议记录"),
        ({"sheet_id": None}, "签到表"),
        ({"present": None}, "到会多少"),
        ({"present": 37}, "还多"),
        ({"base": "adults"}, "按人数还是按户数"),
        ({"votes": {}}, "没有填 0"),
    ):
        given = {"base": "meeting_members", "present": 29, "yes": 27, **more}
        with pytest.raises(InvalidInput, match=said):
            meetings.enter(
                office.session,
                meeting.id,
                numbers=office.numbers(meeting, **given),  # type: ignore[arg-type]
                who=CLERK,
                now=office.now,
            )
        office.session.rollback()
    profile = office.session.get(VillageProfile, "lijiagou")
    assert profile is not None
    profile.meeting_members = None
    office.session.commit()
    with pytest.raises(InvalidInput, match="村文书"):
        office.meet(meeting, base="meeting_members", present=29, yes=27)


def test_less_than_fifteen_days_on_the_board_is_refused(office: Office) -> None:
    decision = office.passed()
    with pytest.raises(InvalidInput, match="不能少于15天"):
        office.write(decision, Step.publish, office.posted(posted_to=office.today + timedelta(days=14)))
    with pytest.raises(InvalidInput, match="照片"):
        office.write(decision, Step.publish, office.posted(file_id=None))
    with pytest.raises(InvalidInput, match="还没贴"):
        office.write(decision, Step.publish, office.posted(posted_from=office.today + timedelta(days=1)))
    step = office.write(decision, Step.publish, office.posted())
    with pytest.raises(Conflict):
        office.write(decision, Step.publish, office.posted())
    with pytest.raises(NotAllowed, match="自己写的"):
        steps.confirm(office.session, step, who=CLERK, now=office.now)
    steps.send_back(office.session, step, words="照片看不清楚字", who=OVERSEER, now=office.now)
    with pytest.raises(ActionError):
        steps.confirm(office.session, step, who=OTHER, now=office.now)
    again = office.write(decision, Step.publish, office.posted())
    for _ in range(2):
        steps.confirm(office.session, again, who=OVERSEER, now=office.now)
    assert decision.state is State.published


def test_land_to_outsiders_is_not_carried_out_without_the_townships_approval(office: Office) -> None:
    decision = office.to_the_notice(matter="land_to_outsiders", body="members")
    office.meet(office.call(decision), base="members", present=600, yes=500)
    steps.confirm(office.session, office.write(decision, Step.publish, office.posted()), who=OVERSEER, now=office.now)
    task = Task(team_id=1, what="签流转合同", due_on=office.today)
    with pytest.raises(InvalidInput, match="乡镇人民政府批准"):
        steps.carry(office.session, decision.id, task=task, who=CLERK, key="c", now=office.now)
    assert _rows(office.session, Case) == 0
    task = Task(team_id=1, what="签流转合同", due_on=office.today, approved="11月20日柳河镇政〔2026〕31号")
    steps.carry(office.session, decision.id, task=task, who=CLERK, key="c", now=office.now)
    assert decision.state is State.carrying_out


def test_suspended_with_a_paper_and_resumed_where_it_stood(office: Office) -> None:
    decision = office.to_the_notice()
    meeting = office.call(decision)
    with pytest.raises(InvalidInput, match="文书"):
        office.write(decision, Step.suspend, Entry(words="镇里要求先停下来查"), LEGAL)
    office.write(decision, Step.suspend, Entry(words="镇里要求先停下来查", document="柳政函〔2026〕5号"), LEGAL)
    assert decision.state is State.suspended
    assert "镇里要求先停下来查" in words.where_it_stands(office.session, decision)
    office.meet(meeting, base="meeting_members", present=29, yes=27)  # was held all the same
    assert (decision.state, decision.before) == (State.suspended, State.resolved)
    office.write(decision, Step.resume, Entry(words="查清楚了，可以接着办"), LEGAL)
    assert decision.state is State.resolved
    annul = Entry(words="法院撤销了这个决定", document="（2026）某0101行初5号")
    office.write(decision, Step.annul, annul, LEGAL)
    assert decision.state is State.annulled
    assert sum(line.is_past for line in words.lines(office.session, decision)) == 5  # steps stay readable
    with pytest.raises(NotAllowed):
        office.write(decision, Step.publish, office.posted())


def test_a_correction_is_a_row_of_its_own(office: Office) -> None:
    decision = office.passed()
    first = decision.steps[1]
    entry = Entry(words="到会人数写错了，应该是6人", corrects_id=first.id)
    row = office.write(decision, Step.correct, entry)
    steps.confirm(office.session, row, who=OVERSEER, now=office.now)
    assert decision.state is State.resolved
    assert first.figures == {"present": 7}
    with pytest.raises(InvalidInput, match="哪一条"):
        office.write(decision, Step.correct, Entry(words="别的决定的", corrects_id=10**6))


def test_sent_twice_is_done_once(office: Office) -> None:
    decision = office.passed()
    before = _rows(office.session, DecisionStep)
    entry = office.posted()
    rows = [
        steps.record(office.session, decision.id, Step.publish, entry=entry, who=CLERK, key="same", now=office.now).id
        for _ in range(2)
    ]
    assert rows[0] == rows[1]
    steps.confirm(office.session, rows[0], who=OVERSEER, now=office.now)
    task = Task(team_id=1, what="整修南沟水渠", due_on=office.today)
    for _ in range(2):
        steps.carry(office.session, decision.id, task=task, who=CLERK, key="twice", now=office.now)
    assert _rows(office.session, DecisionStep) == before + 2
    assert _rows(office.session, Case) == 1


def test_killed_at_any_commit_a_task_is_given_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    decision = office.passed()
    steps.confirm(office.session, office.write(decision, Step.publish, office.posted()), who=OVERSEER, now=office.now)
    task = Task(team_id=1, what="整修南沟水渠", due_on=office.today)
    number, real = decision.id, Session.commit
    for left in range(1, 9):
        commits = iter(range(left))

        def commit(session: Session, commits: object = commits) -> None:
            if next(commits, None) is None:  # type: ignore[call-overload]
                raise KeyboardInterrupt
            real(session)

        monkeypatch.setattr(Session, "commit", commit)
        try:
            # the page was loaded anew, so it is another wish by name
            steps.carry(office.session, number, task=task, who=CLERK, key=f"try-{left}", now=office.now)
            done = True
        except KeyboardInterrupt:
            office.session.rollback()
            done = False
        monkeypatch.setattr(Session, "commit", real)
        if done:
            break
    assert done
    assert left > 1
    assert _rows(office.session, Case) == 1
    assert office.session.scalars(select(Decision.state).where(Decision.id == number)).one() is State.carrying_out


def test_killed_while_confirming_a_meeting_all_of_it_or_nothing_is_there(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = office.to_the_notice()
    meeting = office.call(decision)
    office.now = meeting.held_at + timedelta(hours=3)
    numbers = office.numbers(meeting, base="meeting_members", present=29, yes=27)
    meetings.enter(office.session, meeting.id, numbers=numbers, who=CLERK, now=office.now)
    with monkeypatch.context() as patched:
        patched.setattr(Session, "commit", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            meetings.confirm(office.session, meeting.id, seen=meetings.edition(meeting), who=OVERSEER, now=office.now)
    office.session.rollback()
    assert (meeting.state, decision.state) == (MeetingState.entered, State.noticed)
    meetings.confirm(office.session, meeting.id, seen=meetings.edition(meeting), who=OVERSEER, now=office.now)
    assert decision.state is State.resolved


def test_two_at_once_and_one_is_told_to_look_again(office: Office) -> None:
    decision = office.propose()
    bind = office.session.get_bind()
    entry = Entry(on_day=office.today, present=7, words="都没有利害关系")
    with Session(bind) as other:
        there = other.get(Decision, decision.id)
        assert there is not None
        assert there.state is State.proposed
        there_state = there.state
        other.commit()
        office.write(decision, Step.discuss, entry)
        with pytest.raises(Conflict):
            steps.move(other, decision.id, there_state, {"state": State.discussed})


def test_one_meeting_decides_several_matters_of_its_body(office: Office) -> None:
    one, two = office.to_the_notice(), office.to_the_notice(title="给广场装路灯")
    other = office.to_the_notice(matter="lease", body="members")
    notice = meetings.Call(office.today, office.now + timedelta(days=10), "村部")
    with pytest.raises(InvalidInput, match="分开"):
        meetings.call(office.session, [one.id, other.id], notice=notice, who=CLERK, key="x", now=office.now)
    office.session.rollback()
    meeting = meetings.call(office.session, [one.id, two.id, one.id], notice=notice, who=CLERK, key="y", now=office.now)
    assert [m.decision_id for m in meeting.motions] == [one.id, two.id]
    again = meetings.call(office.session, [one.id, two.id], notice=notice, who=CLERK, key="y", now=office.now)
    assert again.id == meeting.id
    assert _rows(office.session, Meeting) == 1


def test_a_decision_is_found_by_its_number_and_by_words(office: Office) -> None:
    office.passed()
    second = office.to_the_notice(title="学校门口装路灯")
    hidden = office.propose(title="还没人看过的事情")
    find = listing.search
    assert find(office.session, "lijiagou", "决-26-002怎么样了") == [second]
    assert find(office.session, "lijiagou", "学校门口那个路灯批了没") == [second]
    assert find(office.session, "lijiagou", "修南沟那条水渠批了没")[0].title == "南沟水渠整修"
    assert find(office.session, "qingshi", "路灯") == []
    assert hidden not in listing.latest(office.session, "lijiagou")
    assert find(office.session, "lijiagou", "") == []


@pytest.mark.parametrize("number", ["13800001234", "138 0000 1234", "51010119900101123X"[:17], "6222-0000-1111-2222"])
def test_no_number_of_a_person_stands_where_everybody_reads(office: Office, number: str) -> None:
    with pytest.raises(InvalidInput, match="电话"):
        office.propose(title=f"给他修路{number}")
    decision = office.propose()
    with pytest.raises(InvalidInput, match="电话"):
        office.write(decision, Step.annul, Entry(words=f"有人打{number}来说", document="柳政函〔2026〕5号"), LEGAL)

"""What the invented village decides: the rules of its points, passed; a ditch that too few came for; a road whose
meeting is still to come, and the list that the legal adviser has signed.
"""

import io
from datetime import timedelta

from PIL import Image, ImageDraw

from actions.checkup import checking
from actions.checkup.checking import Given
from actions.checkup.status import Answer
from actions.checkup.templates import template_of
from actions.decisions import files, meetings, steps
from actions.decisions.entries import Entry, Who
from actions.decisions.meetings import Call, Numbers, Votes
from actions.decisions.models import Decision, Meeting
from actions.decisions.status import Step
from actions.decisions.steps import Proposal
from bot.run.invented.village import CLERK, LEGAL, OVERSEER, Stage

_CLERK, _OVERSEER, _LEGAL = (Who(actor.id or 0, actor.name) for actor in (CLERK, OVERSEER, LEGAL))
_AUTHORISED = "今年3月1日村民会议授权"


def decide(stage: Stage) -> Decision:
    """The one that adopted the rules of the points."""
    rules = _points(stage)
    _ditch(stage)
    _road(stage)
    _checkup(stage)
    return rules


def _paper(stage: Stage, shade: int, days_ago: float) -> int:
    """A sheet on which nothing stands; minutes and boards are known by what is in them."""
    sheet = Image.new("RGB", (480, 640), (250, 250, 245))
    draw = ImageDraw.Draw(sheet)
    for line in range(60, 600, 36):
        draw.line((40, line, 440 - (line * shade) % 120, line), fill=(150, 150, 150), width=6)
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=60)
    return files.keep(
        stage.session,
        place=stage.place.id,
        kind="photo",
        data=data.getvalue(),
        by_id=CLERK.id or 0,
        now=stage.at(days_ago),
    ).id


def _proposed(stage: Stage, key: str, days_ago: float, proposal: Proposal) -> Decision:
    """Up to the legal worker's word, two days a step."""
    decision = steps.propose(
        stage.session, place=stage.place.id, proposal=proposal, who=_CLERK, key=f"demo-{key}", now=stage.at(days_ago)
    )
    decision.is_demo = True
    stage.session.commit()
    talked, heard, cleared = days_ago - 2, days_ago - 4, days_ago - 5
    discussed = Entry(on_day=stage.day(talked), present=7, words="都没有利害关系")
    deliberated = Entry(on_day=stage.day(heard), entitled=40, present=33, yes=32)
    for step, entry, who, ago in (
        (Step.discuss, discussed, _CLERK, talked),
        (Step.deliberate, deliberated, _CLERK, heard),
        (Step.clear, Entry(is_cleared=True), _LEGAL, cleared),
    ):
        _write(stage, decision, step, entry, ago, key, who)
    return decision


def _write(
    stage: Stage, decision: Decision, step: Step, entry: Entry, days_ago: float, key: str, who: Who = _CLERK
) -> int:
    now = stage.at(days_ago, 16)
    return steps.record(stage.session, decision.id, step, entry=entry, who=who, key=f"demo-{key}-{step}", now=now).id


def _called(stage: Stage, decision: Decision, key: str, days_ago: float, *, days: int) -> Meeting:
    notice = Call(
        notice_on=stage.day(days_ago), held_at=stage.at(days_ago) + timedelta(days=days), spot="村部一楼会议室"
    )
    return meetings.call(
        stage.session, [decision.id], notice=notice, who=_CLERK, key=f"demo-{key}-call", now=stage.at(days_ago)
    )


def _met(stage: Stage, meeting: Meeting, days_ago: float, *, base: str, present: int, yes: int) -> None:
    votes = {motion.id: Votes(yes=yes, no=0, abstain=present - yes) for motion in meeting.motions}
    minutes, sheet = _paper(stage, 7 * present, days_ago), _paper(stage, 11 * present, days_ago)
    numbers = Numbers(base=base, present=present, votes=votes, minutes_id=minutes, sheet_id=sheet)
    session, now = stage.session, stage.at(days_ago, 17)
    meetings.enter(session, meeting.id, numbers=numbers, who=_CLERK, now=now)
    meetings.confirm(session, meeting.id, seen=meetings.edition(meeting), who=_OVERSEER, now=now)


def _points(stage: Stage) -> Decision:
    proposal = Proposal(
        title="石榴树下积分办法",
        matter="village_other",
        body="villagers",
        on_day=stage.day(105),
        source="党支部和村民代表提出来的",
    )
    decision = _proposed(stage, "points", 105, proposal)
    _met(stage, _called(stage, decision, "points", 99, days=11), 87, base="households", present=158, yes=139)
    hung = Entry(posted_from=stage.day(86), posted_to=stage.day(86) + timedelta(days=16), file_id=_paper(stage, 3, 86))
    row = _write(stage, decision, Step.publish, hung, 86, "points")
    steps.confirm(stage.session, row, who=_OVERSEER, now=stage.at(85))
    return decision


def _ditch(stage: Stage) -> None:
    proposal = Proposal(
        title="后坡排水沟加盖板",
        matter="public_works",
        body="villager_representatives",
        on_day=stage.day(34),
        source="后坡几户人家提的",
        authorised=_AUTHORISED,
        sum_yuan=36_000,
    )
    decision = _proposed(stage, "ditch", 34, proposal)
    _met(stage, _called(stage, decision, "ditch", 28, days=7), 21, base="meeting_members", present=22, yes=21)


def _road(stage: Stage) -> None:
    proposal = Proposal(
        title="南沟机耕路硬化300米",
        matter="public_works",
        body="villager_representatives",
        on_day=stage.day(12),
        source="春耕时大家提的",
        authorised=_AUTHORISED,
        sum_yuan=80_000,
    )
    decision = _proposed(stage, "road", 12, proposal)
    _called(stage, decision, "road", 2, days=9)


def _checkup(stage: Stage) -> None:
    session, at = stage.session, stage.at(16)
    checkup = checking.start(
        session,
        place=stage.place.id,
        template="collective",
        subject="集体旧仓库出租",
        decision_id=None,
        who=_CLERK,
        key="demo-checkup",
        now=at,
    )
    checkup.is_demo = True
    items = template_of(checkup.template).items
    given = {item.code: Given(Answer.there, "有记录，在村部档案柜第3格") for item in items}
    first_missing = next(item.code for item in items if item.must)
    given[first_missing] = Given(Answer.missing)
    checking.put(session, checkup, given, who=_CLERK, now=at)
    checking.send(session, checkup, who=_CLERK)
    checking.sign(
        session,
        checkup,
        risk="租期写了十五年，偏长，建议五年一签。",
        lacking="缺的一件补上再开会。",
        who=_LEGAL,
        now=stage.at(14),
    )
    session.commit()

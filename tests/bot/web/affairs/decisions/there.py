"""What `tests.bot.world.World` finds of decisions: one at lijiagou, called to a meeting in ten days."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from actions.decisions import files, meetings, steps
from actions.decisions.entries import Entry, Who
from actions.decisions.meetings import Call
from actions.decisions.status import Step
from actions.decisions.steps import Proposal
from actions.roster.models import Committee, VillageProfile

_CLERK, _LEGAL = Who(901, "以前的文书"), Who(902, "以前的法律工作者")
TITLE = "南沟水渠整修"


def a_decision_on_its_way(session: Session, now: datetime) -> None:
    if session.get(VillageProfile, "lijiagou") is None:
        session.add(VillageProfile(place_id="lijiagou", committee=Committee.village, charter_hands_on=""))
        session.flush()
    profile = session.get_one(VillageProfile, "lijiagou")
    profile.adults, profile.households, profile.representatives, profile.meeting_members = 812, 213, 31, 36
    profile.collective_members = 690
    day = steps.local_day(now)
    proposal = Proposal(TITLE, "public_works", "villager_representatives", day, "议-26-014", "3月1日村民会议授权")
    decision = steps.propose(session, place="lijiagou", proposal=proposal, who=_CLERK, key="there-1", now=now)
    written = (
        (Step.discuss, Entry(on_day=day, present=7, words="都没有利害关系"), _CLERK),
        (Step.deliberate, Entry(on_day=day, entitled=40, present=31, yes=30), _CLERK),
        (Step.clear, Entry(is_cleared=True), _LEGAL),
    )
    for step, entry, who in written:
        steps.record(session, decision.id, step, entry=entry, who=who, key=f"there-{step}", now=now)
    notice = Call(day, now + timedelta(days=10, hours=1), "村部")
    meetings.call(session, [decision.id], notice=notice, who=_CLERK, key="there-2", now=now)
    files.keep(session, place="lijiagou", kind="photo", data=b"\xff\xd8board", by_id=_CLERK.id, now=now)

"""A village with its numbers, its clerk, overseer and legal worker."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from actions.decisions import files, meetings, steps
from actions.decisions.entries import Entry, Who
from actions.decisions.meetings import Call, Numbers, Votes
from actions.decisions.models import Decision, Meeting
from actions.decisions.status import Step
from actions.decisions.steps import Proposal
from actions.roster.models import Committee, VillageProfile
from tests.bot.county import places_and_offices
from tests.databases import Databases

CLERK, OVERSEER, LEGAL, OTHER = Who(1, "文书"), Who(2, "监委"), Who(3, "法律"), Who(4, "另一个文书")
START = datetime(2026, 11, 2, 2, tzinfo=UTC)  # 10 in the morning in Shanghai


def furnished(session: Session) -> None:
    places_and_offices(session)
    session.add(
        VillageProfile(
            place_id="lijiagou",
            committee=Committee.village,
            adults=812,
            households=213,
            representatives=31,
            meeting_members=36,
            has_collective=True,
            collective_members=690,
            collective_representatives=25,
            charter_hands_on="lease",
        )
    )


@dataclass
class Office:
    """Drives a decision through its steps on days that follow each other."""

    session: Session
    now: datetime = START
    nonce: int = 0

    @property
    def today(self) -> date:
        return steps.local_day(self.now)

    def later(self, days: int) -> None:
        self.now += timedelta(days=days)

    def key(self) -> str:
        self.nonce += 1
        return f"k{self.nonce}"

    def paper(self, data: bytes = b"\xff\xd8paper") -> int:
        return files.keep(self.session, place="lijiagou", kind="photo", data=data, by_id=1, now=self.now).id

    def propose(self, matter: str = "public_works", body: str = "villager_representatives", **more: object) -> Decision:
        proposal = Proposal(
            title="南沟水渠整修",
            matter=matter,
            body=body,
            on_day=self.today,
            source="议-26-014",
            authorised="2026年3月1日村民会议授权",
        )
        proposal = replace(proposal, **more)  # type: ignore[arg-type]
        return steps.propose(self.session, place="lijiagou", proposal=proposal, who=CLERK, key=self.key(), now=self.now)

    def write(self, decision: Decision, step: Step, entry: Entry, who: Who = CLERK) -> int:
        return steps.record(self.session, decision.id, step, entry=entry, who=who, key=self.key(), now=self.now).id

    def to_the_notice(self, **more: object) -> Decision:
        decision = self.propose(**more)  # type: ignore[arg-type]
        day = self.today
        self.write(decision, Step.discuss, Entry(on_day=day, present=7, words="都没有利害关系"))
        if decision.has_party_step:
            self.write(decision, Step.deliberate, Entry(on_day=day, entitled=40, present=31, yes=30))
        self.write(decision, Step.clear, Entry(is_cleared=True), LEGAL)
        return decision

    def call(self, decision: Decision, *, days: int = 10, special: str = "") -> Meeting:
        held = self.now + timedelta(days=days)
        notice = Call(notice_on=self.today, held_at=held, spot="村部", special=special)
        return meetings.call(self.session, [decision.id], notice=notice, who=CLERK, key=self.key(), now=self.now)

    def numbers(self, meeting: Meeting, *, base: str, present: int, yes: int, **more: object) -> Numbers:
        votes = {m.id: Votes(yes=yes, no=0, abstain=0) for m in meeting.motions}
        paper = self.paper()
        numbers = Numbers(base=base, present=present, votes=votes, minutes_id=paper, sheet_id=paper)
        return replace(numbers, **more)  # type: ignore[arg-type]

    def meet(self, meeting: Meeting, *, base: str, present: int, yes: int, **more: object) -> None:
        self.now = max(self.now, meeting.held_at + timedelta(hours=3))
        numbers = self.numbers(meeting, base=base, present=present, yes=yes, **more)
        meetings.enter(self.session, meeting.id, numbers=numbers, who=CLERK, now=self.now)
        meetings.confirm(self.session, meeting.id, seen=meetings.edition(meeting), who=OVERSEER, now=self.now)

    def posted(self, **more: object) -> Entry:
        entry = Entry(posted_from=self.today, posted_to=self.today + timedelta(days=15), file_id=self.paper(b"board"))
        return replace(entry, **more)  # type: ignore[arg-type]

    def passed(self, **more: object) -> Decision:
        decision = self.to_the_notice(**more)
        self.meet(self.call(decision), base="meeting_members", present=29, yes=27)
        return decision


@pytest.fixture
def office(databases: Databases) -> Iterator[Office]:
    with databases.opened(furnished) as sessions, sessions() as session:
        yield Office(session)

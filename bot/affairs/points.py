"""What of points the clock brings about is told to the households it is about, once each."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.calendar.workdays import local
from actions.points import clock, own
from actions.points.models import PointAccount, PointDispute, StarAward
from actions.points.status import LABELS, DisputeState, StarState
from actions.replies import Button, Reply, ReplyKind
from bot.conversations import delivery

_MINE = (Button("我家多少分", "我家多少分"), Button("换东西", "积分换东西"))


def tick(session: Session, now: datetime) -> None:
    """Commits. What was moved and not yet told, because somebody was killed in between, is told the next time: each
    message has a key, so all that stand there now are gone through.
    """
    clock.tick(session, now)
    _tell_year(session, now)
    for made in session.scalars(select(PointDispute).where(PointDispute.is_late, PointDispute.conversation_id > "")):
        if made.state in (DisputeState.overseer, DisputeState.township):
            said = f"您说的积分的事，上一级过了期没有答复，{LABELS[made.state]}，最晚{local(made.due_at)}。"
            _tell(session, made.conversation_id, said, f"point-dispute-{made.id}-late-{made.state.value}")
    for award in session.scalars(
        select(StarAward).where(StarAward.state == StarState.awarded, StarAward.conversation_id > "")
    ):
        said = f"公示期满，您家是星级文明户了，到{award.ends_on:%Y年%-m月%-d日}。" if award.ends_on else ""
        _tell(session, award.conversation_id, said, f"star-{award.id}-awarded")
    session.commit()


def _tell_year(session: Session, now: datetime) -> None:
    """Sixty days before, each conversation that speaks for the household, as long as there is something to end."""
    told = select(PointAccount).where(PointAccount.told_amount > 0, PointAccount.ends_on.is_not(None))
    for held in session.scalars(told).all():
        assert held.ends_on
        said = (
            f"您家有{held.told_amount}分，到{held.ends_on.month}月{held.ends_on.day}日没换就清零。以后攒的不算在里面。"
        )
        for asker in own.askers_of(session, held.household_id):
            reply = Reply(ReplyKind.text, said, buttons=_MINE)
            delivery.tell(session, asker, reply, key=f"points-{held.told_year}-{held.household_id}-ends")


def _tell(session: Session, conversation_id: str | None, said: str, key: str) -> None:
    if conversation_id and said:
        delivery.tell(session, conversation_id, Reply(ReplyKind.text, said, buttons=_MINE[:1]), key=key)

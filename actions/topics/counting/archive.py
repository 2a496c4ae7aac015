"""A topic as the village's archive keeps it (村民委员会组织法 39; 村级档案管理办法 7 is not in the package)."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.rulings.rulings import kept_for, rulings
from actions.topics.counting import sealing
from actions.topics.models import Opinion, Topic, TopicEvent


def packed(session: Session, topic: Topic) -> dict[str, Any]:
    """While it is open no voice and no number is in it: an export would be a live count (Loomio #9796)."""
    events = select(TopicEvent).where(TopicEvent.topic_id == topic.id).order_by(TopicEvent.id)
    own = select(Opinion).where(Opinion.topic_id == topic.id, Opinion.state == "shown", Opinion.same_as_id.is_(None))
    is_over = topic.result_at is not None
    return {
        "number": topic.number,
        "kept_for": kept_for(rulings(session)),
        "place": topic.place_id,
        "title": topic.title,
        "background": topic.background,
        "method": topic.method,
        "options": topic.options,
        "opens_at": topic.opens_at.isoformat() if topic.opens_at else None,
        "closes_at": topic.closes_at.isoformat() if topic.closes_at else None,
        "result": topic.result if is_over else "",
        "shown": topic.shown,
        "tasks": topic.tasks if is_over else [],
        "seal": topic.seal,
        "ballots": sorted([b.receipt, b.choice] for b in sealing.ballots_of(session, topic)) if is_over else [],
        "statements": {o.id: o.text for o in session.scalars(own.order_by(Opinion.id))}
        if is_over and topic.method == "statements"
        else {},
        "opinions": [
            {"stance": o.stance, "text": o.text, "adoption": o.adoption, "why": o.adoption_why}
            for o in session.scalars(own.order_by(Opinion.normal))
        ]
        if is_over
        else [],
        "events": [{"at": e.at.isoformat(), "what": e.what} for e in session.scalars(events) if not e.only_to],
    }

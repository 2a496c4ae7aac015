"""同意转给…: whether a resident's telephone goes to another system. Asked apart from everything else, with who gets it,
how they are reached, what for and what exactly (个人信息保护法 23); silence is a no.
"""

import re
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from actions.cases import finding, moves, numbers
from actions.cases.models import Case
from actions.cases.status import OPEN
from actions.errors import InvalidInput, NotAllowed
from actions.exchange.models import Came, ExternalRef
from actions.exchange.outgoing import put_contact
from actions.replies import Button
from actions.storable import storable
from knowledge.normalise import normalise
from knowledge.tables import changed

_ANSWER = re.compile(r"^(\d{6}-\d{3,6}-\d{2}) ?(同意|不同意)转电话给(.{1,40})$")


def may_ask(ref: ExternalRef) -> bool:
    """There is a telephone, nobody answered yet, and it is still of use."""
    is_ours = ref.came is Came.outward and ref.shares_phone is None
    return is_ours and bool(ref.case.phone) and ref.case.status in OPEN and not ref.case.is_anonymous


def ask(session: Session, ref: ExternalRef, *, actor: moves.Actor, now: datetime) -> None:
    """The resident is asked in their conversation, once. Commits. Raises NotAllowed."""
    if not may_ask(ref) or not ref.case.conversation_id:
        raise NotAllowed("没有电话可转，或者居民已经答过了。")
    name, number = ref.system.name, numbers.spoken(ref.case.number)
    how = f"（{ref.system.contact}）" if ref.system.contact else ""
    say = (
        f"您这件事转给了{name}{how}一起办。要不要把您留的电话也给他们？只给电话号码，只用来办这件事时联系您。"
        "不同意也照样办。"
    )
    buttons = (
        Button("同意，把电话给他们", f"{number} 同意转电话给{name}"),
        Button("不给电话", f"{number} 不同意转电话给{name}"),
    )
    key = f"ref-{ref.id}-asked"
    if moves.is_done(session, key):
        raise NotAllowed("已经问过居民了，等居民答复。")
    what = f"问居民：电话能不能给{name}"
    moves.add_event(session, ref.case, what, key=key, actor=actor, now=now, say=say, buttons=buttons)
    session.commit()


def answered(session: Session, conversation_id: str, text: str, *, now: datetime) -> str | None:
    """What is said to one of the buttons; None for other words, and for a case that isn't theirs. Commits."""
    found = _ANSWER.match(text.strip())
    if found is None:
        return None
    digits = numbers.find(found[1])[0]
    own: Case | None = next((c for c in finding.of_person(session, conversation_id) if c.number == digits), None)
    refs = session.scalars(select(ExternalRef).where(ExternalRef.case_id == own.id)).all() if own is not None else []
    ref = next((one for one in refs if normalise(one.system.name) == normalise(found[3])), None)
    if ref is None:
        return None
    yes = found[2] == "同意"
    settle(session, ref, yes=yes, how="居民在对话里点的", actor=moves.RESIDENT, now=now)
    if not ref.shares_phone:
        return f"好，不把电话给{ref.system.name}，这件事照样办。"
    return f"好，您的电话给{ref.system.name}了，只用来办这件事。"


def settle(session: Session, ref: ExternalRef, *, yes: bool, how: str, actor: moves.Actor, now: datetime) -> None:
    """The first answer holds; a no after a yes can't call back what was sent, and we say so in the record. Commits.

    Raises InvalidInput where staff don't write how the resident agreed.
    """
    how = storable(how, 200).strip()
    if yes and len(how) < 4:
        raise InvalidInput("请写明居民怎么同意的、哪天，比如：12月2日在电话里同意。")
    if yes and not ref.case.phone:
        raise NotAllowed("这件事没有留电话。")
    values = {"shares_phone": yes, "agreed_at": now, "agreed_how": how}
    if not changed(
        session,
        update(ExternalRef).where(ExternalRef.id == ref.id, ExternalRef.shares_phone.is_(None)).values(**values),
    ):
        session.rollback()
        return
    session.refresh(ref)
    what = f"{'同意' if yes else '不同意'}把电话给{ref.system.name}"
    moves.add_event(session, ref.case, what, key=f"ref-{ref.id}-agreed", actor=actor, now=now, note=how)
    if yes:
        put_contact(session, ref, now)
    session.commit()

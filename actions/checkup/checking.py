"""法治体检: filled by the village, signed by a legal adviser; a decision that is linked to it waits until nothing that
must be there is missing, or the township's head wrote why it goes on. No score, no verdict. The caller commits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.checkup.models import Checkup, CheckupAnswer
from actions.checkup.status import ANSWERS, OPEN, Answer, State, check_move
from actions.checkup.templates import Item, Template, template_of
from actions.decisions import entries, steps
from actions.decisions.entries import Who
from actions.decisions.models import Decision
from actions.decisions.status import State as DecisionState
from actions.errors import Conflict, InvalidInput, NotAllowed, NotFound
from actions.storable import row_of, storable
from knowledge.tables import changed

_BEFORE_NOTICE = (
    DecisionState.proposed,
    DecisionState.discussed,
    DecisionState.deliberated,
    DecisionState.not_held,
)
_MOST_READ = 300
_KEPT = "您填的都还在下面，补上再存。"
_SHOWN = 3  # items that are named beside a decision
MOST_WORDS = 2000


@dataclass(frozen=True)
class Given:
    """What a form brings for one item."""

    answer: Answer
    paper: str = ""
    file_id: int | None = None


def get(session: Session, number: int) -> Checkup:
    """Raises NotFound."""
    found = row_of(session, Checkup, number)
    if found is None:
        raise NotFound("没有这份体检。")
    return found


def of_places(session: Session, places: Iterable[str] | None) -> list[Checkup]:
    """For staff: what is open first, then the newest; None: everywhere."""
    asked = select(Checkup).order_by(Checkup.id.desc()).limit(_MOST_READ)
    if places is not None:
        asked = asked.where(Checkup.place_id.in_(list(places)))
    return sorted(session.scalars(asked), key=lambda checkup: checkup.state not in OPEN)


def of_decision(session: Session, decision_id: int) -> Checkup | None:
    return session.scalar(select(Checkup).where(Checkup.decision_id == decision_id))


def may_be_linked(session: Session, place: str) -> list[Decision]:
    """Decisions of the village whose notice isn't out and that no checkup holds."""
    held = select(Checkup.decision_id).where(Checkup.decision_id.is_not(None))
    own = (Decision.place_id == place, Decision.state.in_(_BEFORE_NOTICE), Decision.id.not_in(held))
    return list(session.scalars(select(Decision).where(*own).order_by(Decision.id.desc()).limit(_MOST_READ)))


def start(
    session: Session,
    *,
    place: str,
    template: str,
    subject: str,
    decision_id: int | None,
    who: Who,
    key: str,
    now: datetime,
) -> Checkup:
    """Once a key. Raises InvalidInput, NotAllowed, Conflict."""
    if (found := session.scalar(select(Checkup).where(Checkup.key == key))) is not None:
        return found
    template_of(template)
    subject = storable(subject.strip(), 80)
    if len(subject) < 4:
        raise InvalidInput("请写清楚是哪件事，至少四个字，比如“南沟20亩地征收”。")
    entries.check_no_number(subject)
    if decision_id is not None and (decision := steps.get(session, decision_id)).place_id != place:
        raise NotAllowed(f"{decision.number} 不是这个村的。")
    checkup = Checkup(
        key=key,
        place_id=place,
        template=template,
        subject=subject,
        decision_id=decision_id,
        by_id=who.id,
        by_name=storable(who.name, 40),
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(checkup)
            session.flush()
    except IntegrityError:
        raise Conflict("这个决定已经在做体检了，请在清单里点开。") from None
    if decision_id is not None:
        _hold(session, checkup, only_before_notice=True)
    return checkup


def put(session: Session, checkup: Checkup, given: Mapping[str, Given], *, who: Who, now: datetime) -> int:
    """How many answers are new; those that say what stands there already are no rows. Raises InvalidInput, NotAllowed,
    Conflict.
    """
    template, latest, new = template_of(checkup.template), checkup.latest, 0
    for code, one in given.items():
        item = template.item(code)
        paper = storable(one.paper.strip(), 300)
        number = template.items.index(item) + 1
        _check(item, number, one, paper, has_file=bool(one.file_id or (code in latest and latest[code].file_id)))
        before = latest.get(code)
        file_id = one.file_id or (before.file_id if before else None)
        if before is not None and (before.answer, before.paper, before.file_id) == (one.answer, paper, file_id):
            continue
        checkup.answers.append(
            CheckupAnswer(
                item=code, answer=one.answer, paper=paper, file_id=file_id, by_id=who.id, by_name=who.name[:40], at=now
            )
        )
        new += 1
    _move(session, checkup, State.filling, State.filling, {})  # nobody sent it meanwhile
    return new


def _check(item: Item, number: int, given: Given, paper: str, *, has_file: bool) -> None:
    entries.check_no_number(paper)
    if not item.must:
        return
    if given.answer is Answer.there and not (paper or has_file):
        raise InvalidInput(f"第{number}件（{item.lacks}）答了“有”，请写明是哪份材料：名称、哪天的。{_KEPT}")
    if given.answer is Answer.not_concerned and len(paper) < 4:
        raise InvalidInput(f"第{number}件（{item.lacks}）答了“不涉及”，请写一句为什么。{_KEPT}")


def must_missing(checkup: Checkup) -> list[Item]:
    """What must be there by now, and isn't, or nobody knows."""
    latest, settled = checkup.latest, (Answer.there, Answer.not_concerned)
    return [i for i in _musts(checkup) if i.code not in latest or latest[i.code].answer not in settled]


def unanswered(checkup: Checkup) -> list[Item]:
    return [item for item in _musts(checkup) if item.code not in checkup.latest]


def comes_later(checkup: Checkup, item: Item) -> bool:
    """Whether it can't be there yet: minutes before the meeting, whose notice waits for this very checkup."""
    return item.after_meeting and checkup.decision_id is not None


def _musts(checkup: Checkup) -> list[Item]:
    return [i for i in template_of(checkup.template).items if i.must and not comes_later(checkup, i)]


def send(session: Session, checkup: Checkup, *, who: Who) -> None:
    """To the legal adviser. Raises InvalidInput, NotAllowed, Conflict."""
    check_move(checkup.state, State.sent)
    if left := unanswered(checkup):
        number = template_of(checkup.template).items.index(left[0]) + 1
        raise InvalidInput(f"还有 {len(left)} 件没答，头一件是第{number}件。不知道的，答“不清楚”，再点“存下”。")
    _move(session, checkup, State.filling, State.sent, {"sent_back": "", "sent_by_id": who.id})


def send_back(session: Session, checkup: Checkup, *, why: str, who: Who) -> None:
    """Raises InvalidInput, NotAllowed, Conflict."""
    check_move(checkup.state, State.filling)
    if checkup.state is not State.sent:
        raise NotAllowed("签了以后要补材料，由村文书来开。")
    _not_own(checkup, who)
    why = storable(entries.said(why, "要补什么"), 500)
    _move(session, checkup, State.sent, State.filling, {"sent_back": why})


def sign(session: Session, checkup: Checkup, *, risk: str, lacking: str, who: Who, now: datetime) -> None:
    """By a legal adviser who didn't fill it. Raises InvalidInput, NotAllowed, Conflict."""
    check_move(checkup.state, State.signed)
    _not_own(checkup, who)
    missing = [item.code for item in must_missing(checkup)]
    lacking = storable(lacking.strip(), MOST_WORDS)
    if missing and len(lacking) < 4:
        raise InvalidInput(f"还缺 {len(missing)} 件必须有的，请写明缺什么、怎么补。")
    signed = {
        "risk": storable(entries.said(risk, "有什么风险，没有也写一句"), MOST_WORDS),
        "lacking": lacking,
        "missing": missing,
        "adviser_id": who.id,
        "adviser_name": storable(who.name, 40),
        "signed_at": now,
    }
    _move(session, checkup, State.sent, State.signed, signed)
    _hold(session, checkup)


def excuse(session: Session, checkup: Checkup, *, why: str, who: Who, now: datetime) -> None:
    """The township's head answers for it that the meeting is called though something is missing. Who may is asked
    before. Raises InvalidInput, NotAllowed, Conflict.
    """
    check_move(checkup.state, State.excused)
    if not checkup.missing:
        raise NotAllowed("必须有的都有了，不用写原因。")
    if who.id in (checkup.adviser_id, checkup.by_id):
        raise NotAllowed("填的人、签字的人不能自己放行。")
    why = storable(entries.said(why, "为什么缺着也可以开会"), 500)
    if len(why) < 10:
        raise InvalidInput("请把原因写具体一点：为什么缺、什么时候补上。")
    excused = {"excuse": why, "excused_by_id": who.id, "excused_by": storable(who.name, 40), "excused_at": now}
    _move(session, checkup, State.signed, State.excused, excused)
    _hold(session, checkup)


def reopen(session: Session, checkup: Checkup) -> None:
    """More papers came; the adviser looks anew, and until then the decision waits. Raises NotAllowed, Conflict."""
    check_move(checkup.state, State.filling)
    if checkup.state is State.sent:
        raise NotAllowed("已经交给法律顾问了，等他看完。")
    unsigned: dict[str, Any] = {
        **{"adviser_id": None, "adviser_name": "", "signed_at": None, "missing": []},
        **{"excuse": "", "excused_by_id": None, "excused_by": "", "excused_at": None},
    }
    _move(session, checkup, checkup.state, State.filling, unsigned)
    _hold(session, checkup)


def withdraw(session: Session, checkup: Checkup) -> None:
    """Begun by mistake. Not where a decision waits for it: that would be a way around. Raises NotAllowed, Conflict."""
    check_move(checkup.state, State.withdrawn)
    if checkup.decision_id is not None:
        raise NotAllowed("有决定在等这份体检，不能不做。决定本身不办了，请在“决定与会议”里撤销。")
    _move(session, checkup, State.filling, State.withdrawn, {})


def _not_own(checkup: Checkup, who: Who) -> None:
    if who.id in (checkup.by_id, checkup.sent_by_id) or who.id in {answer.by_id for answer in checkup.answers}:
        raise NotAllowed("自己填的不能自己签，请换一位法律顾问。")


def _move(session: Session, checkup: Checkup, start: State, to: State, values: dict[str, Any]) -> None:
    """The state is the lock. Raises NotAllowed, Conflict."""
    if checkup.state is not start:
        check_move(checkup.state, to)
        raise NotAllowed("已经交给法律顾问了，退回以后才能改。")
    session.flush()
    statement = update(Checkup).where(Checkup.id == checkup.id, Checkup.state == start)
    if not changed(session, statement.values(state=to, **values), synchronize=False):
        raise Conflict
    session.refresh(checkup)


def waits_for(checkup: Checkup) -> str:
    """Why a decision that is linked to it has to wait; "" where it needn't."""
    if checkup.state is State.excused or (checkup.state is State.signed and not checkup.missing):
        return ""
    if checkup.state is not State.signed:
        return "法治体检还没有法律顾问签字，签了才能出会议通知。"
    template = template_of(checkup.template)
    named = [item.lacks for item in template.items if item.code in checkup.missing]
    more = f"等{len(named)}件" if len(named) > _SHOWN else ""
    said = f"法治体检里必须有的还缺：{'、'.join(named[:_SHOWN])}{more}。补上，或者由乡镇主管写明原因，才能出会议通知。"
    return said[:300]


def _hold(session: Session, checkup: Checkup, *, only_before_notice: bool = False) -> None:
    """Tells the decision, which knows nothing of checkups, why it waits. Raises NotAllowed."""
    if checkup.decision_id is None:
        return
    where = [Decision.id == checkup.decision_id]
    if only_before_notice:
        where.append(Decision.state.in_(_BEFORE_NOTICE))
    statement = update(Decision).where(*where).values(waits_for=waits_for(checkup))
    if not changed(session, statement, synchronize=False) and only_before_notice:
        raise NotAllowed("会议通知已经出了，体检要在出通知以前做。")
    if (decision := session.get(Decision, checkup.decision_id)) is not None:
        session.refresh(decision, ["waits_for"])


def lines(checkup: Checkup) -> list[tuple[Item, CheckupAnswer | None, str]]:
    """Each item of the list with its answer, and the answer in words."""
    template: Template = template_of(checkup.template)
    latest = checkup.latest
    return [
        (item, answer, ANSWERS[answer.answer] if answer else "还没答")
        for item in template.items
        for answer in (latest.get(item.code),)
    ]

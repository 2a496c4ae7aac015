"""One function a verb."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from actions.cases import mediation, moves
from actions.errors import InvalidInput, NotFound
from bot.web.staff.desk import int_of, text_of, when_of


def mediate(session: Session, case_id: int, do: str, sent, actor: moves.Actor, now: datetime) -> None:
    if do == "mediation-start":
        parties = [
            {
                "name": text_of(sent, f"name{i}", 40),
                "role": text_of(sent, f"role{i}", 20),
                "phone": text_of(sent, f"phone{i}", 30),
            }
            for i in range(4)
        ]
        mediation.start_mediation(
            session,
            case_id,
            mediator=text_of(sent, "mediator", 40) or actor.name,
            parties=parties,
            actor=actor,
            now=now,
        )
    elif do == "mediation-consent":
        mediation.consent(
            session, case_id, int_of(sent, "party") or 0, text_of(sent, "answer", 3), actor=actor, now=now
        )
    elif do == "mediation-session":
        mediation.add_session(
            session,
            case_id,
            at=when_of(text_of(sent, "at", 20)),
            place=text_of(sent, "place", 100),
            text=text_of(sent, "note"),
            actor=actor,
            now=now,
        )
    elif do == "mediation-sign":
        try:
            day = date.fromisoformat(text_of(sent, "signed_on", 10))
        except ValueError:
            raise InvalidInput("请填签字的日期。") from None
        mediation.sign_agreement(
            session,
            case_id,
            facts=text_of(sent, "facts"),
            terms=text_of(sent, "terms"),
            method=text_of(sent, "method"),
            signed_on=day,
            actor=actor,
            now=now,
        )
    elif do == "mediation-fail":
        mediation.fail_mediation(session, case_id, text_of(sent, "note"), actor=actor, now=now)
    else:
        raise NotFound

"""How helpers and referrals are spoken of."""

from datetime import date, datetime

from actions.helpers import kinds
from actions.helpers.models import Helper, Referral
from actions.helpers.status import State
from knowledge.clock import SHANGHAI
from knowledge.places import Place

HOTLINE = "法律援助热线 12348 不收钱，全天有人接"


def says_day(day: date | datetime) -> str:
    """12月5日, in Shanghai."""
    local = day.astimezone(SHANGHAI) if isinstance(day, datetime) else day
    return f"{local.month}月{local.day}日"


def short(helper: Helper) -> str:
    """李老师 合同、土地: for a button."""
    about = kinds.subject_names(helper.subjects[:2]) or kinds.kind_names(helper.kinds[:1])
    return f"{helper.called} {about}"


def shown(helper: Helper, field: str) -> str:
    """What they let everybody see of it; "" for all else."""
    return str(getattr(helper, field)) if field in helper.public else ""


def serves(helper: Helper, places: dict[str, Place]) -> str:
    """李家沟村、石桥村; the whole of the place where none is named."""
    names = [places[village].name for village in helper.villages if village in places]
    return "、".join(names) or (places[helper.place_id].name if helper.place_id in places else "")


def no_lawyer_until(helper: Helper, now: datetime) -> date | None:
    """The first day on which somebody who left the bench may be a lawyer before a court; None where nothing hinders."""
    again = kinds.lawyer_again_on(helper.left_office_on) if helper.left_office_on else None
    return again if again and again > now.astimezone(SHANGHAI).date() else None


def state_of(referral: Referral) -> str:
    """A sentence for the resident."""
    who = referral.helper.called if referral.helper else "帮手"
    until = f"，最晚{says_day(referral.due_at)}回话" if referral.due_at else ""
    return {
        State.asked: "还没有转给谁。您选好了人，我再转。",
        State.offered: f"转给{who}了{until}。",
        State.other_asked: f"{who}愿意调解，正在问对方同不同意{until}。",
        State.accepted: f"{who}答应了，{reach(referral)}",
        State.met: f"和{who}见过面了，还在办。",
        State.closed: f"办完了。{note_of(referral)}",
        State.refused: "对方不愿意调解，这件事不能调解了。可以申请仲裁、起诉，也可以打 12348 问问走哪条路。",
        State.unhelped: f"帮手里没有找到能接的人。{kinds.WISHES[referral.wish].else_to}",
        State.withdrawn: "您撤回了，您的话已经删掉。",
    }[referral.state]


def reach(referral: Referral) -> str:
    """How the resident reaches their helper, once everybody said yes."""
    helper = referral.helper
    if helper is None:
        return "请等帮手联系您。"
    if helper.phone:
        return f"电话 {helper.phone}，也可以等他联系您。"
    return "没有留电话，请等他联系您。" if referral.contact else "没有留电话，请到村委会问怎么找他。"


def note_of(referral: Referral) -> str:
    return f"帮手说：{referral.note}" if referral.note else ""

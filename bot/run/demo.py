"""A month of invented cases, bookings, conversations and village affairs for trying out and for screenshots. Every row
is marked (`is_demo`; those of a village: `bot/run/invented/affairs.py`) and goes out again; nobody in it exists.
"""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from actions.bookings import appointments, openings
from actions.bookings.models import Appointment, Mode, Opening
from actions.calendar import workdays
from actions.cases import filing, moves, units
from actions.cases.green import green_reasons
from actions.cases.models import Case
from actions.cases.status import CaseStatus
from actions.errors import ActionError
from actions.offices.models import Team
from actions.replies import Reply, ReplyKind
from actions.topics.counting.keys import TopicKeys
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
from bot.run.invented import affairs
from bot.staff.models import Staff, StaffSession
from knowledge.clock import SHANGHAI
from knowledge.places import Level, Place
from knowledge.tables import changed

_TOLD = [
    ("邻里相邻", "隔壁砌院墙占了公用的路，三轮车过不去", "村东头", "邻居", "把墙退回去"),
    ("邻里相邻", "楼上漏水，厨房顶都湿了，说了两回没人修", "幸福小区", "楼上邻居", "修好并赔点粉刷钱"),
    ("劳动用工", "在工地干了三个月，包工头欠着两万多工钱不给", "镇东工地", "包工头", "把工钱要回来"),
    ("劳动用工", "厂里不签合同也不交社保，辞职还扣了半个月工资", "食品厂", "老板", "补发工资"),
    ("土地承包与宅基地", "承包地边界被犁过来两垄，找过组长没说清", "后坡", "同组村民", "重新量地定界"),
    ("土地承包与宅基地", "老宅翻建，隔壁说压了他家滴水，不让动工", "老宅", "邻居", "请人来调解"),
    ("环境卫生", "养殖场的粪水往沟里排，夏天臭得开不了窗", "村北养殖场", "养殖场", "停止乱排"),
    ("城乡建设与公共设施", "村口路灯坏了半个月，晚上老人摔过一回", "村口", "说不清", "修路灯"),
    ("婚姻家庭", "独居老人，儿子不给生活费，八十多岁没人管", "家里", "儿子", "按月给生活费"),
    ("借贷债务", "亲戚借了三万块，有欠条，到期两年不还", "", "亲戚", "还钱"),
    ("村务与行政", "村里的账半年没公开了，问了也不说", "村委会", "村干部", "按规定公开"),
    ("消费与市场", "买的种子不出苗，店家不认账", "镇上农资店", "店家", "赔种子钱"),
]
_ASKED = [
    ("想找个人当面说说", "asked"),
    ("我说的你没听懂，换人来", "asked"),
    ("这事邻里说不清，请工作人员看看", "abstained"),
    ("我一个人在家，腿脚不方便，能不能派人来", "asked"),
]
_SETTLED = [
    (
        "彩礼给了八万八，没领证就散了，能要回来吗",
        "没领结婚证就分开的，一般可以要求退还彩礼（民法典第一千零四十二条，法释〔2024〕1号第六条）。",
        "我把当时的转账记录带上，到司法所找您行吗？",
        "行，周四上午我在，带身份证和转账记录来。",
    ),
    (
        "低保上个月停了，没人告诉我为啥",
        "停发要书面告诉您理由，您可以到镇政府问，也可以申请重新核查。",
        "镇上让我找村里，村里让我找镇上",
        "我跟民政所的同志说好了，明天上午您直接去窗口找小陈。",
    ),
    (
        "外嫁女的承包地村里要收回去",
        "妇女结婚，在新居住地没取得承包地的，村里不能收回原来的承包地（农村土地承包法第三十一条）。",
        "村里还是说要收，能帮我说说吗",
        "能。我帮您登记成一件事，司法所来调。",
    ),
]
_WISHED = [
    "想问离婚孩子归谁",
    "工钱的欠条怎么写才算数",
    "宅基地能不能过户给儿子",
    "邻居家的树倒了压坏我家房",
    "老人的赡养费怎么要",
]
_STEPS = [
    (CaseStatus.accepted, ""),
    (CaseStatus.assigned, ""),
    (CaseStatus.in_progress, ""),
    (CaseStatus.answered, "到现场看过，两边说好了，月底前办完。"),
    (CaseStatus.closed, ""),
]
_ACTOR = moves.Actor("staff", "演示坐席")

_Said = tuple[Sender, str, ReplyKind]
_Talk = tuple[Conversation, list[_Said]]


@dataclass(frozen=True)
class _Month:
    """What the invented month is drawn from."""

    session: Session
    seed: int
    chance: random.Random
    villages: list[Place]
    teams: list[Team]
    now: datetime

    def phone(self) -> str:
        return f"1380000{self.chance.randint(1000, 9999)}"

    def moment(self, *, days_ago: int) -> datetime:
        day = self.now.astimezone(SHANGHAI) - timedelta(days=days_ago)
        return min(self.now, day.replace(hour=self.chance.randint(8, 20), minute=self.chance.randint(0, 59)))


def fill_all(session: Session, keys: TopicKeys) -> dict[str, Any]:
    """The month of the whole county, and of one village's own affairs where a village is free for them."""
    return {**fill(session), **affairs.fill(session, keys, now=datetime.now(UTC))}


def remove_all(session: Session, keys: TopicKeys) -> dict[str, int]:
    topics = affairs.remove(session, keys)
    return {**remove(session), "topics": topics}


def fill(session: Session, *, seed: int = 7) -> dict[str, int]:
    """The same month for the same seed. A second call adds nothing."""
    if session.scalar(select(func.count()).select_from(Case).where(Case.is_demo)):
        return {"cases": 0, "conversations": 0, "openings": 0}
    villages = list(session.scalars(select(Place).where(Place.level == Level.village).order_by(Place.id)))
    teams = list(session.scalars(select(Team).order_by(Team.id)))
    if not villages or not teams:
        raise ActionError("先运行 linli setup，把地方和单位导进来。")
    month = _Month(session, seed, random.Random(seed), villages, teams, datetime.now(UTC))
    made = {"cases": _cases(month), "conversations": _conversations(month), "openings": _openings(month)}
    session.commit()
    return made


def _cases(month: _Month) -> int:
    filed = 0
    for days_ago in range(30, 0, -1):
        for _ in range(month.chance.randint(0, 4)):
            category, what, spot, who, wish = month.chance.choice(_TOLD)
            at = month.moment(days_ago=days_ago)
            case = filing.file(
                month.session,
                request_key=f"demo-{filed}-{month.seed}",
                conversation_id=None,
                place=month.chance.choice(month.villages).id,
                category=category,
                now=at,
                is_demo=True,
                fields={
                    "what": what,
                    "spot": spot,
                    "when_said": "前几天",
                    "other_party": who,
                    "wish": wish,
                    "green": green_reasons(what),
                    "phone": month.phone(),
                },
            )
            filed += 1
            _live(month, case, at)
    return filed


def _live(month: _Month, case: Case, at: datetime) -> None:
    """As far as the case would have come by now."""
    chance = month.chance
    for to, note in _STEPS:
        at += timedelta(hours=chance.randint(4, 50))
        if at > month.now or (to is CaseStatus.closed and chance.random() < 0.25):
            return
        if to is CaseStatus.answered and chance.random() < 0.2:
            _call_unit(month, case, at)
        if to is CaseStatus.closed and chance.random() < 0.1:
            _move(month, case, CaseStatus.reopened, at, key="again", note="还是老样子")
            return
        _move(month, case, to, at, key=to, note=note, team_id=case.team_id or chance.choice(month.teams).id)
    moves.rate(month.session, case.id, chance.choice([5, 5, 4, 4, 3]), now=at)
    case.looked_back = 2


def _move(
    month: _Month, case: Case, to: CaseStatus, at: datetime, *, key: str, note: str, team_id: int | None = None
) -> None:
    who = moves.RESIDENT if to in (CaseStatus.closed, CaseStatus.reopened) else _ACTOR
    key = f"demo-{case.id}-{key}"
    moves.move(month.session, case.id, to, actor=who, key=key, now=at, note=note, team_id=team_id)


def _call_unit(month: _Month, case: Case, at: datetime) -> None:
    unit = units.call_unit(
        month.session,
        case.id,
        month.chance.choice(month.teams).id,
        reason="请一起到现场看看",
        actor=_ACTOR,
        key=f"demo-{case.id}-call",
        now=at,
    )
    if month.chance.random() < 0.8:
        units.unit_arrived(month.session, unit.id, actor=_ACTOR, now=min(month.now, at + timedelta(hours=2)))


def _conversations(month: _Month) -> int:
    """Some wait in the queue; others were taken by a colleague and given back."""
    talks = [
        *(_waiting(month, i, asked, reason) for i, (asked, reason) in enumerate(_ASKED)),
        *(_settled(*said) for said in _SETTLED),
    ]
    for number, (conversation, said) in enumerate(talks):
        end = conversation.waiting_since or month.now - timedelta(days=month.chance.randint(1, 20))
        conversation.id = f"demo-{month.seed}-{number}"
        conversation.channel = "widget"
        conversation.place_id = month.chance.choice(month.villages).id
        conversation.is_demo = True
        conversation.updated_at = end
        month.session.add(conversation)
        month.session.flush()
        _say(month.session, conversation, said, end)
    return len(talks)


def _waiting(month: _Month, number: int, asked: str, reason: str) -> _Talk:
    category, what, *_ = month.chance.choice(_TOLD)
    conversation = Conversation(
        status=ConversationStatus.waiting,
        waiting_since=month.now - timedelta(minutes=3 + 11 * number),
        handoff_reason=reason,
        topic=category,
    )
    return conversation, [
        (Sender.resident, what, ReplyKind.text),
        (Sender.bot, "这个问题我没有把握，不敢乱答。我已经记下来，会有人补上。", ReplyKind.abstention),
        (Sender.resident, asked, ReplyKind.text),
        (Sender.bot, "已经转给工作人员，轮到您时，这里会显示是谁在跟您说话。", ReplyKind.handoff),
    ]


def _settled(first: str, answer: str, more: str, word: str) -> _Talk:
    return Conversation(status=ConversationStatus.bot), [
        (Sender.resident, first, ReplyKind.text),
        (Sender.bot, answer, ReplyKind.answer),
        (Sender.resident, more, ReplyKind.text),
        (Sender.system, "工作人员王芳来了，现在是真人在跟您说话，邻里不插嘴。", ReplyKind.text),
        (Sender.agent, word, ReplyKind.text),
        (Sender.resident, "谢谢您", ReplyKind.text),
        (Sender.system, "王芳说这次就先到这里。我是邻里，接着由我来答。", ReplyKind.text),
    ]


def _say(session: Session, conversation: Conversation, said: list[_Said], end: datetime) -> None:
    """A message a minute, the last one at `end`."""
    for number, (sender, text, kind) in enumerate(said):
        at = end - timedelta(minutes=len(said) - 1 - number)
        reply = Reply(kind, text, agent="王芳" if sender is Sender.agent else "")
        session.add(
            Message(
                conversation_id=conversation.id,
                sender=sender,
                kind=reply.kind.value,
                text=reply.text,
                body=reply.body(),
                answered_at=at,
                created_at=at,
            )
        )
        session.flush()


def _openings(month: _Month) -> int:
    """A visit and an hour at the office, on the Tuesdays and Thursdays of three weeks that are working days."""
    work, published = workdays.calendar(month.session), 0
    for offset in range(1, 22):
        day = (month.now + timedelta(days=offset)).date()
        if not work.is_workday(day) or day.weekday() not in (1, 3):
            continue
        village = month.villages[offset % len(month.villages)]
        visit = _published(month, day, 9, Mode.visit, village.id, f"{village.name}党群服务中心", capacity=4)
        _book(month, visit, most=3)
        office = _published(month, day, 14, Mode.office, "qinghe", "柳河镇司法所", capacity=2)
        _book(month, office, most=2)
        published += 2
    return published


def _published(month: _Month, day: date, hour: int, mode: Mode, place: str, address: str, *, capacity: int) -> Opening:
    starts = appointments.utc(day, hour)
    return openings.publish(
        month.session,
        worker_id=None,
        worker_name="演示·周律师",
        mode=mode,
        place=place,
        address=address,
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        capacity=capacity,
        now=month.now,
        is_demo=True,
    )


def _book(month: _Month, opening: Opening, *, most: int) -> None:
    for number in range(month.chance.randint(0, most)):
        appointments.book(
            month.session,
            opening.id,
            conversation_id=None,
            request_key=f"demo-{month.seed}-{opening.id}-{number}",
            summary=month.chance.choice(_WISHED),
            phone=month.phone(),
            name="演示居民",
            now=month.now,
        )


def remove(session: Session) -> dict[str, int]:
    """Everything marked as demo; nothing else."""
    found = {}
    offered = select(Opening.id).where(Opening.is_demo)
    session.execute(delete(Appointment).where(Appointment.opening_id.in_(offered)))
    found["openings"] = changed(session, delete(Opening).where(Opening.is_demo))
    session.execute(
        update(Case).where(Case.merged_into_id.in_(select(Case.id).where(Case.is_demo))).values(merged_into_id=None)
    )
    demo_cases = list(session.scalars(select(Case).where(Case.is_demo)))
    for case in demo_cases:
        session.delete(case)
    found["cases"] = len(demo_cases)
    demo = select(Conversation.id).where(Conversation.is_demo)
    session.execute(delete(Message).where(Message.conversation_id.in_(demo)))
    found["conversations"] = changed(session, delete(Conversation).where(Conversation.is_demo))
    session.execute(delete(StaffSession).where(StaffSession.staff_id.in_(select(Staff.id).where(Staff.is_demo))))
    found["accounts"] = changed(session, delete(Staff).where(Staff.is_demo))
    session.commit()
    return found

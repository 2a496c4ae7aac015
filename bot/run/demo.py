"""A month of invented cases, bookings and conversations for trying out and for screenshots. Every row is marked
`is_demo` and can be taken out again; nobody in it exists.
"""

import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from actions.bookings import appointments as bookings
from actions.bookings import openings as bookings_openings
from actions.bookings.models import Appointment, Mode, Opening
from actions.calendar import workdays
from actions.cases import filing, moves, units
from actions.cases.green import green_reasons
from actions.cases.models import Case
from actions.cases.status import CaseStatus
from actions.errors import ActionError
from actions.offices.models import Team
from bot.conversations.models import Conversation, ConversationStatus, Message, Sender
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


def fill(session: Session, *, seed: int = 7) -> dict[str, int]:
    """The same month for the same seed. A second call adds nothing."""
    if session.scalar(select(func.count()).select_from(Case).where(Case.is_demo)):
        return {"cases": 0, "conversations": 0, "openings": 0}
    chance, now = random.Random(seed), datetime.now(UTC)
    villages = list(session.scalars(select(Place).where(Place.level == Level.village).order_by(Place.id)))
    teams = list(session.scalars(select(Team).order_by(Team.id)))
    if not villages or not teams:
        raise ActionError("先运行 linli setup，把地方和单位导进来。")
    actor = moves.Actor("staff", "演示坐席")
    cases = 0
    for day in range(30, 0, -1):
        for _ in range(chance.randint(0, 4)):
            category, what, spot, who, wish = chance.choice(_TOLD)
            at = min(
                now,
                (now.astimezone(SHANGHAI) - timedelta(days=day)).replace(
                    hour=chance.randint(8, 20), minute=chance.randint(0, 59)
                ),
            )
            green = green_reasons(what)
            case = filing.file(
                session,
                request_key=f"demo-{cases}-{seed}",
                conversation_id=None,
                place=chance.choice(villages).id,
                category=category,
                now=at,
                is_demo=True,
                fields={
                    "what": what,
                    "spot": spot,
                    "when_said": "前几天",
                    "other_party": who,
                    "wish": wish,
                    "green": green,
                    "phone": f"1380000{chance.randint(1000, 9999)}",
                },
            )
            cases += 1
            _live(session, case, chance, teams, actor, at, now)
    conversations = _conversations(session, chance, villages, now, seed)
    openings = 0
    work = workdays.calendar(session)
    for offset in range(1, 22):
        local = (now + timedelta(days=offset)).date()
        if work.is_workday(local) and local.weekday() in (1, 3):
            for hour, mode in ((9, Mode.visit), (14, Mode.office)):
                place = villages[offset % len(villages)] if mode is Mode.visit else None
                starts = bookings.utc(local, hour)
                opening = bookings_openings.publish(
                    session,
                    worker_id=None,
                    worker_name="演示·周律师",
                    mode=mode,
                    place=place.id if place else "qinghe",
                    address=f"{place.name}党群服务中心" if place else "柳河镇司法所",
                    starts_at=starts,
                    ends_at=starts + timedelta(hours=2),
                    capacity=4 if mode is Mode.visit else 2,
                    now=now,
                    is_demo=True,
                )
                openings += 1
                for i in range(chance.randint(0, 3 if mode is Mode.visit else 2)):
                    bookings.book(
                        session,
                        opening.id,
                        conversation_id=None,
                        request_key=f"demo-{seed}-{opening.id}-{i}",
                        summary=chance.choice(_WISHED),
                        phone=f"1380000{chance.randint(1000, 9999)}",
                        name="演示居民",
                        now=now,
                    )
    session.commit()
    return {"cases": cases, "conversations": conversations, "openings": openings}


def _conversations(session: Session, chance: random.Random, villages: list[Place], now: datetime, seed: int) -> int:
    """Some wait in the queue; others were taken by a colleague and given back."""
    talks: list[tuple[Conversation, list[tuple[Sender, str, str]]]] = []
    for i, (asked, reason) in enumerate(_ASKED):
        category, what, *_ = chance.choice(_TOLD)
        waits = Conversation(
            status=ConversationStatus.waiting,
            waiting_since=now - timedelta(minutes=3 + 11 * i),
            handoff_reason=reason,
            topic=category,
        )
        talks.append(
            (
                waits,
                [
                    (Sender.resident, what, "text"),
                    (Sender.bot, "这个问题我没有把握，不敢乱答。我已经记下来，会有人补上。", "abstention"),
                    (Sender.resident, asked, "text"),
                    (Sender.bot, "已经转给工作人员，轮到您时，这里会显示是谁在跟您说话。", "handoff"),
                ],
            )
        )
    for first, answer, more, word in _SETTLED:
        came = "工作人员王芳来了，现在是真人在跟您说话，邻里不插嘴。"
        left = "王芳说这次就先到这里。我是邻里，接着由我来答。"
        with_person = [
            (Sender.system, came, "text"),
            (Sender.agent, word, "text"),
            (Sender.resident, "谢谢您", "text"),
            (Sender.system, left, "text"),
        ]
        talks.append(
            (
                Conversation(status=ConversationStatus.bot),
                [
                    (Sender.resident, first, "text"),
                    (Sender.bot, answer, "answer"),
                    (Sender.resident, more, "text"),
                    *with_person,
                ],
            )
        )
    for i, (conversation, said) in enumerate(talks):
        end = conversation.waiting_since or now - timedelta(days=chance.randint(1, 20))
        conversation.id = f"demo-{seed}-{i}"
        conversation.channel = "widget"
        conversation.place_id = chance.choice(villages).id
        conversation.is_demo = True
        conversation.updated_at = end
        session.add(conversation)
        session.flush()
        for j, (sender, text, kind) in enumerate(said):
            at = end - timedelta(minutes=len(said) - 1 - j)
            session.add(
                Message(
                    conversation_id=conversation.id,
                    sender=sender,
                    kind=kind,
                    text=text,
                    body={"agent": "王芳"} if sender is Sender.agent else {},
                    answered_at=at,
                    created_at=at,
                )
            )
            session.flush()
    return len(talks)


def _live(
    session: Session,
    case: Case,
    chance: random.Random,
    teams: list[Team],
    actor: moves.Actor,
    at: datetime,
    now: datetime,
) -> None:
    """As far as the case would have come by now."""
    steps = [
        (CaseStatus.accepted, ""),
        (CaseStatus.assigned, ""),
        (CaseStatus.in_progress, ""),
        (CaseStatus.answered, "到现场看过，两边说好了，月底前办完。"),
        (CaseStatus.closed, ""),
    ]
    for to, note in steps:
        at += timedelta(hours=chance.randint(4, 50))
        if at > now or (to is CaseStatus.closed and chance.random() < 0.25):
            return
        if to is CaseStatus.answered and chance.random() < 0.2:
            unit = units.call_unit(
                session,
                case.id,
                chance.choice(teams).id,
                reason="请一起到现场看看",
                actor=actor,
                key=f"demo-{case.id}-call",
                now=at,
            )
            if chance.random() < 0.8:
                units.unit_arrived(session, unit.id, actor=actor, now=min(now, at + timedelta(hours=2)))
        if to is CaseStatus.closed and chance.random() < 0.1:
            moves.move(
                session,
                case.id,
                CaseStatus.reopened,
                actor=moves.RESIDENT,
                key=f"demo-{case.id}-again",
                now=at,
                note="还是老样子",
            )
            return
        who = moves.RESIDENT if to is CaseStatus.closed else actor
        moves.move(
            session,
            case.id,
            to,
            actor=who,
            key=f"demo-{case.id}-{to}",
            now=at,
            note=note,
            team_id=case.team_id or chance.choice(teams).id,
        )
    moves.rate(session, case.id, chance.choice([5, 5, 4, 4, 3]), now=at)
    case.looked_back = 2


def remove(session: Session) -> dict[str, int]:
    """Everything marked as demo; nothing else."""
    found = {}
    openings = select(Opening.id).where(Opening.is_demo)
    session.execute(delete(Appointment).where(Appointment.opening_id.in_(openings)))
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

"""Who helps, who meets and who earns points in the invented village."""

from datetime import timedelta

from sqlalchemy import select

from actions.bookings.models import Opening
from actions.demands import log
from actions.demands.log import Told
from actions.demands.models import DemandKind
from actions.deputies import service as deputies
from actions.events import publishing, questions, signing_up
from actions.events.publishing import Wanted
from actions.events.signing_up import Coming
from actions.hearings import service as hearings
from actions.hearings.service import Plan
from actions.helpers import hours, roster
from actions.helpers.roster import Entry
from actions.history import telling
from actions.points import claims, schemes, sheets, vouchers
from actions.points.claims import Deed
from actions.points.ledger import Who
from actions.points.models import RuleKind, Source
from actions.roster.models import Household
from actions.shelf import listing as shelf
from bot.run.invented.village import CLERK, CODE, OVERSEER, Stage

_CLERK, _OVERSEER = Who(CLERK.id or 0, CLERK.name), Who(OVERSEER.id or 0, OVERSEER.name)
_RULES = (
    ("打扫公共地方", 3, 30, "照片，或者网格员看到"),
    ("照看独居老人", 5, 60, "老人或者网格员说"),
    ("来听一次普法课", 2, 20, "签到"),
)
_DEEDS = "010201001020100210"  # which rule, one household after another


def meet(stage: Stage) -> int:
    """How many events; with who signed up, and what they ask beforehand."""
    hall = "村部前广场"
    film = _event(stage, "film", "露天电影", 14, 8, hall, 0)
    law = _event(stage, "law_class", "普法课：赡养和继承", 6, -4, "村部一楼会议室", 40)
    day = _event(stage, "open_day", "村务公开日", 8, -11, "村部一楼会议室", 0)
    for number, party in enumerate((1, 2, 1, 3, 1)):
        coming = Coming(asker=stage.voices[number], name=f"演示{number + 1}号", party=party)
        signing_up.sign_up(stage.session, law.id, coming, key=f"demo-comes-{number}", now=stage.at(3))
    for number, text in enumerate(("鱼塘承包费今年收了多少", "后坡排水沟什么时候再开会")):
        questions.ask(stage.session, day.id, conversation_id=None, text=text, key=f"demo-day-{number}", now=stage.at(2))
    stage.session.commit()
    return len((film, law, day))


def _event(stage: Stage, kind: str, title: str, said: float, held: float, address: str, capacity: int) -> Opening:
    """Announced `said` days ago, held `held` days ago; below 0 it is to come."""
    starts = stage.at(said, 19) + timedelta(days=said - held)
    wanted = Wanted(
        kind=kind,
        title=title,
        about="大人孩子都可以来，不收钱。",
        lead="",
        address=address,
        note="",
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        capacity=capacity,
    )
    made = publishing.announce(stage.session, stage.place.id, wanted, key=f"demo-{kind}", now=stage.at(said, 12))
    made[0].is_demo = True
    stage.session.commit()
    return made[0]


def help_each_other(stage: Stage) -> int:
    """How many helpers, each with consent; one has given hours."""
    session, now = stage.session, stage.at(40)
    entries = (
        Entry(
            "石永福", "老石", "", "石榴坪调解室", ["mediator"], ["neighbour"], "周二、周四上午", "本地话", ["hours"], []
        ),
        Entry("田春梅", "田老师", "", "", ["legal_aware"], [], "晚上七点以后", "", ["hours"], []),
    )
    for entry in entries:
        helper = roster.add(session, stage.place.id, entry, now=now)
        roster.consent(session, helper, how="paper", on=stage.day(40), by=CLERK.name, now=now)
        session.flush()
        hours.add(
            session,
            helper,
            on=stage.day(20),
            minutes=150,
            what="陪两家人量宅基地、说和",
            by=CLERK.name,
            key=f"demo-hours-{helper.id}",
            now=stage.at(19),
        )
    session.commit()
    return len(entries)


def earn(stage: Stage, *, decision_id: int) -> int:
    """Rules that the decision adopted, deeds of last month, its sheet, and one that waits to be confirmed."""
    session, place = stage.session, stage.place.id
    for title, points, cap, evidence in _RULES:
        schemes.add_rule(
            session,
            place,
            kind=RuleKind.points,
            title=title,
            points=points,
            cap=cap,
            evidence=evidence,
            by=_CLERK,
            now=stage.at(84),
        )
    scheme = schemes.newest(session, place)
    assert scheme
    schemes.adopt(session, scheme.id, edition=scheme.edition, decision_id=decision_id, by=_OVERSEER, now=stage.at(83))
    vouchers.put_item(session, place, title="洗衣粉一袋", cost=10, stock=20)
    vouchers.put_item(session, place, title="毛巾一条", cost=6, stock=30)
    session.commit()
    return _deeds(stage)


def _deeds(stage: Stage) -> int:
    session, rules = stage.session, schemes.rules_of(stage.session, stage.place.id)
    own = (Household.place_id == stage.place.id, Household.code.startswith(CODE))
    homes = session.scalars(select(Household).where(*own).order_by(Household.code)).all()
    month = (stage.day(0).replace(day=1) - timedelta(days=1)).replace(day=1)
    for number, (home, rule) in enumerate(zip(homes, _DEEDS, strict=False)):
        ago = (stage.day(0) - month).days - 2 - number
        is_open = number == len(_DEEDS) - 1
        ago = 1 if is_open else max(ago, stage.day(0).day)
        deed = Deed(rules[int(rule)].id, stage.day(ago), "扫了村口到桥头" if rule == "0" else "")
        made = claims.claim(
            session, home, deed, source=Source.grid, key=f"demo-deed-{number}", now=stage.at(ago), by=_CLERK
        )
        if not is_open:
            claims.confirm(session, made.id, is_no_kin=True, oversees=True, by=_OVERSEER, now=stage.at(ago, 18))
    sheets.post(session, stage.place.id, month, stage.now)
    session.commit()
    return len(_DEEDS)


SHELF_MARK = "样-"  # before the numbers of what is invented
_ON_THE_SHELF = (
    ("book", "果树修剪图解", "", "书屋第一排"),
    ("book", "防骗手册", "", "书屋门口"),
    ("tool", "手推磅秤", "", "村委会仓库"),
)


def the_rest(stage: Stage) -> None:
    """A deputy who answered, a hearing to sign up for, a story told, a shelf, demands written down."""
    _deputy(stage)
    _hearing(stage)
    telling.tell(
        stage.session,
        place=stage.place.id,
        text="村口那棵石榴树是修水渠那年栽的，渠通水的那天，各家都端了一碗水去浇它。",
        teller="",
        may_name=False,
        key="demo-story",
        now=stage.at(7),
    )
    for number, (kind, title, author, spot) in enumerate(_ON_THE_SHELF, 1):
        entry = shelf.Entry(kind, title, author, f"{SHELF_MARK}{number}", 1, spot, "")
        shelf.keep(stage.session, stage.place.id, entry, now=stage.at(9))
    _demand(stage, DemandKind.certificate, "某保险公司", "要村里证明本人还健在", "", 10)
    _demand(stage, DemandKind.task, "镇里某站", "填写庭院整治月报表", "镇里的通知", 11)
    stage.session.commit()


def _deputy(stage: Stage) -> None:
    session, by = stage.session, CLERK.id or 0
    deputy = deputies.add(
        session,
        stage.place.id,
        name="石大顺",
        kind="rep",
        group="一组",
        reception="每月5日上午，村部一楼",
        phone="",
        ends_on=stage.day(0).replace(day=1) + timedelta(days=700),
        by=by,
        key="demo-deputy",
        now=stage.at(50),
    )
    asked = "一组的水压晚上太小，能反映一下吗"
    row = deputies.ask(session, deputy.id, asked, asker=None, key="demo-ask", now=stage.at(22))
    deputies.look(session, row, is_shown=True, by=by)
    deputies.answer(session, row, "问过水站了，月底前换主管道的阀门。", by=by, now=stage.at(12))


def _hearing(stage: Stage) -> None:
    plan = Plan(
        title="村小门口要不要设限时停车",
        about="上学放学两个小时不停车，接送孩子怎么办，听大家说。",
        spot="村部一楼会议室",
        held_at=stage.at(0, 15) + timedelta(days=16),
        closes_on=stage.day(-10),
        seats=12,
    )
    hearings.announce(stage.session, stage.place.id, plan, by=CLERK.id or 0, key="demo-hearing", now=stage.at(1))


def _demand(stage: Stage, kind: DemandKind, asked_by: str, what: str, basis: str, days_ago: int) -> None:
    told = Told(
        place=stage.place.id,
        kind=kind,
        asked_by=asked_by,
        what=what,
        on=stage.day(days_ago),
        basis=basis,
        hours=2.5,
        by=CLERK.name,
    )
    log.note(stage.session, told, key=f"demo-demand-{days_ago}", today=stage.day(0))

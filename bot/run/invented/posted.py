"""What the invented village has made public: accounts by two people, one overdue; a road stage by stage."""

from datetime import date, timedelta

from sqlalchemy import select

from actions.disclosure import posting, questions, schedule
from actions.disclosure.models import Disclosure
from actions.disclosure.posting import Who
from actions.disclosure.status import OPEN
from actions.projects import service
from actions.projects.stages import Stage as Part
from bot.run.invented.village import BEGUN_DAYS_AGO, CLERK, OVERSEER, Stage

_CLERK, _OVERSEER = Who(CLERK.id or 0, CLERK.name), Who(OVERSEER.id or 0, OVERSEER.name)
_FINANCE = [
    ["上期结余", "", "", "12600", "会计"],
    ["村部电费", "", "486", "12114", "会计"],
    ["鱼塘承包费", "8000", "", "20114", "会计"],
    ["清沟工钱（6人两天）", "", "1440", "18674", "会计"],
    ["办公用纸、墨盒", "", "312", "18362", "会计"],
]
_DONE = {
    "decisions": ["石榴树下积分办法", "通过，已经公布"],
    "consultations": ["村口路段装路灯", "学校门口和东头各一盏", "两盏都装好了"],
    "relief": ["春荒补助", "镇里拨", "6000", "18户", "6000", "0"],
}


def make_public(stage: Stage) -> int:
    """How many stand on the board. Of what is owed by now the last account of the collective is nobody's yet."""
    session = stage.session
    schedule.begin(session, stage.place.id, on=stage.day(BEGUN_DAYS_AGO), now=stage.at(BEGUN_DAYS_AGO))
    schedule.settle_place(session, stage.place.id, stage.now)
    session.commit()
    own = (Disclosure.place_id == stage.place.id, Disclosure.due_on <= stage.day(0), Disclosure.state.in_(OPEN))
    owed = list(session.scalars(select(Disclosure).where(*own).order_by(Disclosure.due_on, Disclosure.id)))
    late = max((item for item in owed if item.duty_code == "collective_finance"), key=lambda i: i.id, default=None)
    posted = [item for item in owed if item is not late]
    for item in posted:
        assert item.due_on
        _post(stage, item, min(item.due_on - timedelta(days=3), stage.day(1)))
    _asked(stage, next((item for item in reversed(posted) if item.duty_code == "finance"), None))
    _road_accepted(stage)
    _contract(stage)
    return len(posted) + 2


def _rows(stage: Stage, item: Disclosure, day: date) -> list[list[str]]:
    columns = list(posting.duty_of(stage.session, item).said.columns)
    if item.duty_code == "finance":
        return [columns, *([f"{day.month}月{number}日", *row] for number, row in enumerate(_FINANCE, 1))]
    if item.duty_code == "decisions":
        return [columns, [f"{stage.day(87):%Y-%m-%d}", *_DONE["decisions"]]]
    row = _DONE.get(item.duty_code, ["这一期没有", *("" for _ in columns[1:])])
    return [columns, row]


def _post(stage: Stage, item: Disclosure, day: date) -> None:
    session, now = stage.session, stage.at((stage.day(0) - day).days)
    rows = _rows(stage, item, day)
    posting.put(session, item, list(enumerate(rows, 1)), note="", masks_names=False, by=_CLERK, now=now)
    why = "表里写的是岗位和事项，不是村民的姓名" if item.held else ""
    posting.check(session, item, edition=item.edition, confirms_names=bool(item.held), why=why, by=_OVERSEER, now=now)
    posting.post(session, item, days=None, by=_CLERK, now=now)
    session.commit()


def _asked(stage: Stage, item: Disclosure | None) -> None:
    """One question answered in public, one that waits."""
    if item is None:
        return
    session, now = stage.session, stage.at(0.5)
    for number, text in enumerate(("清沟的工钱是按天还是按米算的", "鱼塘明年还包不包给原来那家")):
        question = questions.ask(
            session, disclosure_id=item.id, conversation_id=None, text=text, key=f"demo-asked-{number}", now=now
        )
        if number == 0:
            said = "按天算，一天120元，6个人做了两天，名单和签字在村部可以看。"
            questions.answer(
                session, question, text=said, shown_text=text, is_public=True, by=CLERK.name, now=stage.now
            )
    session.commit()


def _road_accepted(stage: Stage) -> None:
    """Hangs on the board now."""
    now = stage.at(6)
    item = posting.open_item(
        stage.session,
        stage.place.id,
        "projects",
        day=stage.day(9),
        title="学校门口护坡验收",
        by=_CLERK,
        key="demo-wall",
        now=now,
    )
    columns = list(posting.duty_of(stage.session, item).said.columns)
    row = ["学校门口护坡40米", "验收", f"{stage.day(9):%Y-%m-%d}", "66000", "镇建筑队"]
    posting.put(stage.session, item, [(1, columns), (2, row)], note="", masks_names=False, by=_CLERK, now=now)
    posting.check(stage.session, item, edition=item.edition, confirms_names=False, why="", by=_OVERSEER, now=now)
    posting.post(stage.session, item, days=None, by=_CLERK, now=now)
    stage.session.commit()


def _contract(stage: Stage) -> None:
    """Of what comes at once: drafted, so that it waits for the overseer."""
    session, now = stage.session, stage.at(0)
    item = posting.open_item(
        session,
        stage.place.id,
        "contracts",
        day=stage.day(1),
        title="村部旁门面续租",
        by=_CLERK,
        key="demo-contract",
        now=now,
    )
    columns = list(posting.duty_of(session, item).said.columns)
    row = ["村部旁门面一间", "镇上便民超市", f"{now.year}年起三年", "9600", "9600"]
    posting.put(session, item, [(1, columns), (2, row)], note="", masks_names=False, by=_CLERK, now=now)
    session.commit()


def build(stage: Stage, *, decision_id: int | None) -> int:
    """A playground wall: the last price grew by more than a tenth, and the settlement waits to be confirmed."""
    session = stage.session
    clerk, second = service.Who(CLERK.id or 0, CLERK.name), service.Who(OVERSEER.id or 0, OVERSEER.name)
    project = service.begin(
        session,
        place=stage.place.id,
        title="学校门口护坡",
        decision_id=decision_id,
        who=clerk,
        key="demo-project",
        now=stage.at(70),
    )
    for part, ago, yuan, words in (
        (Part.approve, 70, None, "代表会议定的，护坡40米"),
        (Part.budget, 66, 60_000, "镇里帮着算的"),
        (Part.tender, 60, 57_800, "问了三家，比了价"),
        (Part.contract, 57, 57_800, "工期四十天"),
        (Part.start, 50, None, ""),
        (Part.change, 31, 66_000, "挖开以后土松，加了两道排水管"),
        (Part.accept, 9, None, "村里、学校、施工方一起看的"),
        (Part.settle, 1, 65_400, ""),
    ):
        entry = service.Entry(stage=part, on_day=stage.day(ago), yuan=yuan, words=words)
        row = service.record(session, project, entry, who=clerk, key=f"demo-project-{part}", now=stage.at(ago, 11))
        if part is not Part.settle:
            service.confirm(session, row, who=second, now=stage.at(ago, 16))
    session.commit()
    return 1

"""What the village builds: how far it has come, as its projects' page tells it."""

import re
from collections.abc import Sequence

from sqlalchemy.orm import Session

from actions.cases import finding
from actions.dialogue.affairs.village import page, village_of
from actions.dialogue.frame.base import Said, Services, Turn, say
from actions.projects import reading
from actions.projects.models import Project
from actions.replies import Button, Reply, ReplyKind
from knowledge.places import Place

_SHOWN = 3
_WORKS = (
    r"路灯|路|桥|井|灯|渠|沟|坝|堤|塘|水池|水塔|管网|水管|广场|公厕|厕所|活动室|卫生室|文化站|村部|监控|垃圾站|食堂"
    r"|敬老院"
)
# 路修到哪了, 修路修到哪一步了, 南沟那座桥什么时候完工
_HOW_FAR = re.compile(
    rf"(?:{_WORKS}|工程|项目|工地).{{0,10}}(?:到哪(?:儿|里)?(?:了|一步|步)|到什么(?:程度|地步)|进度|进展"
    r"|(?:啥|什么)时候(?:能|才|才能)?(?:[修建装打挖铺]?(?:好|完|成)|完工|竣工|开工|动工|通车|验收)"
    r"|几时(?:能|才)?(?:[修建装打挖铺]?(?:好|完|成)|完工|开工)"
    r"|(?:完工|竣工|开工|动工|验收|结算|决算|审计)了?(?:没|吗)|停工|停了?(?:这么|好)?久)"
)
_NAMED = re.compile(
    r"(?:村里|咱们?村|我们村|俺们?村|本村|组里)?(?:的)?(?:有(?:哪些|什么|啥))?(?:工程|项目)(?:公示|进度|进展|一览)"
)
# Somebody's own road, or a case that they have: 我报的路灯修到哪了.
_OWN = re.compile(r"我家|俺家|自家|我(?:上次|昨天|前天)?(?:报|反映|登记|说)|编号|工单|导航|坐车|高速|高铁|地铁|快递")


def heard(services: Services, turn: Turn) -> Said | None:
    """The stage of the one that is called, else those there are; None where nothing of the village's is meant."""
    is_asked = _HOW_FAR.search(turn.text) or _NAMED.search(turn.text)
    if not is_asked or _OWN.search(turn.text):
        return None
    with services.sessions() as session:
        village = village_of(session, turn)
        if village is None or not (projects := reading.public(session, village.id)):
            return None
        found = _called(projects, turn.text)
        if not found and not _is_of_projects(session, turn):
            return None
        return say(_told(village, found or projects))


def _is_of_projects(session: Session, turn: Turn) -> bool:
    """Who has a case open and says no project's name asks after that."""
    return "项目" in turn.text or "工程" in turn.text or not finding.of_person(session, turn.conversation_id)


def _called(projects: Sequence[Project], text: str) -> list[Project]:
    """Those whose title shares most with the words: a name of two characters, else the thing itself."""
    shared = {project.id: _pairs(project.title) & _pairs(text) for project in projects}
    most = max(len(pairs) for pairs in shared.values())
    if most:
        return [project for project in projects if len(shared[project.id]) == most]
    return [project for project in projects if _things(text) & _things(project.title)]


def _things(text: str) -> set[str]:
    """By their last character: 灯 is 路灯, and no 路."""
    return {thing[-1] for thing in re.findall(_WORKS, text)}


def _pairs(text: str) -> set[str]:
    return {text[n : n + 2] for n in range(len(text) - 1)} - {"修路", "工程", "项目", "村里", "什么", "时候"}


def _told(village: Place, found: Sequence[Project]) -> Reply:
    lines = "\n".join(f"· {_said(project)}" for project in found[:_SHOWN])
    more = f"\n一共{len(found)}个，都在下面这一页。" if len(found) > _SHOWN else ""
    text = f"村里的项目：\n{lines}{more}\n花了多少、每一步哪天办的，页面上都写着；没核对过的不写。"
    links = [page(f"去看：{project.title[:12]}", village.id, f"projects/{project.slug}") for project in found[:_SHOWN]]
    doubt = Button("我有疑问", "村里的工程我有疑问，我要反映")
    return Reply(ReplyKind.text, text, buttons=(doubt,), links=(*links, page("看所有项目", village.id, "projects")))


def _said(project: Project) -> str:
    after = reading.next_of(project)
    return f"{project.title}：{reading.stands(project)}{f'，下一步是{after}' if after else '，都走完了'}。"

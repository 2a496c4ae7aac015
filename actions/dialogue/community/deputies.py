"""谁代表我们组: who speaks for whom, when they receive, and where a question to them is written. Known by its words, as
no intent of ours means it: the classifier takes it for a meeting.
"""

import re
from datetime import UTC, datetime

from actions.deputies import service
from actions.dialogue.affairs.village import page, village_of
from actions.dialogue.frame.base import Said, Services, Turn, say
from actions.replies import Reply, ReplyKind

_WHO = r"(?:是|有|都是|都有)(?:谁|哪[个几些位])"
_ASKED = re.compile(
    rf"谁(?:是|来)?代表(?:我|俺|咱)们?(?:组|队|村|寨|湾|屯|户)?[？?吗呢的]*$"
    rf"|(?:我|俺|咱)们?(?:\d{{1,2}}|[一二三四五六七八九十]{{1,2}}|这)?(?:组|队|村|湾|寨|屯)?的?(?:村民|居民)?代表(?:{_WHO}|叫啥|叫什么)"
    rf"|(?:村民|居民|人大)代表(?:{_WHO}|名单|(?:哪天|啥时候|什么时候|几号)(?:接待|在村部|见))|政协委员{_WHO}"
)
_MOST = 12  # lines; the page has all


def heard(services: Services, turn: Turn) -> Said | None:
    """None for other words, and where the village lists none: then what the law says of them is the answer."""
    if not _ASKED.search(turn.text):
        return None
    with services.sessions() as session:
        village = village_of(session, turn)
        rows = service.serving(session, village.id, datetime.now(UTC)) if village else []
        if village is None or not rows:
            return None
        lines = [
            f"· {row.group_name or '全村'}：{row.name}（{service.KINDS[row.kind]}），{row.reception}"
            + (f"，电话 {row.phone}" if row.phone else "")
            for row in rows[:_MOST]
        ]
        links = (page("看代表名单、写下要问的", village.id, "deputies"),)
    told = f"{village.name}的代表和接待的日子：\n" + "\n".join(lines)
    return say(Reply(ReplyKind.text, told, next="有话要问，点下面写下来，十五个工作日里要答复。", links=links))

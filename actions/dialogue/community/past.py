"""The village's past: where one tells of it, and where what was told is read."""

import re
from collections.abc import Sequence

from actions.dialogue.affairs.village import page, village_of
from actions.dialogue.frame.base import Said, Services, Turn, say
from actions.history import telling
from actions.replies import Button, Reply, ReplyKind
from knowledge.documents.models import DocumentVersion

_SHOWN = 3
_PAST = (
    r"(?:村|寨|庄|屯|湾|家乡|祠堂|古树|老井|老屋|老房子|地名|祖辈|祖上|老一辈|老人).{0,6}"
    r"(?:故事|历史|往事|旧事|老事|老话|老照片|来历|由来|从前|过去|以前的事)"
    r"|(?:老|古|旧|过去的|从前的|以前的)(?:故事|事儿|往事|历史).{0,8}村|村史"
)
_TELLS = re.compile(
    rf"(?:讲|说|摆|写|记|投|交|补|传|留|录)(?:一?[讲说摆写记]|一?下|个|点|点儿|一?段|一?篇|上)?.{{0,8}}(?:{_PAST})"
    rf"|(?:{_PAST}).{{0,8}}(?:要讲|想讲|讲给|说给|怎么(?:讲|写|投|交|记)|写下来|记下来"
    r"|往哪(?:讲|写|投|交)|投(?:个|一篇|篇)?稿)"
)
_READS = re.compile(
    rf"(?:听|看|查|找|有没有|有啥|有什么|哪里有|给我讲|给俺讲|跟我说).{{0,6}}(?:{_PAST})"
    r"|^(?:我们?村|咱们?村|村里)?的?村史[吗呢。？?]*$"
)
# 村里选举的历史遗留问题 and somebody's own history of illness or work are no stories.
_NO_STORY = re.compile(
    r"遗留|病|征信|聊天|贷款|欠|借|拆|征|补偿|宅基|确权|产权|违法|犯罪|举报|贪|投诉|干部|支书|主任|谣|诽谤|骂"
)


def heard(services: Services, turn: Turn) -> Said | None:
    """A page for who tells, and what is there already for who would like to hear; None for other words."""
    text = turn.text
    tells, reads = _TELLS.search(text), _READS.search(text)
    if not (tells or reads) or _NO_STORY.search(text):
        return None
    with services.sessions() as session:
        village = village_of(session, turn)
        if village is None:
            return None
        there = telling.published(session, village.id)
        form = page("讲一段村里的事", village.id, "history/tell")
        shelf = (page("看村史", village.id, "history"),) if there else ()
        events = (Button("看有什么活动", "村里有啥活动"),)
        if reads and there:
            return say(Reply(ReplyKind.text, _shown(there), links=(*shelf, form)))
        head = "村史还空着，就等着您来讲头一段呢。" if not there else "太好了，村里的老事就怕没人讲。"
        how = (
            "点下面这一页，老树、老桥、祠堂、谁家的手艺，想起什么写什么，三五句也行；"
            "写不写您的名字您自己定。村文书整理好，第二个人看过，才放进村史。"
            "不会打字，可以请村委会或者网格员帮您写。"
        )
        return say(Reply(ReplyKind.text, f"{head}{how}", buttons=events, links=(form, *shelf)))


def _shown(there: Sequence[DocumentVersion]) -> str:
    lines = "\n".join(f"· {version.content['title']}" for version in there[:_SHOWN])
    more = f"\n一共{len(there)}篇。" if len(there) > _SHOWN else ""
    return f"村里讲过的：\n{lines}{more}\n您也有要讲的，点“讲一段村里的事”。"

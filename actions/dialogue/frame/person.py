"""Who asks for a person, whatever the classifier took it for."""

import re

from actions.dialogue.frame.base import Said, say
from actions.replies import Effects, Reply, ReplyKind

_MOST = 30  # characters; what is longer tells a matter in which somebody is to come
_ASKED_FOR = re.compile(
    r"(?:让|叫|找|换|派|请|要)个?(?:真|活|大活)?人(?:来|出来)?(?:跟|和|给|同|与)(?:我|俺|咱)们?(?:讲|说|谈|聊|解释)"
)


def is_asked_for(text: str) -> bool:
    """听不懂你说的，让个人来跟我讲 looks for nobody who helps with the harvest."""
    return len(text) <= _MOST and bool(_ASKED_FOR.search(text))


def called() -> Said:
    """Says the word; `bot.turns` puts the conversation into the queue and tells the resident where they stand."""
    return say(Reply(ReplyKind.handoff, "好，这就请工作人员来。", effects=Effects(handoff="asked")))

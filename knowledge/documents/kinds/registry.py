"""The kinds of documents: what a row's column may hold, and what is to be known of each."""

import enum

from knowledge.documents.kinds.answer import ANSWER
from knowledge.documents.kinds.base import KindSpec
from knowledge.documents.kinds.case_story import CASE_STORY
from knowledge.documents.kinds.history import HISTORY
from knowledge.documents.kinds.regulation import REGULATION
from knowledge.documents.kinds.service_guide import POLICY, SERVICE_GUIDE
from knowledge.documents.kinds.statute import STATUTE
from knowledge.documents.kinds.village_rule import VILLAGE_RULE


class Kind(enum.StrEnum):
    statute = "statute"
    regulation = "regulation"
    policy = "policy"
    village_rule = "village_rule"
    case_story = "case_story"
    service_guide = "service_guide"
    answer = "answer"
    history = "history"


# In the order in which the console offers them.
KINDS: dict[Kind, KindSpec] = {
    Kind.answer: ANSWER,
    Kind.service_guide: SERVICE_GUIDE,
    Kind.policy: POLICY,
    Kind.village_rule: VILLAGE_RULE,
    Kind.case_story: CASE_STORY,
    Kind.regulation: REGULATION,
    Kind.history: HISTORY,
    Kind.statute: STATUTE,
}
EDITABLE = tuple(kind for kind, spec in KINDS.items() if spec.is_ours)

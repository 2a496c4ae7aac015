"""Which answer a second message means: what lies near to these words, and to both messages together, too."""

from knowledge.answering.told import Abstention, Answer
from knowledge.documents.sources.opposites import OPPOSITES

_MOST_OF_BOTH = 2


def documents(found: Answer | Abstention) -> list[str]:
    """The answers that lie near, the likeliest first."""
    told = [found.document] if isinstance(found, Answer) else []
    return list(dict.fromkeys(one for one in [*told, *(near.document for near in found.near)] if one))


def agreed(alone: Answer | Abstention, joined: Answer | Abstention, told: str | None) -> str | None:
    """Of the answers that lie near to these words (`alone`) and to both messages (`joined`) the one that both put
    first. None where these words lie near to `told`, which was said last, or agree on nothing but its other side: of
    two unseen sets of 28 pairs eight had one, all eight the better answer (2026-12-03).
    """
    of_these = documents(alone)
    # the third of what both find together is taken from what these find alone (`thread.continued`)
    of_both = documents(joined)[: _MOST_OF_BOTH if isinstance(joined, Abstention) else None]
    if told in of_these:
        return None
    first = told or (of_both[0] if of_both else "")
    sides = OPPOSITES.get(first, {})
    shared = [one for one in of_these if one in of_both and one not in sides]
    return min(shared, key=lambda one: (of_these.index(one) + of_both.index(one), of_these.index(one)), default=None)

"""Who asks what their village has agreed hears its clause, and what the township says of it."""

from datetime import date

import pytest

from knowledge.answering.compose import _OURS, ANSWER_FROM, _local
from knowledge.documents.models import Kind
from knowledge.search.passages import Passage


def found(kind: Kind, score: float, raw: float, *, place: str = "lijiagou") -> Passage:
    return Passage(
        chunk_id=1,
        document_id=f"{kind.value}-{score}",
        kind=kind,
        title="",
        ref=None,
        heading=None,
        text="",
        topic=None,
        place_id=place,
        in_force_from=date(2025, 1, 1),
        in_force_to=None,
        promulgated_on=None,
        score=score,
        raw=raw,
    )


CLAUSE = found(Kind.village_rule, 0.2, 0.35)
TOWNSHIPS = found(Kind.policy, 0.43, 0.4, place="liuhe")


def test_the_clause_stands_before_the_townships_paper_although_that_lies_nearer() -> None:
    assert _local([TOWNSHIPS, CLAUSE, found(Kind.answer, 0.04, 0.31, place="nation")], ANSWER_FROM) == [
        CLAUSE,
        TOWNSHIPS,
    ]


def test_one_clause_is_told_not_all_of_them() -> None:
    assert _local([CLAUSE, found(Kind.village_rule, 0.18, 0.34)], ANSWER_FROM) == [CLAUSE]


def test_an_answer_that_is_sure_or_likelier_and_as_near_is_told_instead() -> None:
    assert _local([found(Kind.answer, 0.6, 0.36, place="nation"), CLAUSE], ANSWER_FROM) == []
    assert _local([CLAUSE, found(Kind.answer, 0.27, 0.345, place="nation")], ANSWER_FROM) == []


def test_what_is_of_the_whole_country_far_from_the_words_or_unlikely_is_nobodys_rule() -> None:
    assert _local([found(Kind.policy, 0.43, 0.4, place="nation")], ANSWER_FROM) == []
    assert _local([found(Kind.village_rule, 0.2, 0.26)], ANSWER_FROM) == []
    assert _local([found(Kind.village_rule, 0.1, 0.36)], ANSWER_FROM) == []


@pytest.mark.parametrize(
    ("question", "is_ours"),
    [
        ("我们村彩礼最多能给多少", True),
        ("酒席能办几桌", True),
        ("俺村养狗有啥规矩", True),
        ("后山老寨子里搭帐篷过夜要跟谁打招呼", False),
    ],
)
def test_the_village_or_a_rule_is_named(question: str, is_ours: bool) -> None:
    assert bool(_OURS.search(question)) is is_ours

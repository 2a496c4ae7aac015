"""The fee of a civil court for a claim of money."""

from decimal import Decimal

import pytest

from actions.tools.court_fee import fee, told


@pytest.mark.parametrize(
    ("claim", "yuan"),
    [(800, 50), (10_000, 50), (15_000, 175), (32_000, 600), (60_000, 1300), (150_000, 3300), (300_000, 5800)],
)
def test_the_steps_of_the_measure(claim: int, yuan: int) -> None:
    assert fee(Decimal(claim)) == yuan


@pytest.mark.parametrize(
    ("text", "before", "said"),
    [
        ("那要是三万二呢，赢了这个钱还归我不", "到法院告人要交多少钱的", ["32000 元", "600 元", "300 元", "退给您"]),
        ("告他要两万五，诉讼费多少钱", "", ["25000 元", "425 元", "212.5 元"]),
        ("起诉要多少钱，欠款 1.5 万", "", ["15000 元", "175 元", "87.5 元"]),
        ("欠我八千块，打官司要花钱吗要多少钱", "", ["8000 元", "50 元"]),
        ("十二万八的欠条，受理费几多", "", ["128000 元", "2860 元"]),
    ],
)
def test_who_says_how_much_is_told_the_fee(text: str, before: str, said: list[str]) -> None:
    found = told(text, before=before)
    assert found is not None
    assert all(words in found for words in said)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("到法院告人要交多少钱的", ""),
        ("他借了我三万二不还", ""),
        ("离婚起诉要多少钱，家里有三十万", ""),
        ("老板欠工资两万，起诉多少钱", ""),
        ("借了三万还了一万，诉讼费多少", ""),
        ("三百万的案子诉讼费多少", ""),
        ("二零二四年三月的事，诉讼费多少", ""),
        ("今天天气真好", "到法院告人要交多少钱的"),
    ],
)
def test_what_cannot_be_reckoned_is_not(text: str, before: str) -> None:
    assert told(text, before=before) is None


def test_the_next_matter_that_names_a_sum_is_told_no_fee() -> None:
    before = "打官司要多少钱"
    assert told("我侄子借了我五万块不还怎么办", before=before) is None
    assert told("还有我那三万块的补贴没给", before=before) is None
    assert told("我要告的是五万块", before=before) is not None

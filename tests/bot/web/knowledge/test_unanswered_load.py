"""What the list of unanswered questions costs, and who pays."""

import asyncio
import re
from types import SimpleNamespace
from typing import Any

import pytest

from actions.replies import Reply, ReplyKind
from bot.rehearsing.supposed import Rehearsed
from bot.web.knowledge.asking import groups as groups_of
from bot.web.knowledge.asking import unanswered
from bot.web.knowledge.asking.again import Then
from bot.web.knowledge.asking.unanswered import Wanted
from tests.bot.web.knowledge.indexed import Real
from tests.bot.web.knowledge.test_unanswered import asked

_SAID = Rehearsed((Reply(ReplyKind.abstention, "没把握"),), "ask_law", 1.0)


class _Leaves:
    """Closes the page once this many questions were asked."""

    def __init__(self, after: int) -> None:
        self.after, self.asked = after, list[str]()

    async def is_disconnected(self) -> bool:
        return len(self.asked) >= self.after

    async def retold(self, tools: Any, question: str, place: str | None, *, is_fresh: bool) -> Rehearsed:
        self.asked.append(question)
        return _SAID


@pytest.mark.parametrize(("after", "told"), [(2, 2), (99, 5)])
def test_nobody_who_left_the_page_keeps_residents_waiting(after: int, told: int) -> None:
    reader = _Leaves(after)
    wanted = Wanted(tuple(Then(i, f"问题{i}", None, "abstained", None) for i in range(5)))
    seat: Any = SimpleNamespace(request=reader, tools=None)
    retold: Any = reader.retold
    found = asyncio.run(unanswered._told(seat, retold, wanted, is_fresh=False))
    assert len(reader.asked) == told
    assert found is not None
    assert len(found) == told


@pytest.mark.slow
def test_a_list_of_two_hundred_is_masked_once_and_its_groups_are_asked_one_after_the_other(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked: list[str] = []

    def mask(text: str) -> str:
        masked.append(text)
        return text

    monkeypatch.setattr(groups_of, "mask", mask)
    groups_of.masked.cache_clear()
    asked(real, *(f"第{i}号桥头的{chr(0x4E00 + i)}是谁种的" for i in range(200)))
    page = real.client.get("/staff/knowledge/unanswered").text
    assert len(masked) == 200
    assert real.client.get("/staff/knowledge/unanswered?page=2").status_code == 200
    assert len(masked) == 200, "the second page costs nothing more"
    asks = re.findall(r'hx-get="/staff/knowledge/unanswered/now[^>]*', page)
    assert asks
    assert all('hx-sync="#main:queue all"' in one for one in asks), "or a browser has no connection left for a click"
    groups_of.masked.cache_clear()

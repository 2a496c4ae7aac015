from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from actions.errors import Conflict, InvalidInput
from actions.helpers import hours
from tests.actions.helpers.county import NOW, TODAY, agreed


def test_hours_are_counted_once_a_key_and_taken_back_by_a_row_of_their_own(here: Session) -> None:
    helper = agreed(here)
    row = hours.add(here, helper, on=TODAY, minutes=90, what="讲租地合同", by="小李", key="a", now=NOW)
    assert hours.add(here, helper, on=TODAY, minutes=90, what="讲租地合同", by="小李", key="a", now=NOW) is row
    hours.add(here, helper, on=TODAY - timedelta(days=1), minutes=45, what="陪老人看病", by="小李", key="b", now=NOW)
    assert hours.total(here, helper) == 135
    hours.take_back(here, row.id, by="小李", now=NOW)
    assert hours.total(here, helper) == 45
    assert len(hours.of_helper(here, helper)) == 3
    with pytest.raises(Conflict):
        hours.take_back(here, row.id, by="小李", now=NOW)


@pytest.mark.parametrize(
    ("minutes", "days", "what"), [(4, 0, "讲法"), (961, 0, "讲法"), (60, -1, "讲法"), (60, 400, "讲法"), (60, 0, "")]
)
def test_hours_that_cannot_be_are_refused(here: Session, minutes: int, days: int, what: str) -> None:
    helper = agreed(here)
    with pytest.raises(InvalidInput):
        hours.add(here, helper, on=TODAY - timedelta(days=days), minutes=minutes, what=what, by="李", key="k", now=NOW)


def test_a_day_has_no_more_than_sixteen_hours(here: Session) -> None:
    helper = agreed(here)
    hours.add(here, helper, on=TODAY, minutes=900, what="抗旱", by="李", key="a", now=NOW)
    with pytest.raises(InvalidInput, match="16 小时"):
        hours.add(here, helper, on=TODAY, minutes=90, what="抗旱", by="李", key="b", now=NOW)


@pytest.mark.parametrize(("minutes", "said"), [(45, "45分"), (60, "1小时"), (135, "2小时15分"), (-90, "-1小时30分")])
def test_hours_are_said(minutes: int, said: str) -> None:
    assert hours.said(minutes) == said

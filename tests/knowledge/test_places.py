"""Nation, 安宁县, 青石乡 with 石桥村, 柳河镇 with another 石桥村."""

import pytest
from sqlalchemy.orm import Session, sessionmaker

from knowledge.places import Level, Place, above, below, names_of, places_serving, villages_in


@pytest.fixture
def drawn(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    with sessions() as session:
        session.add(Place(id="nation", name="全国", level=Level.nation))
        session.add(Place(id="anning", name="安宁县", level=Level.county, parent_id="nation"))
        session.add(Place(id="qingshi", name="青石乡", level=Level.township, parent_id="anning"))
        session.add(Place(id="liuhe", name="柳河镇", level=Level.township, parent_id="anning"))
        session.add(Place(id="bridge", name="石桥村", level=Level.village, parent_id="qingshi", aliases=["石桥"]))
        session.add(Place(id="other", name="石桥村", level=Level.village, parent_id="liuhe"))
        session.commit()
    return sessions


def test_above_starts_with_the_place_and_ends_with_the_nation(drawn: sessionmaker[Session]) -> None:
    with drawn() as session:
        assert above(session, "bridge") == ["bridge", "qingshi", "anning", "nation"]
        assert above(session, None) == above(session, "nowhere") == []


def test_below_names_what_contains_before_what_is_contained(drawn: sessionmaker[Session]) -> None:
    with drawn() as session:
        assert below(session, "anning") == ["anning", "liuhe", "qingshi", "other", "bridge"]
        assert below(session, "bridge") == ["bridge"]


def test_rules_of_the_nation_serve_a_place_that_is_not_known(drawn: sessionmaker[Session]) -> None:
    with drawn() as session:
        assert places_serving(session, "bridge") == {"bridge", "qingshi", "anning", "nation"}
        assert places_serving(session, "nowhere") == {"nation"}
        assert places_serving(session, None) == {"anning", "nation"}


def test_villages_in_a_township_are_its_own(drawn: sessionmaker[Session]) -> None:
    with drawn() as session:
        assert [v.id for v in villages_in(session, "qingshi")] == ["bridge"]
        assert [v.id for v in villages_in(session, "nation")] == ["bridge", "other"]


def test_names_of_a_village_include_the_one_after_its_township(drawn: sessionmaker[Session]) -> None:
    with drawn() as session:
        village, township = session.get_one(Place, "bridge"), session.get_one(Place, "qingshi")
        assert names_of(village, township) == ["石桥村", "石桥", "青石乡石桥村"]
        assert names_of(village, None) == ["石桥村", "石桥"]

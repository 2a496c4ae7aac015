import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from actions.decisions import matters
from actions.decisions.bodies import Count, bodies, reckon
from actions.decisions.calling import how_to_call
from actions.decisions.exam import bodies_heard, reckoned
from actions.decisions.matters import check_body, offers
from actions.errors import InvalidInput
from actions.roster.models import Committee, VillageProfile
from knowledge.statutes.reading import read_statutes
from tests.actions.decisions import by_hand
from tests.conftest import CORPUS

HERE = Path(__file__).parent
VILLAGE = VillageProfile(
    place_id="x",
    committee=Committee.village,
    adults=812,
    households=213,
    representatives=31,
    meeting_members=36,
    has_collective=True,
    collective_members=690,
    collective_representatives=25,
    charter_hands_on="lease",
)


def test_every_row_of_the_table_made_by_hand_is_reckoned_the_same() -> None:
    outcomes = list(reckoned(HERE / "reckoning.csv"))
    assert len(outcomes) >= 200
    assert [o for o in outcomes if not o.is_right] == []


def test_the_table_asks_every_body_for_every_outcome() -> None:
    """Else a rule could be wrong where the table doesn't look."""
    with by_hand.TABLE.open(encoding="utf-8", newline="") as rows:
        met = Counter((row["body"], row["begins"], row["passes"]) for row in csv.DictReader(rows))
    for body in bodies():
        assert all(met[body, "True", passes] for passes in ("True", "False")), body
        assert met[body, "False", ""], body


def test_the_words_of_residents_lead_to_the_lawful_body() -> None:
    """Patterns and questions are one hand's, so this only shows that nothing was broken."""
    outcomes = list(bodies_heard(HERE / "matter_questions.jsonl"))
    assert len(outcomes) >= 60
    assert sum(o.is_right for o in outcomes) / len(outcomes) >= 0.95, [o for o in outcomes if not o.is_right]


def test_every_article_that_the_files_name_exists_and_is_in_force() -> None:
    day = date(2026, 12, 1)
    named = {a for body in bodies().values() for a in body.articles}
    file = matters._file()
    named |= {a for each in (*file.matters.values(), *file.not_here.values()) for a in each.articles}
    known = {
        (version.law.removeprefix("中华人民共和国"), article.number)
        for version in read_statutes(CORPUS / "statute-corrections.yml")
        if version.is_in_force(day)
        for article in version.articles
    }
    assert named - known == set()


def test_a_number_that_is_not_known_is_named_and_never_guessed() -> None:
    found = reckon("villagers", {"adults": None, "households": None}, Count(100, yes=60))
    assert (found.passed, found.may_begin, found.missing) == (None, None, ("adults",))
    assert "村文书" in found.say[0]
    told = how_to_call(VillageProfile(place_id="x", committee=Committee.village, adults=812))
    assert "82名以上的村民" in told
    assert "村里还没登记村（居）民代表" in told


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (Count(213 + 1), "比应到的213户还多"),
        (Count(142, yes=143), "比到会的142户还多"),
        (Count(142, yes=70, no=70, abstain=3), "比到会的142户还多"),
        (Count(-1), "0 以上的整数"),
        (Count(142, yes=-5), "0 以上的整数"),
        (Count(10**9), "0 以上的整数"),
        (Count(10, online=11), "比到会的还多"),
        (Count(142, online=2, yes=141), "没有依据"),
    ],
)
def test_what_cannot_have_been_counted_is_refused_in_words(count: Count, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        reckon("villagers", {"households": 213}, count, base="households")


@pytest.mark.parametrize("rule", ["1/3", "majority", "0/1", "5/4", "x", "2/3;", "１/２", "1/0"])
def test_a_charter_may_only_be_stricter(rule: str) -> None:
    with pytest.raises(InvalidInput):
        reckon("members", {"members": 690}, Count(690, yes=690), stricter=rule)
    assert reckon("members", {"members": 690}, Count(690, yes=551), stricter="4/5").passed is False
    assert reckon("members", {"members": 690}, Count(690, yes=552), stricter="4/5").passed is True


def test_scenario_13_only_lawful_bodies_are_offered() -> None:
    assert [o.body for o in offers("lease", VILLAGE)] == ["members", "member_representatives"]
    for matter in ("land_to_outsiders", "compensation", "membership", "land_plan", "collective_charter", "merger"):
        assert [o.body for o in offers(matter, VILLAGE)] == ["members"], matter
    assert "乡镇" in matters.matter_of("land_to_outsiders").approval
    for body in ("villagers", "villager_representatives", "group", "nonsense"):
        with pytest.raises(InvalidInput, match="要由成员大会"):
            check_body("lease", body, VILLAGE)
    # the charter says nothing of investments
    with pytest.raises(InvalidInput):
        check_body("investment", "member_representatives", VILLAGE)


def test_without_a_collective_the_village_acts_in_its_place_by_the_same_numbers() -> None:
    alone = VillageProfile(place_id="x", committee=Committee.village, has_collective=False, charter_hands_on="lease")
    assert [o.body for o in offers("lease", alone)] == ["village_as_collective"]


def test_scenario_15_a_community_is_reckoned_and_told_by_its_own_law() -> None:
    community = VillageProfile(
        place_id="x", committee=Committee.residents, has_collective=False, adults=812, households=213
    )
    told = how_to_call(community)
    assert "村民委员会组织法" not in told
    assert "22名以上的户的代表" in told
    assert "107户以上" in told
    for name in matters.matters_for(community):
        for offer in offers(name, community):
            body = bodies()[offer.body]
            cited = (*body.articles, *matters.matter_of(name).articles)
            assert {law for law, _ in cited} == {"城市居民委员会组织法"}, name
    assert bodies()["resident_representatives"].rhythm == "每半年至少一次"
    with pytest.raises(InvalidInput, match="没有"):
        check_body("public_works", "villagers", community)


def test_a_file_can_only_be_wrong_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every matter that a profile can have leads to a body, whatever the profile."""
    for committee in Committee:
        for has_collective in (True, False):
            profile = VillageProfile(
                place_id="x", committee=committee, has_collective=has_collective, charter_hands_on=""
            )
            for name in matters.matters_for(profile):
                assert offers(name, profile), (name, committee, has_collective)

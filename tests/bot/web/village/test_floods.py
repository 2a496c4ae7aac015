"""What one address sends to a village's forms: new browsers every time get it no further (red team of 2 December)."""

import pytest
from sqlalchemy import func, select

from actions.bookings.models import Appointment
from actions.helpers.models import Referral
from actions.roster import codes
from actions.topics.models import Ballot, Topic
from bot.web.limits import RateLimit
from bot.web.resident.chat import Chat
from bot.web.village.topics import _LOOSE_A_DAY
from tests.bot.web.village.test_topics import LAMP, _slip, lamp  # noqa: F401
from tests.bot.world import World

pytestmark = pytest.mark.usefixtures("lamp")
EVIL = {"origin": "https://evil.example"}


@pytest.fixture(autouse=True)
def _a_minute_is_over_at_once(world: World) -> None:
    codes.use_pepper(lambda: "the pepper of tests")
    chat: Chat = world.app.state.chat
    chat.limit = RateLimit(span_s=0.0)


def count(world: World, kind: type) -> int:
    with world.sessions() as session:
        return session.scalar(select(func.count()).select_from(kind)) or 0


def test_topics_without_end_are_raised_by_nobody(world: World) -> None:
    """Four a minute, 5,760 a day, each with five working days to be answered in."""
    before = count(world, Topic)
    said = [
        world.visitor().post("/v/lijiagou/topics/new", data={"text": f"给村里第{number}口井装个盖子"})
        for number in range(24)
    ]
    assert [answer.status_code for answer in said] == [200] * 20 + [422] * 4
    assert "请明天再交" in said[-1].text
    assert count(world, Topic) == before + 20
    assert world.visitor().get("/v/lijiagou/topics").status_code == 200


def test_the_places_of_an_event_are_taken_by_no_one_address(world: World) -> None:
    for number in range(70):
        world.visitor().post(f"/v/lijiagou/h{world.event}/join", data={"name": f"王{number}", "party": "1"})
    with world.sessions() as session:
        own = select(func.count()).where(Appointment.opening_id == world.event, Appointment.name.startswith("王"))
        assert session.scalar(own) == 60


def test_a_choice_without_a_slip_has_an_end_and_one_with_a_slip_has_none(world: World) -> None:
    chat: Chat = world.app.state.chat
    for _ in range(_LOOSE_A_DAY - 1):
        chat.form_days.check("choose lijiagou testclient", _LOOSE_A_DAY)
    answers = [world.visitor().post(f"{LAMP}/choose", data={"choice": "1"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 422, 422]
    assert count(world, Ballot) == 1
    with world.sessions() as session:
        code = _slip(session)
    counted = world.visitor().post(f"{LAMP}/choose", data={"choice": "0", "code": code})
    assert counted.headers["location"] == f"{LAMP}?done=counted"


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("topics/new", {"text": "给村口的井装个盖子"}),
        ("y1/choose", {"choice": "1"}),
        ("y1/say", {"text": "东头黑，先装东头", "stance": "reason"}),
        ("h{event}/join", {"name": "王婶", "party": "1"}),
        ("r{helper}", {"words": "请帮我看看这张合同上写的什么", "sure": "1"}),
        ("open/tell", {"duty": "money", "words": "账一直没有公布"}),
        ("history/tell", {"text": "村口那棵槐树是我爷爷那一辈人栽下的，有一百来年了。"}),
    ],
)
def test_a_form_of_another_page_is_taken_from_no_browser(world: World, path: str, sent: dict[str, str]) -> None:
    """Also from one that doesn't say `Sec-Fetch-Site`; three of the forms asked for nothing else."""
    path = f"/v/lijiagou/{path.format(event=world.event, helper=world.helper)}"
    answer = world.visitor().post(path, data=sent, headers=EVIL)
    assert answer.status_code in (403, 422)
    assert "请从村里的页面操作" in answer.text
    assert count(world, Ballot) == 0
    assert count(world, Referral) == 1, "that of the county"

"""WeChat's own limits."""

from dataclasses import dataclass, field

from fastapi import Request

DELIVERIES, PATIENCE_S = 3, 5.0
MOST_BYTES = 2048
REPLIES, REPLY_WINDOW_S = 5, 48 * 3600  # after a message
QUICK_REPLIES, QUICK_WINDOW_S = 3, 60  # after following, scanning or pressing a menu
TOKEN_S = 7200
# as those that accounts pick from WeChat's list
TEMPLATE = "事项：{{thing1.DATA}}\n进展：{{phrase2.DATA}}\n时间：{{time3.DATA}}"
SHAPES = {"text": {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"}}


@dataclass(frozen=True)
class SimulatedAccount:
    appid: str
    secret: str
    token: str
    original_id: str = "gh_7f083739789a"
    aes_key: str | None = None
    mode: str = "plain"  # plain | compatible | safe
    has_customer_service: bool = True  # not of an unverified subscription account
    has_templates: bool = True
    has_scenes: bool = True  # QR codes with a parameter
    template_id: str | None = None  # None: any id is one of the account's
    allow_list: tuple[str, ...] = ()  # addresses that may call; (): all


@dataclass(frozen=True)
class Shown:
    """A line on a telephone.

    `via`: resident | passive | customer_service | template; `url`: of a notice's page, or of a resident's photo.
    """

    via: str
    text: str
    at: float
    url: str = ""


@dataclass
class Telephone:
    openid: str
    is_following: bool = False
    shown: list[Shown] = field(default_factory=list)
    said_at: float = -1e18
    said_left: int = 0
    pressed_at: float = -1e18
    pressed_left: int = 0
    unionid: str | None = None  # where the account belongs to an Open Platform account
    times_looked_up: int = 0


@dataclass(frozen=True)
class Delivered:
    """One message of a resident: how many deliveries it took, and what the last one was answered with (None: by
    nothing in time).
    """

    deliveries: int
    text: str | None
    seconds: float


def address_in(request: Request) -> str:
    return request.client.host if request.client else ""

"""What can go wrong when something is done for a resident or by staff.

    ActionError
    ├── NotFound            no such case, opening, appointment, or not for this person: the two look alike from outside
    ├── NotAllowed          the table of moves has no such move, or not for this role
    ├── InvalidInput        a value that can't be taken as it is
    └── Conflict            somebody else was first
        ├── OpeningTaken
        └── AlreadyBooked
            └── BusyThen        another appointment stands at the same hour

`message_zh` may be shown to people as it is. HTTP is none of their business: `bot/web/errors.py` maps classes to status
codes.
"""


class ActionError(Exception):
    message_zh = "这一步没办成，请稍后再试。"

    def __init__(self, message_zh: str | None = None) -> None:
        if message_zh:
            self.message_zh = message_zh
        super().__init__(self.message_zh)


class NotFound(ActionError):
    message_zh = "没有找到，请核对编号和手机号后四位。"


class NotAllowed(ActionError):
    message_zh = "现在还不能这样做。"


class InvalidInput(ActionError):
    message_zh = "填的内容不对，请改一改再交。"


class Conflict(ActionError):
    message_zh = "刚刚有人先改过了，请刷新后再看。"


class OpeningTaken(Conflict):
    message_zh = "这个时段刚刚约满了，请换一个。"


class AlreadyBooked(Conflict):
    message_zh = "这个时段您已经约过了。"


class BusyThen(AlreadyBooked):
    message_zh = "这个时间您已经约了别的，同一时间只能约一个。"

"""Short commands."""

import re

_WORDS = {
    "human_handoff": (
        r"人工|真人|客服|工作人员|(?:找|叫|换|来|让|安排)个?(?:真的?)?人|领导|给我接|有人(?:吗|值班)|机器"
        r"|ren ?gong"
    ),
    "check_case": (
        r"进度|咋样|怎么样|哪一步|哪步|那(?:个|件)?事|上次|上回|催|编号|办(?:到|得|好|完|了)|结果|回音|信儿|消息"
        r"|(?<!\d)\d{6}-\d{3}"
    ),
    "book_consultation": r"约|律师|法律顾问|当面|号时段",
    "check_booking": r"约|候补",
    "cancel_booking": r"取消|退.{0,2}(?:号|预约)|约|不见|候补|不去",
    "thanks": r"谢|辛苦|麻烦(?:你|您)了|感谢|xie",
    "goodbye": r"再见|(?<!礼)拜|慢走|走了|回见|下回聊|挂了",
    "greet": r"^(?:你|您|大家|早上?|晚上|上午|下午|中午|老师)好|在吗|在不|哈喽|喂|hello|hi",
    "change_place": r"我(?:们)?是.{1,8}(?:村|的|湾|沟|坪)|换.{0,4}村|村.{0,3}(?:选错|换|改)|搬",
    "ask_capabilities": r"你|您|邻里|机器|功能",
    "withdraw_case": r"撤|作废|不告|不追究|取消",
    "supplement_case": r"^.{0,6}补充|加一",
    "rate_case": r"(?:\d|[一二三四五]) ?分[吧。了]?$|打.{0,3}分|满意",
    "ask_grid_worker": r"网格",
    "ask_deadline": r"期限|时效|最后一天|算一?下|算算|最晚",
    "check_legal_aid": r"法律?援助?",
}
_SHORT = {"thanks": 10, "goodbye": 10, "greet": 8}
_SURE = 0.5


def is_meant(text: str, intent: str, sure: float, *, but: frozenset[str] = frozenset()) -> bool:
    """`but`: intents that the form reads itself."""
    words = _WORDS.get(intent)
    return bool(
        words
        and intent not in but
        and sure >= _SURE
        and len(text) <= _SHORT.get(intent, 60)
        and re.search(words, text, re.IGNORECASE)
    )

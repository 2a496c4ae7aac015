"""The words of poison or medicine that somebody has already taken, by their own will or not.

`药喝了` has no word that names a poison, and minutes count: in the country 喝药 is to drink what kills weeds. So 喝
with 药 is enough in a short message, 吃 needs an amount; what tells of an illness treated (感冒药喝了没好) is neither.
"""

import re

_DONE = "(?:了|咧|嘞|啦|哒|哩|咗|噶|下|进|完|光|掉|过去)"
_TAKE = "(?:喝|灌|咽|吞|吃|抿|嚼)"
# What is no food in any amount.
_TOXIC = (
    "(?:农药|百草枯|敌敌畏|敌草快|敌百虫|乐果|草甘膦|草铵膦|甲胺磷|氧化?乐|除草剂|灭草剂|杀虫剂|[老耗灭]鼠?子?药"
    "|毒鼠强|毒药|毒饵"
    "|(?:除草|灭草|杀虫|治虫|打虫)的?药水?|蟑螂药|洁厕[灵液剂宝]|洁厕|消毒[液水]|84|八四|漂白[水粉]|烧碱|火碱"
    "|片碱|硫酸|盐酸|草酸|甲醇|工业酒精|防冻液"
    "|玻璃水|管道疏通剂?"
    "|打(?:草|虫|麦|稻|菜|苗|烟|棉花|果树|庄稼|玉米|苞谷)[子]?(?:的|[^，。]{0,3}药))"
)
_FUEL = "(?:汽油|柴油|煤油|机油|天那水|香蕉水|松节油|油漆)"
# A treatment, or what is drunk at table.
_TREATED = (
    "(?:咳|感冒|退烧|发烧|中药|药酒|药汤|药膳|医生|大夫|开的药|处方|疗程|调理|月子|熬药|煎药|按时|饭[前后]|天天|每天"
    "|早晚|降压药按|慢病"
    "|医保|报销|药店|退钱|退货|假药|保健|减肥|效果|没效|见效|没好|不见好|好多|好些|好转|吃药控制|稳定|鼻炎|胃药|过期"
    "|续|再开|去买|病没|病还|治|钱花"
    "|[给喂](?:牛|羊|猪|鸡|狗|猫|鸭|鹅|兔|驴|马|苗|树|庄稼))"
)
_SLEEPING = "(?:安眠药|安定片?|舒乐安定|阿普唑仑|助眠药)"
_MANY = (
    "(?:(?:一整|整|大半|小半|半|一大?|[二三四五六七八九十两几]|好几)(?:瓶|把|板|盒|罐)|(?:几|好几|一|两"
    "|[一二三四五六七八九])?(?:百|十)[多几来]?"
    "(?:片|粒|颗|来片)|[0-9]{2,3}多?(?:片|粒|颗)|全部?|都)"
)

PATTERNS = (
    # named, and taken: 敌敌畏 喝了, 老伴喝了洁厕灵
    rf"(?<!车)(?<!机)(?:{_TAKE}{_DONE}[^，。没不误打]{{0,6}}|误[喝吃服食]{_DONE}?[^，。没不]{{0,4}}){_TOXIC}"
    rf"|{_TOXIC}[^，。没不让]{{0,6}}，?(?:我|俺|他|她)?(?:都|已经|刚|全"
    rf"|也)?{_TAKE}{_DONE}(?![^，。]{{0,2}}[水酒茶奶汤粥饭])"
    rf"|(?<!车)(?<!机)(?:喝|灌|咽|吞|呛){_DONE}[^，。没不]{{0,4}}{_FUEL}"
    rf"|{_FUEL}[^，。没不]{{0,4}}(?:喝|咽|吞){_DONE}",
    # in the country that is a poison
    rf"^(?![^。]{{0,40}}{_TREATED})(?:[^。没不别]{{0,24}}，)?[^，。没不别过]{{0,10}}(?:喝药(?:了|咧|嘞|啦|哒|哩|咗)"
    rf"|喝{_DONE}[^，。没不酒茶奶水汤]{{0,3}}药|药[^，。没不酒]{{0,5}}喝{_DONE})(?![没吗么过])",
    # swallowed, or more than anybody takes
    rf"^(?![^。]{{0,60}}{_TREATED})[^。]{{0,30}}(?:药[^，。没不]{{0,6}}[吞咽]{_DONE}"
    rf"|[吞咽]{_DONE}[^，。没不]{{0,6}}[药片]"
    rf"|{_TAKE}{_DONE}[^，。没不]{{0,6}}{_SLEEPING}|{_SLEEPING}[^，。没不]{{0,6}}{_TAKE}{_DONE}"
    rf"|[那这]瓶子?药[^，。没不]{{0,3}}(?:喝|灌|吞|吃|干|闷){_DONE}"
    rf"|(?:安定|安眠药|药)[^，。没不]{{0,6}}(?:吃|吞|咽){_DONE}?[^。没不]{{0,4}}{_MANY}"
    rf"|(?:吃|吞|咽){_DONE}[^，。没不]{{0,3}}{_MANY}[^，。]{{0,8}}药"
    rf"|{_MANY}[^，。]{{0,6}}(?:药|安定)[^，。没不]{{0,6}}(?:吃|吞|咽|嚼|喝|干|闷){_DONE})",
    # nothing is named, and it is a farewell
    r"^[^。没不]{0,6}喝(?:下去)?了[^。酒茶奶水汤粥]{0,12}(?:别找|别救|不用找|不用救|后悔|来不及了|再见|对不起|永别)"
    r"|^(?:我|俺|都|全|已经|刚|他|她){0,4}喝下去了(?:。|$)",
)


_ALL = [re.compile(pattern) for pattern in PATTERNS]
_HEARSAY = re.compile("听(?:人|别人)?[讲说]|据说")


def is_taken(text: str) -> bool:
    """Whether it was, by these words alone; `text`: normalised. What is only heard of somebody is none."""
    return not _HEARSAY.search(text) and any(pattern.search(text) for pattern in _ALL)

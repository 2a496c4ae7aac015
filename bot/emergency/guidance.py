"""What to say at once: guidance.yml, for a lawyer to edit."""

import enum
from dataclasses import dataclass


class EmergencyKind(enum.StrEnum):
    self_harm = "self_harm"
    fire_gas = "fire_gas"
    child_harm = "child_harm"
    violence = "violence"
    medical = "medical"
    threat = "threat"
    fraud = "fraud"
    legal_deadline = "legal_deadline"


@dataclass(frozen=True)
class Guidance:
    """What to say at once, what to do next, and numbers to tap: (label, href)."""

    text: str
    next: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Emergency:
    """soft False: the guidance alone, at once. soft True: past, denied or asked about; the caller appends it to a
    normal answer.
    """

    kind: EmergencyKind
    soft: bool
    guidance: Guidance


_NAMES = {
    "110": "报警 110",
    "120": "急救 120",
    "119": "火警 119",
    "12338": "妇联 12338",
    "12356": "心理援助 12356",
    "12345": "政务热线 12345",
    "12348": "法律援助 12348",
}


def _links(*numbers: str) -> tuple[tuple[str, str], ...]:
    return tuple((_NAMES[number], f"tel:{number}") for number in numbers)


_K = EmergencyKind
GUIDANCE = {
    _K.self_harm: Guidance(
        "听到这些，我很担心。现在就有危险的，请马上拨打 120 或 110；想找人说说话，可以打心理援助热线 12356。",
        (
            "请先离开高处和水边，把药、刀、绳子交给身边的人，叫一个信得过的人来陪着。"
            "要是您在担心别人，请守着他，别让他一个人待着。"
        ),
        _links("120", "110", "12356"),
    ),
    _K.fire_gas: Guidance(
        (
            "请先离开，到安全的地方再拨打 119。闻到煤气味不要碰开关、不要点火，也不要在屋里打电话；"
            "有人触电先断电，别用手拉；有人落水或掉进井里、池里，别贸然下去。"
        ),
        "有烟就弯腰捂住口鼻走楼梯，别坐电梯，别回去拿东西。有人受伤，同时拨打 120。",
        _links("119", "120", "110"),
    ),
    _K.child_harm: Guidance(
        "孩子或者没有能力保护自己的人现在有危险，请马上拨打 110。受了伤，同时拨打 120。",
        (
            "能护住就先带到安全的地方，自己也要小心。要是挨打的是你，你没有错，先躲到安全的地方，告诉信得过的大人。"
            "也可以拨打 12345 反映。"
        ),
        _links("110", "120", "12345"),
    ),
    _K.violence: Guidance(
        "先保住人：能走就马上到人多、安全的地方，然后拨打 110。不方便出声，可以请邻居或亲友替您报警。",
        (
            "受了伤拨打 120，伤口照片和病历留好。之后可以找妇联 12338，也可以向法院申请人身安全保护令。"
            "怕被人看见，看完就把这个页面关掉。"
        ),
        _links("110", "120", "12338"),
    ),
    _K.medical: Guidance(
        "请马上拨打 120，说清楚在哪里、人怎么样，听接线员说该怎么做。",
        "昏迷的人别喂水喂药；摔伤、撞伤的别随便搬动；中毒的把药瓶和剩下的东西留给医生看。",
        _links("120", "110"),
    ),
    _K.threat: Guidance(
        "可能要伤到人，请先离开、躲开，马上拨打 110。不要去理论，也不要动手。",
        (
            "到人多的地方或者关好门，把威胁的短信、录音留着。要是您自己气得想动手，先走开，找人说一说，"
            "我们也可以帮您想办法。"
        ),
        _links("110", "12348"),
    ),
    _K.fraud: Guidance(
        "先停下：不要再转钱，不要说验证码，不要共享屏幕。已经转了的，马上拨打 110，越早报警越好。",
        "同时给转钱的银行打电话问能不能止付，聊天记录、转账记录都别删。",
        _links("110"),
    ),
    _K.legal_deadline: Guidance(
        "这件事有时间限制，请现在就拨打 12348，说清楚最后是哪一天；离期限不到七天的，可以请法律援助先帮忙、后补材料。",
        (
            "带上通知书、判决书，直接去县法律援助中心或镇司法所。家里人被带走的，可以去办案的派出所问清原因和关在哪里，"
            "也可以给他请律师。"
        ),
        _links("12348", "12345"),
    ),
}
SOFT = {
    _K.self_harm: Guidance(
        "心里难受的时候，可以拨打心理援助热线 12356，有人听您说。",
        "也可以跟家里人或者信得过的人说一说。",
        _links("12356"),
    ),
    _K.child_harm: Guidance(
        "孩子现在要是还受伤害，请马上拨打 110；也可以拨打 12345 反映。",
        "伤痕照片、病历都留好。",
        _links("110", "12345"),
    ),
    _K.violence: Guidance(
        "要是又动手，请马上拨打 110。心里难受或者想有人帮，可以拨打妇联热线 12338。",
        "伤痕照片、病历、报警回执都留好。",
        _links("110", "12338"),
    ),
    _K.threat: Guidance("对方要是真来了，请马上躲开并拨打 110。", "威胁的短信、录音都留好。", _links("110")),
    _K.fraud: Guidance(
        "被骗了钱还没报警的，请拨打 110；聊天和转账记录都别删。",
        "要打官司，可以先拨打 12348 问问。",
        _links("110", "12348"),
    ),
    _K.legal_deadline: Guidance(
        "要是有期限快到了，请尽早拨打 12348。", "带上通知书，去镇司法所也能问。", _links("12348")
    ),
}

"""The headings that offices write over the parts of a guide or a story, and the field each belongs to."""

import re

# Ours come first; a heading that holds one of these words belongs there, the longest word decides.
LABELS: dict[str, tuple[str, ...]] = {
    "谁可以办": ("谁可以办", "谁能办", "办理对象", "申请对象", "服务对象", "适用对象", "适用范围", "实施范围", "申请条件", "办理条件", "受理条件", "申报条件", "享受条件", "领取条件",
        "准入条件", "资格条件", "补贴对象", "补助对象", "救助对象", "保障对象", "发放对象", "对象范围", "对象和条件", "对象及条件", "申请资格", "申请人", "哪些人"),
    "怎么办": ("怎么办", "怎么申请", "如何办理", "如何申请", "办理流程", "办理程序", "办理步骤", "办事流程", "申请流程", "申请程序", "申报程序", "申报流程", "申请方式", "办理方式", "审批程序", "审核程序", "受理流程", "操作流程", "工作流程", "发放程序", "评定程序", "认定程序", "办理环节", "流程", "程序", "步骤"),
    "带什么": ("带什么", "要带什么", "申请材料", "办理材料", "所需材料", "提交材料", "需要材料", "准备材料", "申报材料", "受理材料", "材料清单", "所需资料", "申请资料", "需提供的材料", "所需证件", "材料"),
    "去哪里": ("去哪里", "在哪办", "办理地点", "办理地址", "受理地点", "办公地址", "办公地点", "办理窗口", "受理窗口", "咨询地址", "咨询电话", "联系电话", "联系方式", "咨询方式", "办公时间", "办理时间", "地址", "地点"),
    "多久": ("多久", "办理时限", "办结时限", "承诺时限", "法定时限", "审批时限", "办理期限", "多长时间", "申报时间", "申请时间", "受理时间", "时限"),
    "收费": ("收费", "收费标准", "收费依据", "是否收费", "收费情况", "办理费用", "费用"),
    "注意": ("注意", "注意事项", "温馨提示", "特别提醒", "友情提示", "监督管理", "监督检查", "监督投诉", "投诉电话", "法律责任", "常见问题", "办理结果", "附则", "备注", "其他事项", "其他"),
    "answer": ("简短回答", "一句话", "事项简介", "政策简介", "基本介绍", "简介", "概述"),
    "next": ("下一步", "接下来"),
    "legal_basis": ("设定依据", "法律依据", "办理依据", "政策依据", "实施依据", "依据"),
    "issuer": ("发文机关", "发文单位", "印发机关", "发布机构", "实施机关", "实施主体", "主管部门", "主管单位", "责任单位", "承办单位", "主办单位", "办理机构", "受理机构", "受理单位"),
    "number": ("发文字号", "文号"),
    "title": ("事项名称", "政策名称", "服务名称"),
    "questions": ("常见问法", "大家这样问"),
    "facts": ("基本案情", "案情简介", "案情介绍", "案件事实", "事情经过", "简要案情", "案情", "经过", "纠纷简介"),
    "handling": ("处理结果", "处理过程", "处理情况", "调解过程", "调解结果", "调解经过", "裁判结果", "裁判要旨", "法院判决", "判决结果", "办理情况", "怎么处理的", "处理"),
    "lesson": ("典型意义", "法官说法", "律师说法", "案例启示", "案例点评", "以案释法", "给大家的提醒", "法律提示", "启示", "点评", "提醒", "说法", "评析"),
}  # fmt: skip
SECTIONS = ("谁可以办", "怎么办", "带什么", "去哪里", "多久", "收费", "注意")
STORY = ("facts", "handling", "lesson")
_BY_LENGTH = sorted(((word, name) for name, words in LABELS.items() for word in words), key=lambda pair: -len(pair[0]))
_EXACT = {"处理", "经过", "说法", "提醒", "依据", "材料", "地址", "地点", "其他", "程序", "步骤", "收费", "注意", "多久", "费用", "流程", "申请人", "哪些人", "怎么办", "点评", "启示", "备注", "概述"}
_MOST = 14


def label_of(heading: str, *, among: tuple[str, ...] | None = None) -> str | None:
    """The field that a heading stands over, by its wording; None for a heading of no field."""
    bare = re.sub(r"[\s【】\[\]：:、。．.“”\"（）()*#]", "", heading)
    if not 0 < len(bare) <= _MOST:
        return None
    for word, name in _BY_LENGTH:
        if (among is None or name in among) and (bare == word or (word in bare and word not in _EXACT and len(bare) <= len(word) + 6)):
            return name
    return None


# What an article of a policy is about, when no heading says it: the first words that fit.
_WORDS = (
    ("收费", re.compile(r"不收(?:取)?(?:任何)?费|收费|工本费|费用由")),
    ("带什么", re.compile(r"(?:提交|提供|携带|出示|持)[^。]{0,20}(?:材料|证件|身份证|户口|申请表|证明)|下列材料")),
    ("多久", re.compile(r"(?:个)?工作日内|日内(?:作出|完成|办结)|办结")),
    ("去哪里", re.compile(r"(?:到|向)[^。，]{2,20}(?:窗口|便民服务中心|服务大厅)(?:申请|办理|提出)")),
    ("怎么办", re.compile(r"(?:申请|申报|受理|审核|审批|评议|公示)[^。]{0,40}(?:申请|申报|受理|审核|审批|评议|公示|发放)")),
    ("谁可以办", re.compile(r"适用于|(?:符合|具备)(?:下列|以下|[^。]{0,12})条件|(?:申请|享受)[^。]{0,10}(?:条件|对象)|可以(?:申请|领取|享受)")),
)


def section_of(text: str) -> str | None:
    """The section that an article belongs to by what it says; None where its words don't tell."""
    return next((name for name, words in _WORDS if words.search(text[:200])), None)

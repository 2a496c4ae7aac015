"""What is said of a topic: one place, so that the page, the paper and the chat say the same."""

from datetime import date, datetime

from actions.calendar.workdays import local
from actions.topics.counting import tally as public
from actions.topics.lists import lists, name_of, refusal
from actions.topics.models import Topic
from actions.topics.status import LABELS, OWED, TopicState
from knowledge.clock import SHANGHAI

NO_VOTE = "这是征求意见，不是表决。"
PREPARATION = "这里只听意见，定要开成员大会，全体成员三分之二以上同意（农村集体经济组织法第二十六条、第二十七条）。"
COUNTED = "计入了，选的什么不留在对话里。"
METHODS = {
    "opinions": "只说意见",
    "single": "选一个",
    "approval": "可以选几个",
    "statements": "一句一句表态",
    "meeting_only": "当面开会商量",
}
BASES = {"person": "一人一份", "household": "一户一份"}


def day_of(day: date | None) -> str:
    return f"{day.month}月{day.day}日" if day else ""


def days_left(topic: Topic, now: datetime) -> int:
    """Whole days until it closes, today counting as none; 0 on the last day and after."""
    if topic.closes_at is None:
        return 0
    return max(0, (topic.closes_at.astimezone(SHANGHAI).date() - now.astimezone(SHANGHAI).date()).days)


def is_overdue(topic: Topic, now: datetime) -> bool:
    """The answer was owed by yesterday."""
    today = now.astimezone(SHANGHAI).date()
    return topic.state in OWED and topic.result_due_on is not None and today > topic.result_due_on


def state_of(topic: Topic, now: datetime) -> str:
    """Where it stands, with the one next day."""
    state = topic.state
    if topic.seal_broken_at:
        return "结果先收起来了，正在核对"
    if state is TopicState.raised:
        return f"已提出，最晚{day_of(topic.answer_due_on)}前答复列不列入"
    if state is TopicState.open:
        left = days_left(topic, now)
        when = f"还有{left}天" if left else "今天截止"
        return f"正在征求意见，{when}，{day_of(topic.result_due_on)}前公布结果"
    if is_overdue(topic, now):
        return f"应于{day_of(topic.result_due_on)}答复，还没有答复"
    if state in OWED:
        return f"{LABELS[state]}，{day_of(topic.result_due_on)}前公布结果"
    if state is TopicState.result and topic.outcome == "not_done":
        return "结果已公布，这次不办"
    return LABELS[state]


def refused(topic: Topic) -> str:
    """To whoever raised it: why, and what they may still do."""
    reason = refusal(topic.refusal)
    why = "：".join(part for part in (reason.name if reason else "", topic.words) if part)
    return f"您提的“{topic.title}”（{topic.number}）没有列入议题。{why}。{reason.way_on if reason else ''}".replace(
        "。。", "。"
    )


def circle_of(topic: Topic) -> str:
    name = name_of(lists().circles, topic.circle)
    return f"{name}：{topic.circle_words}" if topic.circle_words else name


def tally_lines(topic: Topic) -> list[str]:
    """The one publication of the numbers; kept in `topic.shown`, so that no second one differs by a person."""
    if topic.tally is None or not topic.options:
        return []
    count, is_single = topic.tally, topic.method == "single"
    told = public.shown(count["options"], count["voters"], is_single=is_single)
    lines = [told.total] if told.total else []
    lines += [f"{name}：{cell}" for name, cell in zip(topic.options, told.cells, strict=True) if cell]
    if count["by_grid"] >= public.LEAST_RUNNING and told.is_exact:
        lines.append(f"其中网格员上门代录{count['by_grid'] // public.FEW * public.FEW}人以上")
    if told.is_exact:
        lines += _parts(topic)
    if count["unverified_voters"]:
        apart = public.shown(count["unverified"], count["unverified_voters"], is_single=is_single)
        cells = [f"{name}{cell}" for name, cell in zip(topic.options, apart.cells, strict=True) if cell]
        lines.append("没用参与码的另算，不计入上面：" + ("，".join(cells) or apart.total))
    return lines


def _parts(topic: Topic) -> list[str]:
    """By group and by 男女, where every number and every rest is large enough; the rest is paper, or who didn't say."""
    assert topic.tally
    lines = []
    for name, parts in topic.parts.items():
        sums = [sum(column) for column in zip(*parts.values(), strict=True)]
        rest = [total - told for total, told in zip(topic.tally["options"], sums, strict=True)]
        cells = {**parts, "其余": rest} if any(rest) else parts
        if kept := public.breakdown(cells, circle=topic.circle_size):
            told = [f"{group}{'、'.join(map(str, counts))}" for group, counts in kept.items()]
            lines.append(f"按{name}（{'、'.join(topic.options)}）：{'；'.join(told)}")
    return lines


def advice(topic: Topic) -> str:
    """To the clerk: where so few are asked that a count would show who chose what."""
    if topic.circle_size is not None and topic.circle_size < public.LEAST_CIRCLE and topic.method != "meeting_only":
        return f"只问{topic.circle_size}个人，数字一公布就猜得出谁选了什么。建议改成当面开会商量。"
    return ""


def loudspeaker(topic: Topic, now: datetime) -> str:
    """At most 200 characters, to be read out at the opening and with the result."""
    if topic.state is TopicState.open:
        how = "、".join(topic.options)
        asked = f"可以选的有：{how}。" if how and len(how) <= 60 else ""
        said = (
            f"各位乡亲，村里就“{topic.title}”征求大家意见，{NO_VOTE}{asked}"
            f"{local(topic.closes_at)}截止，{day_of(topic.result_due_on)}前公布结果。"
            "手机上可以选，填纸条放进票箱也一样，不方便的请找网格员上门。"
        )
    else:
        said = f"各位乡亲，“{topic.title}”征求意见有结果了。{'；'.join(topic.shown[:5])}。{topic.result}"
    return said if len(said) <= 200 else said[:180] + "……详细的请看公开栏。"

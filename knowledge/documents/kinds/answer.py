"""Answer (问答): one question of life, what holds, what to do, and the ways people ask it."""

from typing import Any

from knowledge.documents.kinds.base import (
    ANSWER_MOST,
    ChunkText,
    Content,
    FieldSpec,
    Form,
    KindSpec,
    Question,
    articles,
    choice,
    line,
    lines,
    lines_in,
    questions_in,
    text,
)
from knowledge.documents.sources.doors import DOORS
from knowledge.statutes.citations import Target

ANSWER_LONGEST, CASE_LONGEST, STEP_LONGEST, MORE_LONGEST = 120, 180, 100, 100
MOST_STEPS, MOST_CASES = 5, 5
_MOST_PHRASINGS = 120
ARROW = " → "
# What people ask next, by the names under which it is written.
ASKED_NEXT = (
    "多久",
    "多少钱",
    "去哪里",
    "带什么",
    "谁可以",
    "代办",
    "不给办",
    "不去会怎样",
    "没有证据",
    "过期了",
)


def cases_in(told: list[str]) -> list[tuple[str, str]]:
    """(if, then) of the lines in which they are kept."""
    return [(a, b) for one in told for a, found, b in [one.partition(ARROW)] if found]


def more_in(told: list[str]) -> dict[str, str]:
    """What people ask next -> its answer, of the lines in which it is kept: `多久：六十天内`."""
    return {name: held for one in told for name, found, held in [one.partition("：")] if found and name in ASKED_NEXT}


def _build(data: dict[str, Any], source: str) -> tuple[list[ChunkText], list[Question]]:
    told = data["answer"].strip()
    cases, steps = list(data.get("cases") or []), list(data.get("steps") or [])
    never, more = (data.get("never") or "").strip(), list(data.get("more") or [])
    shown = "\n".join([told, *cases, *steps, *([never] if never else []), *more])
    details = {
        "answer": told,
        "cases": cases,
        "steps": steps,
        "never": never,
        "door": data.get("door") or "",
        "more": more,
        "not_for": list(data.get("not_for") or []),
        "basis": list(data.get("legal_basis") or []),
        "other_sources": list(data.get("other_sources") or []),
    }
    embed = f"{data['title']}。{told} {' '.join(a for a, _ in cases_in(cases))}"
    phrasings = list(dict.fromkeys([data["title"], *(data.get("questions") or [])]))
    chunk = ChunkText(None, None, shown, embed, details, " ".join(phrasings))
    return [chunk], questions_in(phrasings, data.get("topic"), Target(data["id"], None), source, is_held=False)


def _check(content: Content) -> list[str]:
    found = []
    if len(content["answer"]) > ANSWER_LONGEST:
        found.append(f"“回答”有 {len(content['answer'])} 个字，最多 {ANSWER_LONGEST} 个；分情形的话写到“看情况”里。")
    if not content["steps"] or len(content["steps"]) > MOST_STEPS:
        found.append(f"“接下来怎么办”写一到{MOST_STEPS}步，一行一步。")
    found += [f"这一步太长了，分开写：{s[:20]}……" for s in content["steps"] if len(s) > STEP_LONGEST]
    if len(content["cases"]) > MOST_CASES:
        found.append(f"“看情况”最多 {MOST_CASES} 种。")
    found += [f"“看情况”的这一行要写成“什么情况{ARROW}怎么样”：{c[:20]}" for c in content["cases"] if not cases_in([c])]
    found += [
        f"“接着会问”的这一行，开头要是“{'、'.join(ASKED_NEXT)}”里的一个，后面加冒号：{m[:20]}"
        for m in content["more"]
        if not more_in([m])
    ]
    if not content["legal_basis"] and not content["other_sources"]:
        found.append("请写法律依据，或者别的依据。")
    return found


ANSWER = KindSpec(
    name="问答",
    label="问答",
    about="居民的一个问题：行不行、看什么、今天做什么、找谁",
    folder="answers",
    prefix="answer",
    words=("answers", "问答", "常见问题", "百问"),
    fields=(
        text("answer", "回答", hint="先说行不行、要看什么，再说规矩；最多 120 个字", most=ANSWER_MOST, is_needed=True),
        lines(
            "cases",
            "看情况",
            hint=f"一行一种：什么情况{ARROW}怎么样；没有就空着",
            example=f"没说好哪天还{ARROW}随时可以要，给他一段时间",
        ),
        lines("steps", "接下来怎么办", hint="一行一步，最多五步：今天做什么、带什么、去哪里、哪天以前", is_needed=True),
        line("never", "千万别", hint="最容易吃亏的一件事", is_prose=True),
        choice("door", "去哪儿", {name: name for name in DOORS}, is_needed=True),
        lines(
            "more",
            "接着会问",
            hint=f"一行一样，开头写：{'、'.join(ASKED_NEXT)}，后面加冒号",
            example="带什么：身份证、转账回单",
        ),
        articles("legal_basis", "法律依据"),
        lines("other_sources", "别的依据", hint="条例、司法解释、部门规定，一行一条"),
        lines("not_for", "不是问这些的", hint="看着像、其实要找别的回答的问题，一行一个"),
        FieldSpec(
            "questions",
            "居民会这样问",
            Form.lines,
            lambda value: lines_in(value, _MOST_PHRASINGS),
            hint="一行一句，用居民自己的话，至少十种问法",
        ),
    ),
    build=_build,
    check=_check,
)

"""Texts that people of other trades change: YAML files beside the code, each read by its schema.

A lawyer, a doctor or a clerk edits them, so what is wrong is told with file and line, in their words.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from knowledge.errors import DataFileInvalid

LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C, where PyYAML was built with libyaml


class DataModel(BaseModel):
    """A schema: what is missing or unknown is an error, and what was read stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WrongAt(ValueError):
    """What a validator of a whole file found wrong, and where: `WrongAt("…", "matters", 3, "counting")`."""

    def __init__(self, said: str, *loc: int | str) -> None:
        self.loc = loc
        super().__init__(said)


Model = TypeVar("Model", bound=BaseModel)
Text = Annotated[str, StringConstraints(min_length=1)]


def _law_and_article(value: object) -> object:
    law, _, article = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if not law or not article:
        raise ValueError("要写成“法律简称 空格 第几条”，例如“民法典 第一百八十八条”")
    return law, article


Source = Annotated[tuple[str, str], BeforeValidator(_law_and_article)]
"""(short name of the statute, article), written `民法典 第一百八十八条`."""


def _joined(value: object) -> object:
    if not isinstance(value, list):
        return value
    if not value:
        raise ValueError("至少要写一行")
    for at, line in enumerate(value):
        try:
            is_all = bool(re.compile(line).search(""))
        except (re.error, TypeError) as error:
            raise WrongAt(f"“{line}”读不懂，看看括号配成对没有", at) from error
        if is_all:
            raise WrongAt(f"“{line}”什么话都对得上，看看是不是多写了一个 |", at)
    return "|".join(value)


AnyOf = Annotated[re.Pattern[str], BeforeValidator(_joined)]
"""A pattern; or a list of them, one a line, of which any may stand. `knowledge.named_words` has those with names."""


def read(path: Path, model: type[Model]) -> Model:
    """The file as its schema gives it. Raises DataFileInvalid with a line for each thing that is wrong."""
    try:
        loader = LOADER(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        if root is None:
            raise DataFileInvalid(f"{path.name} 第 1 行：文件是空的。")
        if twice := list(_twice(root)):
            raise DataFileInvalid("\n".join(f"{path.name} {said}" for said in twice))
        return model.model_validate(loader.construct_document(root))
    except OSError as error:
        raise DataFileInvalid(f"{path.name} 第 1 行：文件打不开（{error.strerror}）。") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DataFileInvalid(f"{path.name} 第 {line} 行：有认不出的字，请把文件存成 UTF-8。") from error
    except yaml.YAMLError as error:
        raise DataFileInvalid(f"{path.name} {_broken(error)}") from error
    except ValidationError as error:
        said = [f"{path.name} 第 {_line(root, _loc(e))} 行：{_in_words(e)}" for e in error.errors()]
        raise DataFileInvalid("\n".join(said)) from error


def read_words(path: Path) -> frozenset[str]:
    """The words of a text file, apart by blanks; what follows a # is a remark."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines for word in line.partition("#")[0].split())


def _twice(node: yaml.Node) -> Iterator[str]:
    """Names that stand twice side by side: PyYAML would take the last and say nothing."""
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(value)
    elif isinstance(node, yaml.MappingNode):
        first: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in first:
                yield f"第 {line} 行：“{key.value}”写了两遍，第 {first[key.value]} 行已经有了，请删掉一处。"
            first.setdefault(key.value, line)
            yield from _twice(value)


def _broken(error: yaml.YAMLError) -> str:
    mark = None
    if isinstance(error, yaml.MarkedYAMLError):
        # A quote left open is noticed at the end of the file; where it began helps.
        is_open = "quoted scalar" in (error.context or "")
        mark = error.context_mark if is_open else error.problem_mark
    line = mark.line + 1 if mark else 1
    return (
        f"第 {line} 行：写法不对，读不下去。常见的原因：开头的空格没对齐、冒号后面少一个空格、引号没配成对，"
        "请看这一行和它上面一行。"
    )


def _loc(error: Any) -> tuple[int | str, ...]:
    found = error.get("ctx", {}).get("error")
    return (*error["loc"], *(found.loc if isinstance(found, WrongAt) else ()))


def _line(node: yaml.Node, loc: tuple[int | str, ...]) -> int:
    """Where the thing stands that pydantic speaks of; for a missing one, where the entry begins."""
    line = node.start_mark.line
    for step in loc:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line
    return int(line) + 1


_IN_WORDS = {
    "missing": "少了“{name}”这一项。",
    "extra_forbidden": "不认得“{name}”这一项，是不是写错了名字？",
    "string_type": '“{name}”要写成文字；是数字的，请加上引号，例如 "110"。',
    "string_too_short": "“{name}”不能空着。",
    "string_too_long": "“{name}”最多 {max_length} 个字。",
    "too_short": "“{name}”不能空着。",
    "too_long": "“{name}”最多 {max_length} 样。",
    "int_type": "“{name}”要写成整数。",
    "int_parsing": "“{name}”要写成整数。",
    "int_from_float": "“{name}”要写成整数。",
    "greater_than": "“{name}”要大于 {gt}。",
    "bool_type": "“{name}”只能写 true 或 false。",
    "bool_parsing": "“{name}”只能写 true 或 false。",
    "tuple_type": "“{name}”要一样写一行，每行前面加“- ”。",
    "dict_type": "“{name}”下面要写成“名字: 内容”的样子。",
    "model_type": "“{name}”下面要写成“名字: 内容”的样子。",
    "literal_error": "“{name}”只能写 {expected}。",
    "enum": "“{name}”只能写 {expected}。",
    "pattern_regex": "“{name}”里的写法读不懂，是不是括号没配成对？",
    "value_error": "{error}。",
}


def _in_words(error: Any) -> str:
    """What pydantic found, for somebody who doesn't program."""
    steps = [step for step in error["loc"] if step != "[key]"]
    name = next((step for step in reversed(steps) if isinstance(step, str)), "整个文件")
    known = _IN_WORDS.get(error["type"], "“{name}”写得不对（{msg}）。")
    context = {key: str(value).replace(" or ", " 或 ") for key, value in error.get("ctx", {}).items()}
    return known.format(**{**context, "name": name, "msg": error["msg"]})

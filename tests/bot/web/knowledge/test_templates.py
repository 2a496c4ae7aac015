"""Every template that another one names is there: `ignore missing` would leave it out without a word."""

import pytest
from jinja2 import Environment, FileSystemLoader, meta

from bot.settings import ROOT
from knowledge.documents.kinds.base import Form, KindSpec, articles, choice, day, flag, line, lines, text
from knowledge.documents.kinds.registry import EDITABLE, KINDS, Kind

_TEMPLATES = ROOT / "bot" / "templates"
_EDITOR = "staff/knowledge/documents/editor"
_COMPUTED = {"staff/knowledge/documents/editor.html"}  # one name made of the document's kind


def test_every_template_that_a_template_names_is_there() -> None:
    sources = {p.relative_to(_TEMPLATES).as_posix(): p.read_text("utf-8") for p in _TEMPLATES.rglob("*.html")}
    for name, source in sources.items():
        named = set(meta.find_referenced_templates(Environment(autoescape=True).parse(source)))
        assert named - ({None} if name in _COMPUTED else set()) <= sources.keys(), name


@pytest.mark.parametrize("kind", EDITABLE)
def test_a_kind_with_clauses_or_sections_has_a_form_of_its_own(kind: Kind) -> None:
    is_plain = {f.form for f in KINDS[kind].fields}.isdisjoint({Form.parts, Form.sections, Form.group})
    assert is_plain or (_TEMPLATES / _EDITOR / f"{kind}.html").exists()


def test_plain_form_asks_for_every_field_that_is_not_in_the_head() -> None:
    kind = KindSpec(
        name="通讯",
        label="通讯",
        fields=(
            line("issuer", "发文单位"),
            line("editor", "编者"),
            text("facts", "事情经过", asks="出了什么事", hint="不写真名"),
            lines("questions", "居民会这样问"),
            articles("legal_basis", "法律依据"),
            choice("proof", "证明", {"needed": "要开"}),
            flag("varies", "各地不一样"),
            day("adopted_on", "通过日期"),
        ),
    )
    content = kind.shape({"editor": "安", "facts": "<b>", "questions": "怎么问", "proof": "needed", "varies": True})
    template = Environment(autoescape=True, loader=FileSystemLoader(_TEMPLATES)).get_template(f"{_EDITOR}/plain.html")
    page = template.render(kind=kind, content=content, is_locked=True)
    asked = [name for name in content if f'name="{name}"' in page]
    assert asked == ["editor", "facts", "questions", "legal_basis", "proof", "varies"]
    assert "出了什么事" in page
    assert "不写真名" in page
    assert "&lt;b&gt;" in page
    assert "怎么问" in page
    assert '<option value="needed" selected>' in page
    assert " checked>" in page

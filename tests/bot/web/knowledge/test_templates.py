"""Every template that another one names is there: `ignore missing` would leave it out without a word."""

from jinja2 import Environment, meta

from bot.settings import ROOT

_TEMPLATES = ROOT / "bot" / "templates"


def test_every_template_that_a_template_names_is_there() -> None:
    sources = {p.relative_to(_TEMPLATES).as_posix(): p.read_text("utf-8") for p in _TEMPLATES.rglob("*.html")}
    for name, source in sources.items():
        named = set(meta.find_referenced_templates(Environment(autoescape=True).parse(source)))
        assert named <= sources.keys(), name

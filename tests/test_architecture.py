"""Imports point down: bot -> actions -> knowledge; bot.nlu knows only Rasa and itself."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = {"knowledge": {"knowledge"}, "actions": {"actions", "knowledge"}, "bot": {"bot", "actions", "knowledge"}}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def test_imports_point_down() -> None:
    wrong = []
    for floor, allowed in ALLOWED.items():
        for path in (ROOT / floor).rglob("*.py"):
            for name in imported(path):
                top = name.split(".")[0]
                if top in ALLOWED and top not in allowed:
                    wrong.append(f"{path.relative_to(ROOT)} imports {name}")
                if path.parent.name == "nlu" and top in ALLOWED and not name.startswith("bot.nlu"):
                    wrong.append(f"{path.relative_to(ROOT)} imports {name}")
                if path.parent.name != "nlu" and name.startswith("bot.nlu"):
                    wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert wrong == []


def test_only_actions_dialogue_and_wiring_know_rasa_sdk() -> None:
    homes = {
        *(str(p.relative_to(ROOT)) for p in (ROOT / "actions" / "dialogue").rglob("*.py")),
        "bot/app.py",
        "bot/web/internal.py",
    }
    found = {
        str(p.relative_to(ROOT))
        for floor in ALLOWED
        for p in (ROOT / floor).rglob("*.py")
        if any(n.split(".")[0] == "rasa_sdk" for n in imported(p))
    }
    assert found <= homes


def test_conversations_know_neither_web_nor_channels() -> None:
    for path in (ROOT / "bot" / "conversations").rglob("*.py"):
        assert not any(n.startswith(("bot.web", "bot.channels")) for n in imported(path)), path

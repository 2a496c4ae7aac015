"""The audit log is for good, so nobody's words get into it."""

import pytest
from alembic import command
from sqlalchemy import create_engine, select, text

from bot.staff.models import AuditEntry
from tests.bot.run.test_upgrade import config
from tests.bot.world import DOOR, World
from tests.databases import Databases

WORDS = "蓝鲸13732412355"
FIELDS = (
    "note text what wish reason title ask name phone table area quote summary keyword spot place_name answer address "
    "result method facts terms party_name tell"
)


def test_no_form_of_the_console_writes_what_was_typed_into_the_audit(world: World) -> None:
    client = world.enter("administrator")
    typed = dict.fromkeys(FIELDS.split(), WORDS)
    others = {"place": "lijiagou", "team": "1", "category": "其他", "kind": "village_rule", "login": "new-person",
              "role": "agent", "unit": "workdays", "amount": "5", "green_amount": "3", "id": "1"}  # fmt: skip
    taken = 0
    for path in world.paths("post"):
        if path in DOOR or "sign-out" in path:
            continue
        for more in ({}, {"phone": "13732412355"}, {"do": "delete"}, {"id": ""}, {"phone": "13732412355", "id": ""}):
            answer = client.post(path, data={**typed, **others, **more, "csrf": client.headers["x-csrf"]})
            taken += answer.status_code in (200, 204, 303)
    with world.sessions() as session:
        lines = [f"{e.what} {e.subject} {e.detail}" for e in session.scalars(select(AuditEntry))]
    assert taken > 30
    assert {"改设置", "事项：note", "内部记录"} <= {line.split(" ")[0] for line in lines}
    assert [line for line in lines if "蓝鲸" in line or "13732412355" in line] == []


def test_lines_of_before_lose_their_words_and_nothing_else(databases: Databases) -> None:
    with databases.empty() as url:
        command.upgrade(config(url), "0014")
        engine = create_engine(url)
        with engine.begin() as db:
            for number, (what, detail) in enumerate(
                [("事项：note", WORDS), ("改设置", f"{{'phone': '{WORDS}'}}"), ("改账号", "toggle agent 停用")], 1
            ):
                db.execute(
                    text(
                        "INSERT INTO audit_entry (id, at, staff_id, name, what, subject, detail) VALUES "
                        "(:id, '2026-11-01 00:00:00', 1, '王芳', :what, 's', :detail)"
                    ),
                    {"id": number, "what": what, "detail": detail},
                )
        command.upgrade(config(url), "head")
        with engine.connect() as db:
            found = db.execute(text("SELECT what, subject, detail FROM audit_entry ORDER BY id")).all()
        assert [tuple(row) for row in found] == [
            ("事项：note", "s", ""),
            ("改设置", "s", ""),
            ("改账号", "s", "toggle agent 停用"),
        ]
        with engine.begin() as db, pytest.raises(Exception, match="append-only"):
            db.execute(text("UPDATE audit_entry SET detail = 'x'"))
        engine.dispose()

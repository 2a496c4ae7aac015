"""Every operation the application lists, asked with hostile values by schemathesis: a clear Chinese sentence, never
a 500.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from starlette.testclient import TestClient

from bot.app import create_app
from bot.conversations.models import Conversation
from bot.settings import ROOT
from tests.bot.web.staff import test_staff_pages
from tests.bot.world import ATTACK, DEEDS, HTML, World
from tests.fakes import FakeRasa, doubled_parts

pytestmark = pytest.mark.slow

# streams (test_staff_pages, resident/test_events), and two pages for machines
_NOT_ASKED = {"/staff/events", "/api/widget/events", "/readyz", "/metrics"}
_OPTIONS = hypothesis_settings(
    max_examples=20, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
_EVIL = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\x1b[0m",
    ATTACK,
    "字" * 5000,
    "9" * 9,
    "9" * 400,
    "-1",
    "0",
    "²",
    "१२",
    "1e9",
    "NaN",
    "' OR 1=1 --",
    "../../etc/passwd",
    "..",
    "\ufeff",
    "\u202e",
    "\uffff",
    "👨‍👩‍👧",
    "{{ 7*7 }}",
    "%00",
    "%s",
    "\r\nSet-Cookie: a=b",
]
_KNOWN = {
    **{
        "do": [d for deeds in DEEDS.values() for d in deeds] + ["mediation-" + "x" * 100],
        "what": DEEDS["/staff/settings/{what}"],
        "kind": ["json", "pdf", "csv", "xlsx"],
    },
    **{
        "case_id": ["1"],
        "opening_id": ["1"],
        "photo_id": ["1"],
        "staff_id": ["2"],
        "conversation_id": ["conversation-1"],
    },
}
_PYTHON = re.compile(r"Traceback|File \"|sqlalchemy|sqlite|psycopg|pydantic|starlette|NoneType|\w+Error\b|Exception")
_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")


def fields() -> list[str]:
    """Every field that some form is read for, as the sources name them."""
    sources = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "bot" / "web").glob("*.py"))
    return sorted(
        {
            *re.findall(r'(?:text_of|int_of|_date)\(sent, f?"([\w-]+)"', sources),
            *re.findall(r'sent\.get\("([\w-]+)"', sources),
            "name0",
            "name1",
            "role0",
            "phone0",
        }
        - {"csrf"}
    )


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with what forms are read for and which ids exist."""
    found = app.openapi()
    likely = test_staff_pages._PLAUSIBLE
    form = {
        "type": "object",
        "properties": {
            f: {"anyOf": [{"enum": [likely.get(f, "1")]}, {"enum": _EVIL}, {"type": "string"}]} for f in fields()
        },
        "required": sorted(set(likely) & set(fields())),
    }
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", []):
                if parameter["schema"].get("type") == "string":  # path or query
                    parameter["schema"] = {
                        "anyOf": [
                            {"enum": _KNOWN.get(parameter["name"], ["all"])},
                            {"enum": _EVIL[1:]},
                            {"type": "string"},
                        ]
                    }
            if method == "post" and path.startswith("/staff"):
                operation["requestBody"] = {
                    "required": True,
                    "content": {
                        kind: {"schema": form} for kind in ("application/x-www-form-urlencoded", "multipart/form-data")
                    },
                }
    return found


@pytest.fixture
def app(world: World) -> FastAPI:
    """The whole application over the world of the staff pages; only Rasa and the search are doubles."""
    for part in ("bootstrap/dist", "htmx.org/dist", "chart.js/dist"):
        (world.settings.vendor / part).mkdir(parents=True)
    rasa = FakeRasa([{"kind": "answer", "text": "可以。"}])
    return create_app(doubled_parts(world.settings, world.sessions, rasa))


@pytest.fixture
def visitor(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


def resident(world: World, client: TestClient) -> str:
    """The token of a new conversation."""
    return str(client.post("/api/widget/conversations", json={"embedded": True}).json()["token"])


def fine(answer: Any, asked: str = "") -> None:
    """No crash, no word of Python's, and where something was refused, a sentence that people understand."""
    what = (asked, str(answer.url)[:200], answer.status_code, answer.text[:300])
    assert answer.status_code < 500, what
    kind = answer.headers.get("content-type", "")
    if answer.status_code >= 400:
        assert not _PYTHON.search(answer.text), what
        said = answer.json()["error"]["message"] if "json" in kind else answer.text
        assert "json" in kind or "html" in kind, what
        assert _CHINESE.search(said), what
    if "html" in kind:
        assert ATTACK not in answer.text, what
    assert "a=b" not in answer.headers.get("set-cookie", ""), what


def send(client: TestClient, case: Case) -> Any:
    made = requests.Request(
        **{k: v for k, v in case.as_transport_kwargs(base_url="http://testserver").items() if v is not None}
    ).prepare()
    return client.request(made.method or "GET", made.url or "", headers=dict(made.headers), content=made.body)


def ask(operation: APIOperation, again: Any) -> int:
    """Right and wrong requests for one operation; how many."""
    asked = 0
    for mode in GenerationMode:

        @_OPTIONS
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Case) -> None:
            nonlocal asked
            asked += 1
            again(case)

        try:
            run()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # nothing to get wrong: no field, or one that takes any text
    return asked


def operations(app: FastAPI, start: str) -> Iterator[APIOperation]:
    for found in schemathesis.openapi.from_dict(document(app)).get_all_operations():
        operation = found.ok()
        # What comes to /wechat/ is from WeChat's servers: they are refused without a word (tests/bot/channels).
        if (
            operation.path.startswith(start)
            and operation.path not in _NOT_ASKED
            and (start != "/" or not operation.path.startswith(("/api", "/staff", "/wechat/")))
        ):
            yield operation


@pytest.mark.parametrize("method", ["get", "post"])
def test_every_staff_operation_answers_in_chinese(world: World, app: FastAPI, method: str) -> None:
    seen = []
    for operation in operations(app, "/staff"):
        if operation.method != method:
            continue
        entered = world.enter("administrator")
        client = TestClient(
            app,
            raise_server_exceptions=False,
            follow_redirects=False,
            headers={**HTML, "x-csrf": entered.headers["x-csrf"]},
            cookies=entered.cookies,
        )

        def again(case: Case, client: TestClient = client) -> None:
            if case.operation.path == "/staff/sign-out":
                world.enter("administrator")
            fine(send(client, case), case.operation.label)

        seen.append(operation.label)
        assert ask(operation, again)
    assert len(seen) > 12, seen


@pytest.mark.parametrize("start", ["/api", "/"])
def test_every_operation_for_residents_answers_in_chinese(
    world: World, app: FastAPI, visitor: TestClient, start: str
) -> None:
    token = resident(world, visitor)
    with world.sessions() as session:
        mine = next(c for c in session.query(Conversation) if c.id != "conversation-1")
        kept = {c.name: getattr(mine, c.name) for c in Conversation.__table__.columns}

    def again(case: Case) -> None:
        if case.method.lower() == "delete":
            with world.sessions() as session:
                session.merge(Conversation(**kept))
                session.commit()
        visitor.headers["authorization"] = f"Bearer {token}"
        visitor.cookies.clear()
        fine(send(visitor, case), case.operation.label)

    seen = [(operation.label, ask(operation, again)) for operation in operations(app, start)]
    assert len(seen) >= (9 if start != "/" else 3), seen
    assert all(n for _, n in seen), seen

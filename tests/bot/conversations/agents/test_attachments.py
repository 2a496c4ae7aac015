"""What an agent sends along: written anew, seen by the resident, by a link that ends, and by nobody after it."""

import io
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image
from pypdfium2 import PdfDocument
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import func, select
from starlette.testclient import TestClient

from actions.cases.photos import MAX_BYTES
from bot.conversations import service
from bot.conversations.agents import pdf_child
from bot.conversations.agents.attachments import FileRefused, clean_file
from bot.conversations.models import Attachment, Conversation, Message, Sender
from bot.privacy import own_data
from bot.staff.models import AuditEntry
from tests.bot.world import World

_AT = "/staff/conversations/conversation-1"
_PART = {"hx-request": "true"}


def _jpeg(size: tuple[int, int] = (900, 600)) -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x8825] = {1: "N", 2: (32.0, 0.0, 0.0)}  # where it was taken
    exif[0x010F] = "SECRET CAMERA"
    Image.new("RGB", size, "red").save(out, "JPEG", exif=exif)
    return out.getvalue()


def _pdf(pages: int = 2, *, encrypt: str | None = None) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, encrypt=encrypt)
    canvas.setAuthor("SECRET AUTHOR")
    for number in range(pages):
        canvas.drawString(100, 700, f"Agreement, page {number + 1}")
        canvas.linkURL("https://evil.example/", (100, 600, 200, 620))
        if number == 0:
            canvas.acroForm.textfield(name="sum", value="5000 yuan", x=100, y=500, width=200, height=20)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _armed(pdf: bytes) -> bytes:
    """With scripts that run when it is opened, and when its pages are."""
    script = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
    armed = pdf.replace(b"/Type /Catalog", b"/Type /Catalog /OpenAction " + script)
    armed = armed.replace(b"/Type /Page\n", b"/Type /Page /AA << /O " + script + b" >>\n")
    assert armed.count(script) >= 2
    return armed


def _texts(pdf: bytes) -> list[str]:
    document = PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


# --- written anew


def test_a_pdf_keeps_its_pages_and_what_was_filled_in_and_nothing_that_acts() -> None:
    file = clean_file("C:\\papers\\协议 <1>.pdf", _armed(_pdf()))
    assert (file.kind, file.name) == ("pdf", "协议 1.pdf")
    first, second = _texts(file.data)
    assert "Agreement, page 1" in first
    assert "5000 yuan" in first
    assert "page 2" in second
    for word in (b"JavaScript", b"/JS", b"/AA", b"OpenAction", b"evil.example", b"SECRET AUTHOR", b"AcroForm"):
        assert word not in file.data, word


def test_a_photo_keeps_its_pixels_only_and_is_shown_small() -> None:
    file = clean_file("合同.pdf", _jpeg((3000, 1000)))
    assert file.kind == "photo", "by what it is, not by its name"
    assert b"SECRET CAMERA" not in file.data
    with Image.open(io.BytesIO(file.data)) as whole, Image.open(io.BytesIO(file.small or b"")) as small:
        assert max(whole.size) == 2000
        assert max(small.size) <= 480
        assert not whole.getexif()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "打不开"),
        (b"MZ\x90\x00 a program", "打不开"),
        (b"%PDF-1.7 not really", "打不开"),
        (b"<svg onload='alert(1)'></svg>", "打不开"),
        (b"<html>%PDF-1.4", "打不开"),
        (_pdf(encrypt="secret"), "密码"),
        (_pdf(201), "最多发 200 页"),
        (b"\xff" * (MAX_BYTES + 1), "10 MB"),
    ],
    ids=["empty", "program", "half", "svg", "html", "locked", "long", "large"],
)
def test_what_is_neither_is_refused_in_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(Exception, match=said) as refused:
        clean_file("a.pdf", data)
    assert isinstance(refused.value, FileRefused.__mro__[1])


def test_a_pdf_that_would_take_the_machine_is_ended_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand nested forms of a page: each limit is real, so the child is ended and not this process."""
    monkeypatch.setattr(pdf_child, "MOST_CPU_S", 1)
    out = io.BytesIO()
    canvas = Canvas(out, pageCompression=1)
    for _ in range(150):
        for _ in range(3000):
            canvas.bezier(0, 0, 900, 900, 0, 900, 900, 0)
        canvas.showPage()
    canvas.save()
    try:
        file = clean_file("a.pdf", out.getvalue())
    except FileRefused as error:
        assert "PDF" in error.message_zh or "10 MB" in error.message_zh
    else:
        assert len(file.data) <= MAX_BYTES


# --- sent and seen


@pytest.fixture
def taken(world: World) -> World:
    assert world.enter("agent").post(f"{_AT}/accept").status_code == 303
    return world


def _send(world: World, data: bytes, *, name: str = "a.jpg", text: str = "", nonce: str = "n1", **more: Any) -> Any:
    files = {"file": (name, data, "application/octet-stream")}
    return world.enter("agent").post(f"{_AT}/say", data={"text": text, "nonce": nonce}, files=files, **more)


def _resident(world: World) -> TestClient:
    client = TestClient(world.app)
    with world.sessions() as session:
        held = session.get_one(Conversation, world.conversation)
        client.headers["authorization"] = f"Bearer {world.app.state.chat.tokens.make(held)}"
    return client


def _last(world: World) -> dict[str, Any]:
    found: dict[str, Any] = _resident(world).get("/api/widget/messages").json()["messages"][-1]
    return found


def test_a_photo_reaches_the_resident_once_small_and_whole(taken: World) -> None:
    for _ in range(2):
        answer = _send(taken, _jpeg(), text="您看是不是这张", headers=_PART)
        assert answer.status_code == 200, answer.text
        assert "?small=1" in answer.text
    said = _last(taken)
    assert said["text"] == "您看是不是这张"
    assert said["file"]["kind"] == "photo"
    anybody = TestClient(taken.app)  # the page of a foreign site sends no cookie with a picture
    small, whole = anybody.get(said["file"]["small"]), anybody.get(said["file"]["href"])
    assert (small.headers["content-type"], whole.headers["content-type"]) == ("image/jpeg", "image/jpeg")
    assert len(small.content) < len(whole.content)
    with taken.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Attachment)) == 1


def test_a_pdf_needs_no_words(taken: World) -> None:
    assert _send(taken, _armed(_pdf()), name="调解协议.pdf").status_code == 303
    said = _last(taken)
    assert said["text"] == "给您发来一个文件：调解协议.pdf"
    assert (said["file"]["kind"], said["file"]["small"]) == ("pdf", None)
    opened = TestClient(taken.app).get(said["file"]["href"])
    assert opened.headers["content-type"] == "application/pdf"
    assert "inline" in opened.headers["content-disposition"]
    assert "5000 yuan" in _texts(opened.content)[0]


def test_a_message_without_words_or_file_is_still_refused(taken: World) -> None:
    assert taken.enter("agent").post(f"{_AT}/say", data={"text": ""}, files={"file": ("", b"")}).status_code == 422
    assert _send(taken, b"MZ a program", headers=_PART).status_code == 422
    with taken.sessions() as session:
        assert session.scalars(select(Message).where(Message.sender == Sender.agent)).all() == []


def test_nobody_sends_in_anothers_conversation_nor_out_of_reach(taken: World) -> None:
    files = {"file": ("a.jpg", _jpeg(), "image/jpeg")}
    assert taken.enter("mediator").post(f"{_AT}/say", data={"text": ""}, files=files).status_code == 403
    assert taken.enter("qingshi").post(f"{_AT}/say", data={"text": ""}, files=files).status_code == 403
    with taken.sessions() as session:
        assert session.scalars(select(Attachment)).all() == []


def test_a_link_ends_and_a_made_up_one_opens_nothing(taken: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _send(taken, _jpeg())
    href = _last(taken)["file"]["href"]
    anybody = TestClient(taken.app)
    assert anybody.get(href).status_code == 200
    assert anybody.get(href + "x").status_code == 404
    assert anybody.get("/a/1").status_code == 404
    sources = taken.app.state.chat.tokens.make(Conversation(id="1", page_count=0))
    assert anybody.get(f"/a/{sources}").status_code == 404, "a token of another kind"
    with taken.sessions() as session:
        number = session.scalars(select(Attachment.id)).one()
    long_ago = time.time() - 7 * 86_400 - 60
    with monkeypatch.context() as then:
        then.setattr("itsdangerous.timed.time.time", lambda: long_ago)
        old = taken.app.state.chat.files.path(number)
    ended = anybody.get(old)
    assert ended.status_code == 404
    assert "过期" in ended.text


def test_colleagues_of_the_place_see_it_and_others_dont(taken: World) -> None:
    _send(taken, _jpeg())
    with taken.sessions() as session:
        number = session.scalars(select(Attachment.id)).one()
    assert taken.enter("mediator").get(f"{_AT}/files/{number}").headers["content-type"] == "image/jpeg"
    assert taken.enter("mediator").get(f"{_AT}/files/{number}?small=1").status_code == 200
    assert taken.enter("qingshi").get(f"{_AT}/files/{number}").status_code == 403
    assert taken.enter("mediator").get(f"{_AT}/files/{number + 1}").status_code == 404
    assert taken.visitor().get(f"{_AT}/files/{number}").status_code == 303
    with taken.sessions() as session:
        seen = select(AuditEntry.name, AuditEntry.subject).where(AuditEntry.what == "查看文件")
        assert session.execute(seen).all() == [("mediator的人", taken.conversation[:8])], "once in ten minutes"


def test_it_goes_with_the_conversation_and_into_ones_own_data(taken: World) -> None:
    _send(taken, _jpeg())
    href = _last(taken)["file"]["href"]
    with taken.sessions() as session:
        held = session.get_one(Conversation, taken.conversation)
        assert [f["name"] for f in own_data.exported(session, held)["files"]] == ["照片.jpg"]
        service.forget(session, taken.conversation)
        assert session.scalars(select(Attachment)).all() == []
    assert TestClient(taken.app).get(href).status_code == 404


# --- withdrawn


def _withdraw(world: World, number: int, login: str = "agent") -> Any:
    return world.enter(login).post(f"{_AT}/withdraw", data={"message": number}, headers=_PART)


def test_a_message_withdrawn_is_gone_for_the_resident_and_stays_for_colleagues(taken: World) -> None:
    _send(taken, _jpeg(), text="这是张三的合同")
    said = _last(taken)
    for _ in range(2):
        assert _withdraw(taken, said["id"]).status_code == 200
    told = _resident(taken).get("/api/widget/messages").json()["messages"]
    assert said["id"] not in [m["id"] for m in told]
    opened = _resident(taken).get("/api/widget/conversations/current")
    assert said["id"] not in [m["id"] for m in opened.json()["messages"]], "nor on a page that is opened anew"
    assert "张三" not in opened.text
    assert [m["withdraws"] for m in told if m["text"].startswith("工作人员撤回了一条消息")] == [said["id"]]
    assert TestClient(taken.app).get(said["file"]["href"]).status_code == 404
    after = _resident(taken).get(f"/api/widget/messages?after={said['id']}").json()["messages"]
    assert [m["withdraws"] for m in after] == [said["id"]], "a page that shows it already learns which to take away"
    page = taken.enter("mediator").get(_AT).text
    assert "<s>这是张三的合同</s>" in page
    assert "居民看不到了" in page
    with taken.sessions() as session:
        lines = session.scalars(select(AuditEntry).where(AuditEntry.what == "撤回消息")).all()
        assert lines[0].detail == f"第 {said['id']} 条"
        assert "张三" not in " ".join(line.detail for line in lines)
        held = session.get_one(Conversation, taken.conversation)
        own = own_data.exported(session, held)
        assert "张三" not in str(own["messages"])
        assert own["files"] == []


def test_two_minutes_and_no_longer(taken: World) -> None:
    taken.enter("agent").post(f"{_AT}/say", data={"text": "说错了", "nonce": "n1"})
    number = _last(taken)["id"]
    assert 'withdraw"' in taken.enter("agent").get(_AT).text
    with taken.sessions() as session:
        session.get_one(Message, number).created_at = datetime.now(UTC) - timedelta(minutes=2, seconds=1)
        session.commit()
    assert 'action="/staff/conversations/conversation-1/withdraw"' not in taken.enter("agent").get(_AT).text
    refused = _withdraw(taken, number)
    assert refused.status_code == 403
    assert "超过两分钟" in refused.text
    assert _last(taken)["text"] == "说错了"


def test_only_ones_own_words_are_withdrawn(taken: World) -> None:
    taken.enter("agent").post(f"{_AT}/say", data={"text": "说错了", "nonce": "n1"})
    number = _last(taken)["id"]
    assert _withdraw(taken, number, "mediator").status_code == 404
    with taken.sessions() as session:
        theirs = session.scalars(select(Message.id).where(Message.sender == Sender.resident)).first() or 0
    for other in (theirs, 0, 999_999):
        assert _withdraw(taken, other).status_code == 404
    assert _last(taken)["text"] == "说错了"


def test_what_was_said_may_be_withdrawn_when_the_conversation_has_ended(taken: World) -> None:
    client = taken.enter("agent")
    client.post(f"{_AT}/say", data={"text": "说错了", "nonce": "n1"})
    number = _last(taken)["id"]
    client.post(f"{_AT}/close")
    assert _withdraw(taken, number).status_code == 200
    assert "说错了" not in str(_resident(taken).get("/api/widget/messages").json())

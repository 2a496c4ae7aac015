"""The simulator's page where no stack answers: what it shows and refuses. With one: tests/end_to_end/test_wechat.py."""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from bot.channels.simulator.rules import REPLIES, Shown
from bot.channels.wechat.accounts import AccountKind, read_accounts
from bot.cli.wechat.simulate import build, made_up_accounts
from bot.settings import Settings
from bot.web.simulator import OPENID, Phone
from knowledge.exchange.corpus import import_places
from tests.conftest import CORPUS
from tests.ports import free_port


@dataclass
class Page:
    client: TestClient
    phone: Phone

    def do(self, deed: str, **more: object) -> None:
        found = self.client.post(f"/phone/fuwuhao/{deed}", follow_redirects=False, **more)  # type: ignore[arg-type]
        assert found.status_code == 303

    def notes(self) -> list[str]:
        return [note.text for note in self.phone.notes]


@pytest.fixture
def page(sessions: sessionmaker[Session], tmp_path: Path) -> Page:
    with sessions() as session:
        import_places(session, CORPUS)
        session.commit()
    settings = made_up_accounts(Settings(home=tmp_path, port=free_port(), wechat_accounts=None))
    app, phones = build(settings, sessions=sessions, address="http://127.0.0.1:1")
    return Page(TestClient(app), phones["fuwuhao"])


def test_the_made_up_accounts_are_one_of_each_kind_and_stay(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, wechat_accounts=None)
    path = made_up_accounts(settings).wechat_accounts
    assert path is not None
    found = read_accounts(path)
    assert [a.kind for a in found.values()] == list(AccountKind)
    made_up_accounts(settings)
    assert read_accounts(path) == found


def test_a_service_that_does_not_answer_is_said_as_telephones_do(page: Page) -> None:
    page.do("follow", data={"value": "lijiagou"})
    page.do("text", data={"value": "在吗"})
    assert page.notes() == [
        "您扫了村里的二维码",
        "该公众号提供的服务出现故障，请稍后再试",
        "该公众号提供的服务出现故障，请稍后再试",
    ]
    assert page.phone.telephone.said_left == REPLIES
    assert page.phone.busy == 0


def test_nobody_speaks_before_following(page: Page) -> None:
    for deed in ("text", "voice", "location", "photo", "press", "unfollow"):
        page.do(deed, data={"value": "ask"})
    assert set(page.notes()) == {"还没有关注，先扫码关注再说话"}
    assert page.phone.telephone.shown == []


@pytest.mark.parametrize("data", [b"not a picture", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_photo_isnt_sent(page: Page, data: bytes) -> None:
    page.do("follow")
    page.do("photo", files={"photo": ("a.jpg", io.BytesIO(data))})
    assert page.notes()[-1] == "这个文件不是照片，没有发出去"
    assert page.phone.photos == []
    assert page.phone.telephone.shown == []


def test_a_photo_goes_as_a_small_jpeg_without_where_it_was_taken(page: Page) -> None:
    drawn, held = Image.new("RGB", (4000, 3000), "brown"), io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    drawn.save(held, "JPEG", exif=exif)
    page.do("follow")
    page.do("photo", files={"photo": ("a.jpg", io.BytesIO(held.getvalue()))})
    page.do("photo")  # none chosen: a drawn one
    for number, size in ((0, (1600, 1200)), (1, (800, 600))):
        with Image.open(io.BytesIO(page.client.get(f"/phone/fuwuhao/photos/{number}.jpg").content)) as kept:
            assert (kept.format, kept.size, dict(kept.getexif())) == ("JPEG", size, {})
    assert page.client.get("/phone/fuwuhao/photos/2.jpg").status_code == 404


def test_a_file_beyond_all_measure_is_refused_by_its_length(page: Page) -> None:
    page.do("follow")
    page.do("photo", files={"photo": ("a.jpg", io.BytesIO(b"\0" * 12_000_001))})
    assert page.notes()[-1] == "照片太大，没有发出去"


def test_other_sites_and_unknown_accounts_get_nothing(page: Page) -> None:
    page.do("follow")
    for site in ("cross-site", "same-site"):
        assert page.client.post("/phone/fuwuhao/unfollow", headers={"sec-fetch-site": site}).status_code == 404
        assert page.client.get("/phone/fuwuhao", headers={"sec-fetch-site": site}).status_code == 404
    assert page.phone.telephone.is_following
    assert page.client.get("/phone/other").status_code == 404
    assert page.client.post("/phone/other/text").status_code == 404
    before = page.notes()
    page.do("no-such-deed")
    assert page.notes() == before


def test_words_are_shown_as_words_and_addresses_as_links(page: Page) -> None:
    page.phone.telephone.shown += [
        Shown("passive", "看原文：https://linli.example/w/s/a-b_c.d，<script>alert(1)</script>", 0.0),
        Shown("resident", "<b>在吗</b>", 1.0),
    ]
    shown = page.client.get("/phone/fuwuhao")
    assert (
        '看原文：<a href="https://linli.example/w/s/a-b_c.d" target="_blank" '
        'rel="noopener">https://linli.example/w/s/a-b_c.d</a>，&lt;script&gt;'
    ) in shown.text
    assert "&lt;b&gt;在吗" in shown.text
    assert "default-src 'self'" in shown.headers["content-security-policy"]


def test_the_page_is_told_of_changes_only(page: Page) -> None:
    mark = re.search(r"live\?seen=(\w+)", page.client.get("/phone/fuwuhao").text)
    assert mark
    assert page.client.get(f"/phone/fuwuhao/live?seen={mark[1]}").status_code == 204
    page.phone.telephone.shown.append(Shown("customer_service", "晚到的话", 0.0))
    fresh = page.client.get(f"/phone/fuwuhao/live?seen={mark[1]}")
    assert fresh.status_code == 200
    assert "晚到的话" in fresh.text
    assert 'id="books" hx-swap-oob="true"' in fresh.text
    assert mark[1] not in fresh.text


def test_49_hours_close_the_window_and_move_the_telephones_clock(page: Page) -> None:
    page.do("follow")
    page.do("text", data={"value": "在吗"})
    assert page.phone.state()["windows"][0][1] == REPLIES
    page.do("later")
    assert [left for _, left in page.phone.state()["windows"]] == [0, 0]
    times = [line["text"] for line in page.phone.lines() if line["via"] == "time"]
    assert len(times) == 2
    assert times[0] != times[1]
    assert page.phone.lines()[-1]["text"] == "过了 49 小时"
    assert page.phone.simulator.telephone(OPENID) is page.phone.telephone

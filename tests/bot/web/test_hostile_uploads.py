"""Pictures from anybody: known by their content, stored anew and without where they were taken, or refused in a
sentence.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select
from starlette.testclient import TestClient

from actions.cases.models import Photo
from actions.cases.photo_child import Unreadable, plain_jpeg
from actions.cases.photos import MAX_BYTES, clean_photo
from bot.web.body_limit import OTHER
from tests.bot.web import test_hostile_api
from tests.bot.web.test_hostile_api import fine, resident
from tests.bot.world import World

pytestmark = pytest.mark.slow

app = test_hostile_api.app
visitor = test_hostile_api.visitor


def file(picture: Image.Image, kind: str, **more: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def plain(mode: str = "RGB", size: tuple[int, int] = (60, 40), colour: Any = "red") -> Image.Image:
    return Image.new(mode, size, colour)


def located() -> bytes:
    """A JPEG as a phone makes it: where, with which camera, and the same again as XMP, comment and colour profile."""
    exif = Image.Exif()
    exif[0x010F], exif[0x9286] = "SecretPhone", "Zhang's courtyard"
    exif.get_ifd(0x8825).update({1: "N", 2: (30.0, 15.0, 50.5), 3: "E", 4: (114.0, 18.0, 20.25)})
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description exif:GPSLatitude="30,15.841N"/></x:xmpmeta>'
    return file(plain(), "JPEG", exif=exif, xmp=xmp, comment=b"at Zhang's", icc_profile=b"SecretProfile" * 20)


def bomb(side: int) -> bytes:
    """A PNG of some hundred bytes that says it is `side` pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(10_000)))
        + chunk(b"IEND", b"")
    )


class Resident:
    def __init__(self, world: World, client: TestClient) -> None:
        self.world, self.client = world, client
        client.headers["authorization"] = f"Bearer {resident(world, client)}"

    def send(self, data: bytes, name: str = "a.jpg", kind: str = "image/jpeg") -> Any:
        answer = self.client.post("/api/widget/photos", files={"photo": (name, data, kind)})
        fine(answer)
        return answer

    def stored(self) -> list[bytes]:
        with self.world.sessions() as session:
            return list(
                session.scalars(select(Photo.jpeg).where(Photo.conversation_id != "conversation-1").order_by(Photo.id))
            )


@pytest.fixture
def sender(world: World, visitor: TestClient) -> Iterator[Resident]:
    return Resident(world, visitor)


def test_where_a_picture_was_taken_is_not_stored(sender: Resident) -> None:
    sent = located()
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825)[1] == "N"
    assert b"GPSLatitude" in sent
    assert b"SecretPhone" in sent
    assert sender.send(sent).status_code == 201
    [kept] = sender.stored()
    assert not re.search(rb"Exif|GPS|xmp|Secret|Zhang|ICC_PROFILE", kept)
    found = Image.open(io.BytesIO(kept))
    assert (found.format, found.size, dict(found.getexif())) == ("JPEG", (60, 40), {})
    assert not {"exif", "xmp", "comment", "icc_profile"} & set(found.info)


def test_a_picture_on_its_side_is_turned_before_its_data_is_dropped() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert (clean_photo(file(plain(), "JPEG", exif=exif)).width, clean_photo(file(plain(), "JPEG")).width) == (40, 60)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (file(plain("CMYK", colour=(0, 255, 255, 0)), "JPEG"), (60, 40)),
        (file(plain("RGBA"), "PNG"), (60, 40)),
        (file(plain("P", colour=3), "PNG", transparency=0), (60, 40)),
        (file(plain("1", colour=1), "PNG"), (60, 40)),
        (file(plain(size=(1, 1)), "PNG"), (1, 1)),
        (file(plain(size=(20_000, 1)), "PNG"), (2000, 1)),
        (file(plain(), "WEBP", save_all=True, append_images=[plain(colour="green"), plain(colour="blue")]), (60, 40)),
        (file(plain(), "JPEG") + b"<script>alert(7)</script>", (60, 40)),
        (file(plain(), "JPEG", comment=b"<html><script>alert(7)</script>"), (60, 40)),
    ],
    ids="cmyk rgba palette bilevel one_pixel a_line animated html_behind html_inside".split(),
)
def test_odd_pictures_become_plain_ones(sender: Resident, data: bytes, size: tuple[int, int]) -> None:
    assert sender.send(data, "a.exe", "text/html").status_code == 201  # neither name nor declared kind counts
    [kept] = sender.stored()
    found = Image.open(io.BytesIO(kept))
    assert (found.format, found.mode, found.size, getattr(found, "n_frames", 1)) == ("JPEG", "RGB", size, 1)
    assert b"script" not in kept


def test_sixteen_bits_of_grey_stay_grey() -> None:
    grey = Image.new("I;16", (20, 20), 32768)
    shown = Image.open(io.BytesIO(clean_photo(file(grey, "PNG")).jpeg))
    assert abs(shown.getpixel((10, 10))[0] - 128) < 4  # type: ignore[index]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "打不开"),
        (b"\xff\xd8\xff\xe0", "打不开"),
        (file(plain(), "JPEG")[:400], "打不开"),
        (file(plain(), "PNG")[:60], "打不开"),
        (file(plain(), "GIF"), "打不开"),
        (file(plain(), "TIFF"), "打不开"),
        (file(plain(), "PDF"), "打不开"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(7)'/>", "打不开"),
        (b"MZ" + bytes(500), "打不开"),
        (b"PK\x03\x04" + bytes(500), "打不开"),
        (bomb(7000), "尺寸太大"),
        (bomb(60_000), "打不开"),
        *((b"\x00\x00\x00\x18ftyp" + brand + bytes(200), "HEIC") for brand in (b"heic", b"hevc", b"heim")),
        (file(plain(), "JPEG") + bytes(MAX_BYTES), "10 MB"),
    ],
    ids=(
        "nothing a_head half_a_jpeg half_a_png gif tiff pdf svg program archive bomb greater_bomb "
        "heic hevc heim too_many_bytes"
    ).split(),
)
def test_what_is_no_picture_is_refused_with_the_reason(sender: Resident, data: bytes, why: str) -> None:
    answer = sender.send(data)
    assert answer.status_code == 422
    assert why in answer.json()["error"]["message"]
    assert not sender.stored()


def test_more_than_a_picture_may_have_is_not_even_read(sender: Resident) -> None:
    assert sender.send(bytes(12_500_000)).status_code == 413

    def drops() -> Iterator[bytes]:  # without a Content-Length
        head = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
        yield head
        for _ in range(20):
            yield bytes(1_000_000)

    answer = sender.client.post(
        "/api/widget/photos", content=drops(), headers={"content-type": "multipart/form-data; boundary=b"}
    )
    fine(answer)
    assert answer.status_code == 413

    def words() -> Iterator[bytes]:
        yield b'{"client_id": "12345678", "text": "'
        for _ in range(OTHER // 10_000 + 2):
            yield b"x" * 10_000

    answer = sender.client.post("/api/widget/messages", content=words(), headers={"content-type": "application/json"})
    fine(answer)
    assert answer.status_code == 413


def test_six_pictures_are_kept_and_the_seventh_is_refused(sender: Resident) -> None:
    for n in range(6):
        assert sender.send(file(plain(colour=(40 * n, 0, 0)), "PNG")).json() == {"photos": n + 1, "is_new": True}
    # a picture that is known already is neither counted nor told again
    assert sender.send(file(plain(colour=(40, 0, 0)), "PNG")).json() == {"photos": 6, "is_new": False}
    answer = sender.send(file(plain(colour="blue"), "PNG"))
    assert answer.status_code == 422
    assert "最多发 6 张" in answer.json()["error"]["message"]
    assert len(sender.stored()) == 6


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="photo"\r\n\r\njust words\r\n--b--\r\n',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="other"; filename="a.jpg"\r\n\r\nx\r\n--b--\r\n',
        ),
        (
            "multipart/form-data; boundary=b",
            b"".join(
                b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\nx\r\n' for _ in range(3)
            )
            + b"--b--\r\n",
        ),
        (
            "multipart/form-data; boundary=b; charset=no-such-thing",
            b'--b\r\nContent-Disposition: form-data; name="\xff\xfe"\r\n\r\nx\r\n--b--\r\n',
        ),
        (
            "multipart/form-data; boundary=b; charset=idna",
            b'--b\r\nContent-Disposition: form-data; name="photo"\r\n\r\nxn--\xff..\r\n--b--\r\n',
        ),
        ("multipart/form-data", b"--b\r\n"),
        ("application/json", b'{"photo": "x"}'),
        ("application/x-www-form-urlencoded", b"photo=x"),
        ("", b"\x00"),
        ("image/jpeg", file(plain(), "JPEG")),
    ],
)
def test_a_form_that_brings_no_picture_is_refused(sender: Resident, kind: str, body: bytes) -> None:
    answer = sender.client.post("/api/widget/photos", content=body, headers={"content-type": kind})
    fine(answer)
    assert answer.status_code in (400, 422)
    assert not sender.stored()


@hypothesis_settings(derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(
    data=st.sampled_from([located(), file(plain(), "PNG"), file(plain(), "WEBP"), bomb(50)]),
    at=st.integers(0, 1500),
    put=st.binary(min_size=1, max_size=12),
    cut=st.integers(0, 200),
)
def test_damaged_files_are_shown_or_refused(data: bytes, at: int, put: bytes, cut: int) -> None:
    at %= len(data)
    damaged = (data[:at] + put + data[at + len(put) :])[: len(data) - cut]
    try:
        jpeg = plain_jpeg(damaged)  # what the child does, without a process for each of hundreds
    except Unreadable:
        return
    assert Image.open(io.BytesIO(jpeg)).format == "JPEG"

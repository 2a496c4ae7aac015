"""Residents' pictures: known by their content, re-encoded without EXIF (no place, no camera), never kept as they
came.
"""

import hashlib
import io
from dataclasses import dataclass
from datetime import timedelta

from PIL import Image

from actions.errors import InvalidInput
from knowledge.confined import Busy, Confined, Overran

MAX_BYTES = 10_000_000
WAITS_FOR_A_REPORT = timedelta(hours=48)  # then a picture that none took is deleted
AT_ONCE = 2  # each may take the memory that its limit allows
_CHILD = Confined("actions.cases.photo_child", wall_s=40.0, at_once=AT_ONCE)


class PhotoRefused(InvalidInput):
    message_zh = "这张照片打不开，请换一张 JPG 或 PNG 的照片。"


class PhotosBusy(PhotoRefused):
    message_zh = "这会儿传照片的人多，请过一分钟再发一次。文字可以照常发。"


# Brands of ISO/IEC 23008-12 (HEIF), annex B: pictures, series of them, with and without layers.
_HEIC = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"))


@dataclass(frozen=True)
class CleanPhoto:
    jpeg: bytes
    width: int
    height: int
    sha256: str


def clean_photo(data: bytes) -> CleanPhoto:
    """The picture as a plain JPEG of at most 2000 pixels a side; takes up to 40 s. Raises PhotoRefused."""
    if len(data) > MAX_BYTES:
        raise PhotoRefused("照片太大了，请发 10 MB 以内的。")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        raise PhotoRefused(
            "这是苹果手机的 HEIC 格式，我还打不开。请在手机“设置－相机－格式”里选“兼容性最佳”再拍，或者截个图发来。"
        )
    try:
        answer = _CHILD.run(data)
    except Busy as error:
        raise PhotosBusy from error
    except Overran as error:
        raise PhotoRefused from error
    kind, rest = answer[:1], answer[1:]
    if kind != b"J":
        raise PhotoRefused(rest.decode() or None)
    with Image.open(io.BytesIO(rest)) as kept:
        width, height = kept.size
    return CleanPhoto(rest, width, height, hashlib.sha256(rest).hexdigest())

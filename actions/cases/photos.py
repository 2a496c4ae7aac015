"""Residents' pictures: known by their content, re-encoded without EXIF (no place, no camera), never kept as they
came.
"""

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps

from actions.errors import InvalidInput

MAX_BYTES = 10_000_000
_MOST_PIXELS = 40_000_000  # a decompression bomb is refused before it is decoded
_LONGEST_SIDE = 2000


class PhotoRefused(InvalidInput):
    message_zh = "这张照片打不开，请换一张 JPG 或 PNG 的照片。"


@dataclass(frozen=True)
class CleanPhoto:
    jpeg: bytes
    width: int
    height: int
    sha256: str


def clean_photo(data: bytes) -> CleanPhoto:
    """The picture as a plain JPEG of at most 2000 pixels a side. Raises PhotoRefused."""
    if len(data) > MAX_BYTES:
        raise PhotoRefused("照片太大了，请发 10 MB 以内的。")
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1"):
        raise PhotoRefused(
            "这是苹果手机的 HEIC 格式，我还打不开。请在手机“设置－相机－格式”里选“兼容性最佳”再拍，或者截个图发来。"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged picture is shown as far as it goes, or refused
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as found:
                if found.width * found.height > _MOST_PIXELS:
                    raise PhotoRefused("照片尺寸太大了，请换一张小一点的。")
                # 16 bits of grey would all turn white.
                shown = found.point(lambda value: value / 256, "L") if found.mode.startswith("I") else found
                turned = ImageOps.exif_transpose(shown).convert("RGB")
    except PhotoRefused:
        raise
    # readers of damaged files raise whatever they trip over: struct.error, KeyError, ZeroDivisionError
    except Exception as error:
        raise PhotoRefused from error
    turned.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    plain = Image.new("RGB", turned.size)
    plain.paste(turned)  # pixels only: what the file carried besides stays behind
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=85)
    return CleanPhoto(out.getvalue(), plain.width, plain.height, hashlib.sha256(out.getvalue()).hexdigest())

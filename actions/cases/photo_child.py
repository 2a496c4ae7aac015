"""Reads one picture from standard input and writes it anew as a plain JPEG: a process of its own, under limits.

    python -m actions.cases.photo_child < picture > photo.jpeg

What comes back begins with `J` and is the JPEG, or begins with `R` and is the sentence that refuses it.
"""

import io
import sys
import warnings
from typing import TYPE_CHECKING

from knowledge.confined import limit

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_MEMORY, MOST_CPU_S, MOST_OUTPUT = 700_000_000, 15, 20_000_000
# JPEGs are decoded at an eighth to half of their size; others whole, three bytes or more a pixel.
_MOST_PIXELS, _MOST_PIXELS_OF_JPEG = 40_000_000, 120_000_000
_LONGEST_SIDE = 2000
_TOO_LARGE = "照片尺寸太大了，请换一张小一点的。"


class Unreadable(Exception):
    """With the sentence that is told, or none."""


def plain_jpeg(data: bytes) -> bytes:
    """Pixels only, upright, at most 2000 a side. Raises Unreadable, MemoryError."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS_OF_JPEG
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged picture is shown as far as it goes, or refused
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as found:
                most = _MOST_PIXELS_OF_JPEG if found.format == "JPEG" else _MOST_PIXELS
                if found.width * found.height > most:
                    raise Unreadable(_TOO_LARGE)
                found.draft(None, (_LONGEST_SIDE, _LONGEST_SIDE))
                # 16 bits of grey would all turn white.
                shown = found.point(lambda value: value / 256, "L") if found.mode.startswith("I") else found
                # Small before it is copied: turning and converting each hold a second picture.
                small = _small(shown)
                turned = ImageOps.exif_transpose(small).convert("RGB")
    except (Unreadable, MemoryError):
        raise
    # readers of damaged files raise whatever they trip over: struct.error, KeyError, ZeroDivisionError
    except Exception as error:
        raise Unreadable from error
    plain = Image.new("RGB", turned.size)
    plain.paste(turned)  # pixels only: what the file carried besides stays behind
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=85)
    return out.getvalue()


def _small(shown: "Image") -> "Image":
    if shown.mode not in ("L", "RGB", "RGBA", "CMYK"):  # palettes and single bits have nothing between two colours
        shown = shown.convert("RGBA" if "transparency" in shown.info else "RGB")
    shown.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE), reducing_gap=2.0)
    return shown


def main() -> int:
    limit(memory=MOST_MEMORY, cpu_s=MOST_CPU_S, output=MOST_OUTPUT)
    try:
        answer = b"J" + plain_jpeg(sys.stdin.buffer.read())
    except Unreadable as error:
        answer = b"R" + str(error).encode()
    except MemoryError:
        answer = b"R" + _TOO_LARGE.encode()
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Pictures are decoded in a process of their own, small, a few at a time."""

import io
import subprocess
import sys

import pytest
from PIL import Image

from actions.cases import photos
from actions.cases.photo_child import MOST_MEMORY
from actions.cases.photos import PhotoRefused, PhotosBusy, clean_photo
from bot.settings import ROOT
from knowledge.confined import Busy, Overran


def made(kind: str, size: tuple[int, int], mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "brown").save(out, kind)
    return out.getvalue()


@pytest.mark.slow
def test_a_telephones_48_megapixels_are_kept_small() -> None:
    clean = clean_photo(made("JPEG", (8000, 6000)))
    assert (clean.width, clean.height) == (2000, 1500)


_FOUR_AT_ONCE = """
import resource, sys, threading
from actions.cases.photos import clean_photo

bomb, found = sys.stdin.buffer.read(), []
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
threads = [threading.Thread(target=lambda: found.append(clean_photo(bomb))) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print([(clean.width, clean.height) for clean in found] == 4 * [(2000, 2000)])
print(grown * 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


@pytest.mark.slow
def test_what_a_picture_takes_is_not_taken_from_the_app() -> None:
    """Ten black pictures of 116 kB took 6.6 GB of the app, and it never gave them back (red team C2). In a process of
    its own: a child begins with the size of its parent, and other tests have made this one large.
    """
    bomb = made("PNG", (6300, 6300), "RGBA")
    done = subprocess.run([sys.executable, "-c", _FOUR_AT_ONCE], input=bomb, capture_output=True, check=True, cwd=ROOT)
    are_clean, figures = done.stdout.decode().split("\n")[:2]
    grown, of_a_child = map(int, figures.split())
    assert are_clean == "True"
    assert grown < 100_000_000
    assert of_a_child < MOST_MEMORY


@pytest.mark.parametrize(("ending", "refusal"), [(Busy(), PhotosBusy), (Overran(), PhotoRefused)])
def test_a_child_that_can_not_be_had_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, ending: Exception, refusal: type[PhotoRefused]
) -> None:
    def run(*_: object) -> bytes:
        raise ending

    monkeypatch.setattr(photos._CHILD, "run", run)
    with pytest.raises(PhotoRefused) as told:
        clean_photo(made("PNG", (10, 10)))
    assert type(told.value) is refusal

"""The guide for clerks and overseers says what there is: its buttons, its pages, its pictures."""

import re

import pytest
from PIL import Image

from bot.settings import ROOT
from bot.web.affairs.registry import SUBJECTS
from tests.bot.world import World

GUIDE = (ROOT / "docs" / "guide-village.zh-CN.md").read_text(encoding="utf-8")
FOLDER = ROOT / "docs" / "images" / "village"
PICTURES = re.findall(r"!\[[^\]]+\]\(images/village/([a-z-]+\.png)\)", GUIDE)
BUTTONS = sorted(set(re.findall(r"按“([^”]+)”", GUIDE)))
PAGES = sorted(set(re.findall(r"在“([^”]+)”里", GUIDE)))
MOST_BYTES = 60_000


def _templates() -> str:
    folders = (ROOT / "bot" / "templates" / "staff" / "village", ROOT / "bot" / "templates" / "village")
    return "\n".join(file.read_text(encoding="utf-8") for folder in folders for file in sorted(folder.rglob("*.html")))


def test_the_guide_names_buttons_and_pages() -> None:
    assert len(BUTTONS) >= 15
    assert len(PAGES) >= 3


@pytest.mark.parametrize("button", BUTTONS)
def test_every_button_that_the_guide_names_exists(button: str) -> None:
    label = re.escape(button)
    drawn = rf"<button[^>]*>\s*{label}\s*</button>|press\(\"[a-z-]+\", \"{label}\""
    assert re.search(drawn, _templates()), button


@pytest.mark.parametrize("page", PAGES)
def test_every_page_that_the_guide_names_exists(page: str) -> None:
    assert page in {subject.name for subject in SUBJECTS} or f">{page}</h2>" in _templates(), page


def test_its_pictures_are_there_small_and_no_others() -> None:
    assert sorted(PICTURES) == sorted(file.name for file in FOLDER.iterdir())
    assert 6 <= len(PICTURES) <= 8
    for name in PICTURES:
        assert (FOLDER / name).stat().st_size <= MOST_BYTES, name
        assert Image.open(FOLDER / name).size[0] in (360, 1280), name


def test_the_console_shows_it(world: World) -> None:
    client = world.enter("overseer")
    assert 'href="/staff/village/guide"' in client.get("/staff/village").text
    page = client.get("/staff/village/guide")
    assert page.status_code == 200
    assert "从第一张纸条" in page.text
    for name in PICTURES:
        assert f'src="/staff/village/guide/{name}"' in page.text
        picture = client.get(f"/staff/village/guide/{name}")
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    for name in ("nothing", "..%2F..%2Fchat", "%2e%2e", "a" * 60):
        assert client.get(f"/staff/village/guide/{name}.png").status_code == 404, name
    assert world.enter("grid_worker").get("/staff/village/guide").status_code == 403

"""书屋 on the village's page and its table in the console."""

import pytest

from bot.staff.models import Role, Staff
from tests.bot.world import ATTACK, HASH, World

AT = "/staff/village/events/shelf"
TABLE = "种类,名称,作者,编号,数量,放在哪里,说明\n书,西游记,吴承恩,A001,2,一排,\n器材,折叠梯,,T1,1,仓库,\n"


@pytest.fixture
def there(world: World) -> World:
    with world.sessions() as session:
        session.add(Staff(login="own", name="监督的人", password_hash=HASH, role=Role.overseer, place_id="lijiagou"))
        session.add(Staff(login="scribe", name="文书的人", password_hash=HASH, role=Role.clerk, place_id="lijiagou"))
        session.commit()
    return world


def test_a_table_is_looked_at_then_taken_and_everybody_reads_it(there: World) -> None:
    clerk, visitor = there.enter("scribe"), there.visitor()
    assert "书屋" not in visitor.get("/v/lijiagou").text
    looked = clerk.post(f"{AT}/import", data={"place": "lijiagou", "table": TABLE, "do": "check"})
    assert looked.status_code == 200
    assert "2 行都对，还没有导入" in looked.text
    assert "还没有登记书和器材" in visitor.get("/v/lijiagou/shelf").text
    taken = clerk.post(f"{AT}/import", data={"place": "lijiagou", "table": TABLE, "do": "import"})
    assert taken.headers["location"] == f"{AT}?place=lijiagou&done=import"
    page = visitor.get("/v/lijiagou/shelf")
    assert "《西游记》" in page.text
    assert "折叠梯" in page.text
    assert "<script" not in page.text
    assert "书屋里有 2 种" in visitor.get("/v/lijiagou").text
    found = visitor.get("/v/lijiagou/shelf", params={"q": "吴承恩"}).text
    assert "找到 1 种" in found
    assert "折叠梯" not in found
    assert "现在有 2 种" in clerk.get(AT).text


def test_one_bad_line_and_nothing_is_taken(there: World) -> None:
    clerk = there.enter("scribe")
    bad = clerk.post(f"{AT}/import", data={"place": "lijiagou", "table": f"{TABLE}药,甲,,,,,\n", "do": "import"})
    assert bad.status_code == 422
    assert "第 4 行：“种类”里的“药”不认得" in bad.text
    assert "还没有登记书和器材" in there.visitor().get("/v/lijiagou/shelf").text


def test_what_attacks_stands_as_text_and_a_neighbours_or_an_overseers_form_is_refused(there: World) -> None:
    clerk = there.enter("scribe")
    sent = {"place": "lijiagou", "table": f"名称\n{ATTACK}\n", "do": "import"}
    assert clerk.post(f"{AT}/import", data=sent).status_code == 303
    page = there.visitor().get("/v/lijiagou/shelf", params={"q": ATTACK[:10]}).text
    assert ATTACK not in page
    assert "&lt;script&gt;" in page
    assert there.enter("own").post(f"{AT}/import", data=sent).status_code == 403
    assert clerk.post(f"{AT}/import", data={**sent, "place": "qingshi"}).status_code in (403, 404)
    assert clerk.post(f"{AT}/import", data={"place": "lijiagou", "do": "import"}).status_code == 422
    assert clerk.get(f"{AT}/empty.csv").content.decode("utf-8-sig").startswith("种类,名称")

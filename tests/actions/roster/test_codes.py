"""A slip of the pen is told from a guess."""

from hypothesis import given
from hypothesis import strategies as st

from actions.roster import codes

CODES = st.lists(st.sampled_from(codes.ALPHABET), min_size=9, max_size=9).map(
    lambda nine: "".join(nine) + codes._check("".join(nine))
)


def test_the_alphabet_has_32_letters_none_of_which_reads_as_another() -> None:
    assert len(set(codes.ALPHABET)) == len(codes.ALPHABET) == 32
    assert not set(codes.ALPHABET) & set("01IO")


def test_a_new_code_is_well_formed_and_another_each_time() -> None:
    made = {codes.new_code() for _ in range(200)}
    assert len(made) == 200
    assert all(codes.is_well_formed(code) for code in made)


@given(CODES)
def test_every_wrong_character_is_noticed(code: str) -> None:
    for place in range(codes.LENGTH):
        for other in codes.ALPHABET:
            wrong = code[:place] + other + code[place + 1 :]
            assert codes.is_well_formed(wrong) == (wrong == code)


@given(CODES)
def test_any_two_that_changed_places_are_noticed(code: str) -> None:
    for one in range(codes.LENGTH):
        for other in range(one + 1, codes.LENGTH):
            letters = list(code)
            letters[one], letters[other] = letters[other], letters[one]
            wrong = "".join(letters)
            assert codes.is_well_formed(wrong) == (wrong == code)


def test_people_write_it_as_they_like() -> None:
    code = codes.new_code()
    for written in (code.lower(), codes.spaced(code), f" {code[:5]}-{code[5:]}。", code.translate(_WIDE)):
        assert codes.read(written) == code
        assert codes.looks_like(written)
    assert codes.read("1I") == "LL"


def test_what_is_no_code_does_not_look_like_one() -> None:
    for said in ("我没有纸条", "13800001234", "0312555012", "路灯装东头", "", "ABC", "A" * 500):
        assert not codes.looks_like(said)
        assert not codes.is_well_formed(codes.read(said))


def test_the_hash_depends_on_the_village_and_the_pepper() -> None:
    code = codes.new_code()
    before = codes._pepper
    here = codes.digest("lijiagou", code)
    assert len(here) == 64
    assert code not in here
    assert here != codes.digest("qingshi", code)
    try:
        codes.use_pepper(lambda: "another")
        assert here != codes.digest("lijiagou", code)
    finally:
        codes._pepper = before


_WIDE = {ord(c): ord(c) + 0xFEE0 for c in codes.ALPHABET}

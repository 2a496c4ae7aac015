"""Case numbers that people can say on the phone: day, counter and a check digit, eleven digits in all.

`26112400718` is written 261124-007-18: six digits of the day, three or more of the counter, two of the check. ISO 7064
MOD 97-10 (python-stdnum) finds every single wrong digit and every swap of neighbours. The place stands before it in
words. A number alone opens nothing: progress also needs the phone's last four digits or the conversation.
"""

import re
from datetime import date

from stdnum.iso7064 import mod_97_10

_NUMBER = re.compile(r"(?<!\d)(\d{6})[-—－\s]?(\d{3,6}?)[-—－\s]?(\d{2})(?!\d)")


def make(day: date, counter: int) -> str:
    body = f"{day:%y%m%d}{counter:03d}"
    return body + str(mod_97_10.calc_check_digits(body))


def spoken(number: str) -> str:
    return f"{number[:6]}-{number[6:-2]}-{number[-2:]}"


def after(text: str) -> str:
    """What is said of the case whose number the text begins with; the whole text where it begins with none."""
    return re.sub(rf"^{_NUMBER.pattern}\s*", "", text)


def find(text: str) -> tuple[str | None, bool]:
    """The number in a text and whether its check digits fit; (None, True) when there is none.

    A phone number is none.
    """
    for match in _NUMBER.finditer(text):
        digits = "".join(match.groups())
        if len(digits) == 11 and digits.startswith("1") and not mod_97_10.is_valid(digits):
            continue  # looks like a mobile phone
        return digits, bool(mod_97_10.is_valid(digits))
    return None, True

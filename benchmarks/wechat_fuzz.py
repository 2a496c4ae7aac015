"""Coverage-guided bytes for what reads WeChat's requests: `python -m benchmarks.wechat_fuzz CORPUS -max_total_time=75`,
where `atheris` is installed. It stays out of the project's environments: 35 MB for what Hypothesis does in the
suite; this looks longer and deeper.
"""

import contextlib
import sys

import atheris

with atheris.instrument_imports(
    include=[
        "bot.channels.wechat.wire.crypto",
        "bot.channels.wechat.wire.text",
        "bot.channels.wechat.wire.xml",
        "defusedxml",
    ]
):
    from bot.channels.wechat.wire.crypto import MessageCipher, WechatRefused
    from bot.channels.wechat.wire.text import chosen, is_only_signs, pieces
    from bot.channels.wechat.wire.xml import read, read_fields

_CIPHER = MessageCipher(key="kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", appid="wx49f0ab532d5d035a")


def once(data: bytes) -> None:
    """Anything but a refusal is a fault, and ends the run."""
    for reads in (
        lambda: read(data),
        lambda: _CIPHER.open(read_fields(data).get("Encrypt", "")),
        lambda: _CIPHER.open(data.decode("latin-1")),
    ):
        with contextlib.suppress(WechatRefused):
            reads()
    text = data.decode("utf-8", "ignore")
    is_only_signs(text)
    chosen(text, [{"title": "好"}])
    assert "".join("".join(pieces(text)).split()) == "".join(text.split())


if __name__ == "__main__":
    atheris.Setup(sys.argv, once)
    atheris.Fuzz()

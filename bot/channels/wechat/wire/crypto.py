"""WeChat's signatures and its safe mode, byte for byte as the official account documentation has them.

Source: 微信公众平台 开发文档, 接入指南 (signature) and 消息加解密说明 (AES-256-CBC, PKCS7 to blocks of 32 bytes, appid
at the end).
"""

import base64
import hmac
import secrets
import struct
from binascii import Error as Base64Error
from hashlib import sha1

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32
_SALT = 16
WINDOW_S = 300  # older requests are refused, so that a recorded one can't be played again for long


class WechatRefused(Exception):
    """A request that WeChat didn't send, or not to this account. Why is never told to the sender."""


def signature(*parts: str) -> str:
    """Of a request `(token, timestamp, nonce)`, of a sealed message `(token, timestamp, nonce, encrypted)`: 40 hex
    digits.
    """
    return sha1("".join(sorted(parts)).encode(errors="surrogatepass")).hexdigest()


def check_signature(given: str, *parts: str) -> None:
    """In the same time whatever is wrong. Raises WechatRefused."""
    if not hmac.compare_digest(signature(*parts).encode(), given.encode(errors="surrogatepass")):
        raise WechatRefused("signature")


def check_time(timestamp: str, *, now: float) -> None:
    """Raises WechatRefused for a time that isn't one or lies more than WINDOW_S away."""
    if (
        not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12)
        or abs(int(timestamp) - now) > WINDOW_S
    ):
        raise WechatRefused("timestamp")


class MessageCipher:
    """Seals and opens the messages of one account. `key`: the EncodingAESKey, 43 characters of base64."""

    def __init__(self, *, key: str, appid: str) -> None:
        try:
            self._key = base64.b64decode(key + "=", validate=True)
        except (Base64Error, ValueError) as error:
            raise ValueError("EncodingAESKey must be 43 characters of base64") from error
        if len(key) != 43 or len(self._key) != 32:
            raise ValueError("EncodingAESKey must be 43 characters of base64")
        self._appid = appid.encode()

    def seal(self, text: str, *, salt: bytes | None = None) -> str:
        """Base64. `salt`: 16 bytes, random unless a test fixes them."""
        data = text.encode()
        plain = (salt or secrets.token_bytes(_SALT)) + struct.pack(">I", len(data)) + data + self._appid
        pad = _BLOCK - len(plain) % _BLOCK
        cipher = self._cipher().encryptor()
        return base64.b64encode(cipher.update(plain + bytes([pad]) * pad) + cipher.finalize()).decode()

    def open(self, sealed: str) -> str:
        """Raises WechatRefused for anything that wasn't sealed with this key for this appid, after the same work
        whatever is wrong with it. Check the signature too: CBC alone proves nothing.
        """
        try:
            data = base64.b64decode(sealed, validate=True)
        except (Base64Error, ValueError):
            data = b""
        is_whole = len(data) >= _BLOCK and len(data) % 16 == 0
        cipher = self._cipher().decryptor()
        plain = cipher.update(data if is_whole else bytes(_BLOCK)) + cipher.finalize()
        pad = plain[-1] if 1 <= plain[-1] <= _BLOCK else 1
        is_padded = (
            hmac.compare_digest(plain[-pad:], bytes([plain[-1]]) * pad)
            and 1 <= plain[-1] <= _BLOCK
            and len(plain) - pad >= _SALT + 4
        )
        body = plain[_SALT:-pad] if is_padded else bytes(_SALT + 4)
        end = 4 + int(struct.unpack(">I", body[:4])[0])
        is_ours = hmac.compare_digest(body[end:], self._appid)
        if not (is_whole and is_padded and is_ours):
            raise WechatRefused("length" if not is_whole else "padding" if not is_padded else "appid")
        try:
            return body[4:end].decode()
        except UnicodeDecodeError:
            raise WechatRefused("text") from None

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))

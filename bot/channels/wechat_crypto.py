"""WeChat's signatures and its safe mode, byte for byte as the official account documentation has them.

Source: 微信公众平台 开发文档, 接入指南 (signature) and 消息加解密说明 (AES-256-CBC, PKCS7 to blocks of 32 bytes, appid at the end).
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
    """Of a request `(token, timestamp, nonce)`, of a sealed message `(token, timestamp, nonce, encrypted)`: 40 hex digits."""
    return sha1("".join(sorted(parts)).encode(errors="surrogatepass")).hexdigest()


def check_signature(given: str, *parts: str) -> None:
    """In the same time whatever is wrong. Raises WechatRefused."""
    if not hmac.compare_digest(signature(*parts).encode(), given.encode(errors="surrogatepass")):
        raise WechatRefused("signature")


def check_time(timestamp: str, *, now: float) -> None:
    """Raises WechatRefused for a time that isn't one or lies more than WINDOW_S away."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12) or abs(int(timestamp) - now) > WINDOW_S:
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
        """Raises WechatRefused for anything that wasn't sealed with this key for this appid. Check the signature first."""
        try:
            data = base64.b64decode(sealed, validate=True)
        except (Base64Error, ValueError):
            raise WechatRefused("base64") from None
        if not data or len(data) % 16:
            raise WechatRefused("length")
        cipher = self._cipher().decryptor()
        plain = cipher.update(data) + cipher.finalize()
        pad = plain[-1]
        if not 1 <= pad <= _BLOCK or plain[-pad:] != bytes([pad]) * pad or len(plain) - pad < _SALT + 4:
            raise WechatRefused("padding")
        body = plain[_SALT:-pad]
        end = 4 + int(struct.unpack(">I", body[:4])[0])
        if not hmac.compare_digest(body[end:], self._appid):
            raise WechatRefused("appid")
        try:
            return body[4:end].decode()
        except UnicodeDecodeError:
            raise WechatRefused("text") from None

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))

"""A file that only the passphrase opens: AES-256-GCM in pieces, so that memory doesn't grow with it.

STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): each piece's nonce holds its number and whether it is the last, so
pieces can't be left out, exchanged or cut off. The key is scrypt's (RFC 7914) over the passphrase.
"""

import os
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from bot.keeping.errors import BackupDamaged, PassphraseWrong

MAGIC = b"LINLI SEALED 1\n"
_SALT, _PREFIX, _TAG = 16, 7, 16
_PIECE = 1 << 20
_COST = 1 << 15  # 32 MB and about a tenth of a second


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(passphrase.encode()))


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([is_last])


class Sealing:
    """Takes what is written and hands it on sealed. `close` writes the last piece; without it the file doesn't open."""

    def __init__(self, out: IO[bytes], passphrase: str) -> None:
        salt, self._prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        self._out, self._cipher = out, _cipher(passphrase, salt)
        self._waiting, self._number = bytearray(), 0
        out.write(MAGIC + salt + self._prefix)

    def write(self, data: bytes) -> int:
        self._waiting += data
        while len(self._waiting) > _PIECE:  # the last piece is never empty but for an empty file
            self._seal(bytes(self._waiting[:_PIECE]), is_last=False)
            del self._waiting[:_PIECE]
        return len(data)

    def flush(self) -> None:
        """Pieces go out when they are full."""

    def close(self) -> None:
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, piece: bytes, *, is_last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._prefix, self._number, is_last=is_last), piece, MAGIC))
        self._number += 1


class Opening:
    """Reads what Sealing wrote. Raises PassphraseWrong at the first piece, BackupDamaged later."""

    def __init__(self, read: IO[bytes], passphrase: str) -> None:
        head = read.read(len(MAGIC) + _SALT + _PREFIX)
        if not head.startswith(MAGIC) or len(head) < len(MAGIC) + _SALT + _PREFIX:
            raise BackupDamaged("这个文件不完整，开头就缺了。")
        salt, self._prefix = head[len(MAGIC) : len(MAGIC) + _SALT], head[len(MAGIC) + _SALT :]
        self._read, self._cipher = read, _cipher(passphrase, salt)
        self._ahead, self._number = read.read(_PIECE + _TAG), 0
        self._opened = bytearray()

    def read(self, size: int = -1) -> bytes:
        while self._ahead and (size < 0 or len(self._opened) < size):
            self._opened += self._next()
        taken = bytes(self._opened if size < 0 else self._opened[:size])
        del self._opened[: len(taken)]
        return taken

    def _next(self) -> bytes:
        piece, self._ahead = self._ahead, self._read.read(_PIECE + _TAG)
        try:
            opened = self._cipher.decrypt(_nonce(self._prefix, self._number, is_last=not self._ahead), piece, MAGIC)
        except InvalidTag as error:
            if self._number == 0:
                raise PassphraseWrong("口令不对，或者文件坏了。") from error
            raise BackupDamaged("这个文件坏了：中间有内容被改过，或者后面缺了一截。") from error
        self._number += 1
        return opened

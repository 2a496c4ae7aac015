"""What a stolen database or backup must not tell: sealed under a key that stands in neither."""

import base64
import binascii
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_MARK, _NONCE = "v1.", 12  # base32 has no dot, so an unsealed secret of before is told from a sealed one


@dataclass(frozen=True)
class Vault:
    """AES-256-GCM. What is sealed for one owner opens for no other, so rows can't be swapped."""

    key: bytes  # 32

    @classmethod
    def of(cls, secret: str) -> "Vault":
        """From a secret of the home: backups made with `--secrets` hold it, whenever they were made."""
        return cls(HKDF(SHA256(), 32, salt=None, info=b"linli second factor").derive(secret.encode()))

    def seal(self, text: str, *, owner: str) -> str:
        nonce = os.urandom(_NONCE)
        sealed = nonce + AESGCM(self.key).encrypt(nonce, text.encode(), owner.encode())
        return _MARK + base64.urlsafe_b64encode(sealed).decode()

    def open(self, kept: str, *, owner: str) -> str | None:
        """None: sealed under another key, as after a restore without the secrets. What was never sealed is itself."""
        if not is_sealed(kept):
            return kept
        try:
            sealed = base64.urlsafe_b64decode(kept.removeprefix(_MARK))
            return AESGCM(self.key).decrypt(sealed[:_NONCE], sealed[_NONCE:], owner.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError):
            return None


def is_sealed(kept: str) -> bool:
    return kept.startswith(_MARK)

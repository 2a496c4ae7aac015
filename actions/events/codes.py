"""The code that somebody gets who signs up or borrows: to be found by, to undo with."""

import secrets

LETTERS, LENGTH = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ", 8  # 40 bits; no slip of a participant is so short


def new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))

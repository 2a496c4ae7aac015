"""Why something wasn't kept or put back. Each says in Chinese, in a sentence or two, what to do.

KeepingError
├── BackupFailed        nothing was kept: the database is damaged, a tool or room is missing
├── BackupDamaged       a file isn't what was written, or isn't a backup
├── PassphraseWrong     it is sealed, and not with this passphrase
└── RestoreRefused      what is there would be lost, or is in use; nothing was changed
"""

HOW_TO_STOP = "请先停下：在运行它的窗口按 Ctrl-C，或者运行 linli stop（用 systemd 的，systemctl stop linli），再恢复。"


class KeepingError(Exception):
    pass


class BackupFailed(KeepingError):
    pass


class BackupDamaged(KeepingError):
    pass


class PassphraseWrong(KeepingError):
    pass


class RestoreRefused(KeepingError):
    pass

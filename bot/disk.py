"""Whether the disk still takes what people say, and what went wrong with a file, in words."""

import errno
import os
import shutil
from pathlib import Path

LEAST = 200 * 2**20  # then nothing is promised any more
LOW = 2 * 2**30  # then a person should see to it

_WRONG = {
    errno.ENOSPC: "磁盘满了，请腾出空间再试",
    errno.EDQUOT: "磁盘满了，请腾出空间再试",
    errno.EFBIG: "磁盘满了，或者这块盘放不下这么大的文件",
    errno.ENOENT: "没有找到",
    errno.ENOTDIR: "路径不对",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.EACCES: "没有权限读写，请用运行邻里的那个账号（比如 sudo -u linli linli ……）",
    errno.EPERM: "没有权限读写，请用运行邻里的那个账号（比如 sudo -u linli linli ……）",
    errno.EROFS: "这块盘只能读，不能写",
    errno.EIO: "硬盘读写出错，多半是坏了，或者没有接好",
    errno.ENODEV: "连不上，请看看硬盘接好没有",
    errno.ESTALE: "共享文件夹断了，请重新接上",
    errno.ENOTCONN: "共享文件夹断了，请重新接上",
    errno.EHOSTDOWN: "连不上那台机器",
    errno.EHOSTUNREACH: "连不上那台机器",
}


def said(error: OSError) -> str:
    """A sentence without its full stop for whoever looks after this machine: what is wrong, and with which file."""
    wrong = _WRONG.get(error.errno or 0) or error.strerror or str(error)
    return f"{wrong}：{error.filename}" if error.filename else wrong


def takes_more(folder: Path) -> bool:
    """A small file is written there, and there is room for more."""
    probe = folder / f".room.{os.getpid()}"
    try:
        with probe.open("wb") as file:
            file.write(b"0" * 65_536)
            file.flush()
            os.fsync(file.fileno())
        return free(folder) >= LEAST
    except OSError:
        return False
    finally:
        probe.unlink(missing_ok=True)


def free(folder: Path) -> int:
    """Bytes. Raises OSError."""
    return shutil.disk_usage(folder).free

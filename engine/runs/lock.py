"""A folder's lock for a whole run: one process works in it, on this machine or another that sees the same disk.

hold   take the lock or refuse, naming who has it; gives the Lock to release
Lock   the taken lock

The lock is a file that only one process can create, and it says who did. Where the file system can, its holder also
holds it by the operating system, which lets go however the process ends; the lock of a killed process is then free at
once. Elsewhere (some network disks, another machine, Windows) it is free when its run was not heard of for a while.
No library does both: filelock's locks either ask the operating system, or ask the table of processes of this machine.
"""

import json
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.errors import BadInput
from engine.runs import files
from engine.runs.status import DEAD_AFTER, age, now, read_status

try:
    import fcntl
except ImportError:  # Windows: the heartbeat alone tells
    fcntl = None  # type: ignore[assignment]

LOCK = "lock"


class Lock:
    """A lock that this process holds."""

    def __init__(self, path: Path, handle: int, content: bytes) -> None:
        self.path, self._handle, self._content = path, handle, content

    def check(self) -> None:
        """Raises BadInput if another process has taken the folder over, as after a long sleep of this machine."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return
        if content != self._content:
            raise BadInput(f"{self.path.parent} was taken over by {_name(_read(self.path))}; let it go on there")

    def release(self) -> None:
        """Let go of the folder; it may have vanished."""
        try:
            with suppress(OSError):
                if self.path.read_bytes() == self._content:
                    self.path.unlink()
        finally:
            os.close(self._handle)


def hold(directory: Path) -> Lock:
    """Take the lock of a folder. Raises BadInput while another process holds it, and OSError."""
    path = directory / LOCK
    with files.locked(directory):
        if path.exists():
            if _is_held(path):
                raise _refusal(path)
            path.unlink(missing_ok=True)
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o644)
        except FileExistsError:  # another machine was faster
            raise _refusal(path) from None
        content = json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "time": now()}).encode()
        try:
            if fcntl is not None:
                with suppress(OSError):
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(handle, content)
            os.fsync(handle)
        except BaseException:
            os.close(handle)
            raise
    return Lock(path, handle, content)


def _is_held(path: Path) -> bool:
    owner = _read(path)
    if fcntl is not None:
        handle = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if owner.get("host") in (socket.gethostname(), None):
                return False
        except BlockingIOError:
            return True
        except OSError:
            pass  # no such locks here
        finally:
            os.close(handle)
    status = read_status(path.parent)
    heard = [owner.get("time", "")]
    if status is not None and (status.host, status.pid) == (owner.get("host"), owner.get("pid")):
        heard.append(status.heartbeat)
    return min(map(age, heard)) < DEAD_AFTER


def _read(path: Path) -> dict[str, Any]:
    """What a lock says: host, pid and time; nothing for one that was cut off while it was written."""
    try:
        owner = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return owner if isinstance(owner, dict) else {}


def _refusal(path: Path) -> BadInput:
    return BadInput(
        f"{path.parent} is in use by {_name(_read(path))}; wait until it has ended, or choose another --out"
    )


def _name(owner: dict[str, Any]) -> str:
    return f"process {owner.get('pid', '?')} on {owner.get('host', 'an unknown machine')}"

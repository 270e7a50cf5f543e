"""Files that are whole or absent, whatever moment a write is killed at.

write       replace one file
locked      hold a folder against every other reader and writer of its state
commit      replace several files of a folder in one step
settle      finish or undo what a killed `commit` or `replace` left behind
locate      where a file of a folder's state is now
replace     `write` for one who holds the lock
unwritable  the sentence for a folder or disk that refused a write

A commit writes the new files into `.checkpoint.next`, flushes them, and renames that folder to `.checkpoint.commit`.
The rename is the one moment at which the new state begins: killed before it, the old state stands; killed after it,
`settle` moves the remaining files into place. A name that the new state lacks is recorded as an empty `NAME.absent`.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import BadInput

try:
    import fcntl
except ImportError:  # Windows has no folder locks: one writer at a time is the user's duty there
    fcntl = None  # type: ignore[assignment]

NEXT, COMMIT, ABSENT = ".checkpoint.next", ".checkpoint.commit", ".absent"


def write(path: str | Path, content: str | bytes) -> None:
    """Write a file whole: its readers see the old content or the new. Missing folders are made.

    Text is UTF-8, line ends as they are. Raises BadInput when the place cannot be written.
    """
    path = Path(path).expanduser()
    content = content.encode() if isinstance(content, str) else content
    try:
        path = path.resolve()  # a link stays, and what it points at is replaced
        if path.exists() and not path.is_file():  # a terminal or a pipe is written to, not replaced
            path.write_bytes(content)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.parent):
            replace(path, content)
    except OSError as error:
        raise unwritable(path, error) from None


def replace(path: Path, content: bytes) -> None:
    """Replace a file whole. Needs the folder's lock; raises OSError."""
    temporary = _temporary(path)
    try:
        _write(temporary, content)
        os.replace(temporary, path)
    except Exception:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _flush(path.parent)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold a folder's lock; waits for its holder, and is not reentrant. Ends with the process and leaves no file.

    A file system without locks is used without.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):  # said, not left to close: a forked child may hold the same handle
            fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def commit(directory: Path, files: Mapping[str, bytes | None]) -> None:
    """Replace these files of a folder in one step; None takes a file away. Needs the lock; raises OSError."""
    settle(directory, files)
    following = directory / NEXT
    try:
        os.mkdir(following)
        for name, content in files.items():
            _write(following / (f"{name}{ABSENT}" if content is None else name), content or b"")
        _flush(following)
        os.rename(following, directory / COMMIT)
    except Exception:
        shutil.rmtree(following, ignore_errors=True)
        raise
    _flush(directory)
    settle(directory, files)


def settle(directory: Path, names: Iterable[str]) -> None:
    """Roll a begun commit forward; drop an unfinished one and these names' half-written files.

    Does nothing in a settled folder. Needs the lock; raises OSError.
    """
    committed = directory / COMMIT
    if committed.is_dir():
        for name in sorted(os.listdir(committed)):
            if name.endswith(ABSENT):
                (directory / name.removesuffix(ABSENT)).unlink(missing_ok=True)
                (committed / name).unlink()
            else:
                os.replace(committed / name, directory / name)
        _flush(directory)
        os.rmdir(committed)
    if (directory / NEXT).is_dir():
        shutil.rmtree(directory / NEXT)
    for name in names:
        _temporary(directory / name).unlink(missing_ok=True)


def locate(directory: Path, name: str) -> Path | None:
    """The file that holds `name` in the folder's state, also where `settle` may not write; None if it has none."""
    committed = directory / COMMIT
    if (committed / f"{name}{ABSENT}").exists():
        return None
    return next((path for path in (committed / name, directory / name) if path.is_file()), None)


def unwritable(path: Path, error: OSError) -> BadInput:
    """The sentence for a write that failed."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        fix = "free some space on this disk"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        fix = "choose a folder you may write to"
    else:
        fix = "choose another path"
    return BadInput(f"cannot write {path} ({error.strerror or error}); {fix}")


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


def _write(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush(directory: Path) -> None:
    """Make a folder's renames survive a power cut, where folders can be flushed (not on Windows)."""
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

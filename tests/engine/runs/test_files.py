"""Atomic writes: killed at any moment, a file or a folder's state is the old one or the new one, whole."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.runs import files
from tests.engine.kills import Killed, dying, moments

NAMES = ("a.json", "b.bin", "c.log")
State = dict[str, bytes | None]
STATES = st.fixed_dictionaries({name: st.none() | st.binary(max_size=8) for name in NAMES})


@pytest.fixture(autouse=True, scope="module")
def no_waiting_for_the_disk():
    with mock.patch.object(os, "fsync"):
        yield


def put(directory: Path, state: State) -> None:
    with files.locked(directory):
        files.commit(directory, state)


def seen(directory: Path) -> State:
    """A folder's state as it lies there, unsettled or not."""
    found = {name: files.locate(directory, name) for name in NAMES}
    return {name: path and path.read_bytes() for name, path in found.items()}


def listing(directory: Path) -> set[str]:
    return set(os.listdir(directory))


@given(old=STATES, new=STATES, data=st.data())
def test_a_commit_killed_at_any_moment_leaves_the_old_state_or_the_new(old, new, data):
    with tempfile.TemporaryDirectory() as place:
        reference, directory = Path(place, "reference"), Path(place, "folder")
        for folder in (reference, directory):
            folder.mkdir()
            put(folder, old)
        last = moments(lambda: put(reference, new))
        after = data.draw(st.integers(0, last), label="killed after")
        with suppress(Killed), dying(after):
            put(directory, new)
        unsettled = seen(directory)
        assert unsettled in (old, new)
        if after == last:
            assert unsettled == new
        files.settle(directory, NAMES)
        assert seen(directory) == unsettled
        assert listing(directory) == {name for name, content in unsettled.items() if content is not None}


def test_settling_may_be_killed_as_well(tmp_path):
    old, new = {"a.json": b"1", "b.bin": b"1", "c.log": b"1"}, {"a.json": b"2", "b.bin": None, "c.log": b"2"}
    (tmp_path / "count").mkdir()
    put(tmp_path / "count", old)
    total = moments(lambda: put(tmp_path / "count", new))
    results = []
    for first in range(total):
        directory = tmp_path / str(first)
        directory.mkdir()
        put(directory, old)
        with suppress(Killed), dying(first):
            put(directory, new)
        state = seen(directory)
        for second in range(8):
            with suppress(Killed), dying(second):
                files.settle(directory, NAMES)
            assert seen(directory) == state
        results.append(state)
    assert results == sorted(results, key=lambda state: state == new)
    assert results[0] == old and results[-1] == new


def test_a_file_killed_while_written_is_the_old_one_or_the_new_one(tmp_path):
    path = tmp_path / "status.json"
    total = moments(lambda: files.write(path, "old"))
    contents = []
    for after in range(total + 1):
        files.write(path, "old")
        with suppress(Killed), dying(after):
            files.write(path, "new")
        contents.append(path.read_text())
    assert contents == sorted(contents, reverse=True)
    assert contents[0] == "old" and contents[-1] == "new"
    files.write(path, "last")
    assert listing(tmp_path) == {"status.json"}


def test_a_killed_process_leaves_a_whole_state(tmp_path):
    code = (
        "import itertools, pathlib, sys\n"
        "from engine.runs import files\n"
        "directory = pathlib.Path(sys.argv[1])\n"
        "for n in itertools.count():\n"
        "    with files.locked(directory):\n"
        f"        files.commit(directory, {{name: b'%d' % n * 1000 for name in {NAMES}}})\n"
        "    print(n, flush=True)\n"
    )
    for wait in (0.0, 0.003, 0.011, 0.02):
        with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE) as writer:
            assert writer.stdout.readline() == b"0\n"
            time.sleep(wait)
            os.kill(writer.pid, signal.SIGKILL)
            printed = writer.stdout.read().split()
        with files.locked(tmp_path):
            files.settle(tmp_path, NAMES)
        assert listing(tmp_path) == set(NAMES)
        first, *rest = seen(tmp_path).values()
        assert rest == [first, first]
        assert first[: len(first) // 1000] in {b"%d" % n for n in range(len(printed), len(printed) + 2)}


def test_a_reader_that_holds_the_lock_never_sees_a_mixture(tmp_path):
    put(tmp_path, dict.fromkeys(NAMES, b"0"))
    stop = threading.Event()

    def keep_writing():
        n = 0
        while not stop.is_set():
            n += 1
            put(tmp_path, dict.fromkeys(NAMES, b"%d" % n))

    writer = threading.Thread(target=keep_writing)
    writer.start()
    found = set()
    try:
        for _ in range(60):
            with files.locked(tmp_path):
                files.settle(tmp_path, NAMES)
                contents = set(seen(tmp_path).values())
            assert len(contents) == 1
            found |= contents
            time.sleep(0.001)
    finally:
        stop.set()
        writer.join()
    assert len(found) > 1


def test_writing_makes_folders_and_keeps_text_as_it_is(tmp_path):
    path = tmp_path / "new" / "deeper" / "note.txt"
    files.write(path, "α β\r\nγ\n")
    assert path.read_bytes() == "α β\r\nγ\n".encode()
    files.write(str(path), b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert listing(path.parent) == {"note.txt"}


def test_writing_through_a_link_keeps_the_link(tmp_path):
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    files.write(link, "new")
    assert link.is_symlink() and target.read_text() == "new"


def test_writing_to_a_pipe_does_not_replace_it(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()
    files.write(pipe, "through")
    reader.join()
    assert received == ["through"] and pipe.is_fifo()


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EACCES, "folder you may write to"),
        (errno.EROFS, "folder you may write to"),
        (errno.ENAMETOOLONG, "another path"),
    ],
)
def test_a_write_that_fails_keeps_the_old_file_and_names_the_fix(tmp_path, code, fix):
    path = tmp_path / "result.json"
    files.write(path, "old")
    failure = mock.patch.object(os, "fsync", side_effect=OSError(code, os.strerror(code)))
    with failure, pytest.raises(BadInput, match=fix) as caught:
        files.write(path, "new")
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert path.read_text() == "old"
    assert listing(tmp_path) == {"result.json"}


def test_a_commit_that_fails_keeps_the_old_state(tmp_path):
    put(tmp_path, dict.fromkeys(NAMES, b"old"))
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with mock.patch.object(os, "fsync", side_effect=full), pytest.raises(OSError):
        put(tmp_path, dict.fromkeys(NAMES, b"new"))
    assert seen(tmp_path) == dict.fromkeys(NAMES, b"old")
    assert listing(tmp_path) == set(NAMES)


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(BadInput, match="another path"):
        files.write(tmp_path, "text")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="another path"):
        files.write(tmp_path / "file" / "below", "text")

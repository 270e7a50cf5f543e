"""Fixtures of the engine's tests.

cli   runs a command line: exit code, stdout, stderr
"""

from collections.abc import Callable

import pytest

from engine.cli import main


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*argv: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(word) for word in argv])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run

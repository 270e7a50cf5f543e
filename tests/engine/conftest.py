"""Fixtures of the engine's tests.

cli        runs a command line: exit code, stdout, stderr
unfilled   networks are built without drawing their weights
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


@pytest.fixture
def unfilled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parameters are counted in half the time where no numbers are drawn for them."""
    import torch

    for name in ("kaiming_uniform_", "uniform_"):
        monkeypatch.setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)

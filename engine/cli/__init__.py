"""The command line, `python -m engine COMMAND`: arguments in, one engine call, text or one JSON object out.

main    runs a command line and returns its exit code: 0 done, 1 failure, 2 bad input, 130 interrupted
run     `main` on this process's own arguments: what `python -m engine` and the command `supernet` call

One file per command; `console` writes, `options` holds what commands share. Commands import torch when they run, so
that help, `spaces` and `lookup` answer at once.
"""

import re
import sys
from collections.abc import Sequence

import typer

from engine.cli import (
    analyse,
    bench,
    console,
    estimate,
    export,
    import_,
    info,
    lookup,
    retrain,
    runs,
    score,
    select,
    spaces,
    train,
    tune,
)
from engine.errors import BadInput

PROGRAM = "python -m engine"
COMMANDS = (
    spaces.spaces,
    info.info,
    score.score,
    select.select,
    tune.tune,
    import_.import_,
    export.export,
    train.train,
    retrain.retrain,
    lookup.lookup,
    runs.runs,
    estimate.estimate,
    bench.bench,
    analyse.analyse,
)

OUT_OF_MEMORY = re.compile("out of memory|can't allocate memory")

app = typer.Typer(
    help="Load or train supernets and measure what every candidate operation is worth.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in COMMANDS:
    app.command()(command)


def main(argv: Sequence[str]) -> int:
    """Run `python -m engine *argv`. Errors that a user can act on take one line on stderr."""
    console.tolerate_any_text()
    try:
        return app(list(argv), prog_name=PROGRAM, standalone_mode=False, obj=list(argv)) or 0
    except BadInput as problem:
        return console.fail(str(problem), 2)
    except typer.TyperException as problem:
        return console.fail(_usage(problem), problem.exit_code)
    except console.Failure as problem:
        return console.fail(str(problem), 1)
    except OSError as problem:
        return console.fail(f"{problem}; check the path and the space left on the disk", 1)
    except (MemoryError, RuntimeError) as problem:  # torch raises RuntimeError for both kinds of memory
        if isinstance(problem, RuntimeError) and not OUT_OF_MEMORY.search(str(problem)):
            raise
        return console.fail("out of memory; use a smaller --batch-size, fewer --images or --channels", 1)
    except SystemExit as stop:  # help text into a closed pipe
        return int(stop.code or 0)


def run() -> None:
    """Run the arguments of this process and end it."""
    sys.exit(main(sys.argv[1:]))


def _usage(problem: typer.TyperException) -> str:
    """The message of a usage error, with where to read on."""
    context = getattr(problem, "ctx", None)
    names = ", ".join(command.__name__ for command in COMMANDS)
    message = problem.format_message().rstrip(".")
    if message.lower().startswith(("no such command", "missing command")):
        return f"{message}; use one of: {names}"
    return f"{message}; see {context.command_path if context else PROGRAM} --help"

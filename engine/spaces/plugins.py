"""Operations of one's own: Python modules that list them. A checkpoint or a selection never makes one be imported.

load       import a module that the user named and take in its operations
module     the same without operations: a module, or a .py file
find       an operation of a loaded, installed or named plug-in
VARIABLE   the environment variable that names plug-ins

A plug-in is a module with `OPERATIONS`, a list of `OperationSpec`. It is found where it is installed with an entry
point of the group `supernet_explorer.operations` (its value is the module), where `VARIABLE` names its module or .py
file, or beside a declaration (a .toml file) that the user names.
"""

import os
import sys
from collections.abc import Iterator
from importlib import import_module, util
from importlib.metadata import entry_points
from pathlib import Path
from threading import RLock
from types import ModuleType

from engine.errors import BadInput
from engine.spaces.operations import BUILT_IN, OperationSpec

GROUP = "supernet_explorer.operations"
VARIABLE = "SUPERNET_EXPLORER_PLUGINS"
"""Modules and .py files with operations, separated as in PATH. Processes started from here inherit it."""

_loaded: dict[str, OperationSpec] = {}
_searched: set[str] = set()
_lock = RLock()


def load(module: str, folder: Path | None = None) -> tuple[OperationSpec, ...]:
    """Import a plug-in and take in its operations; MODULE.py in `folder` goes before what is installed.

    Raises BadInput for a module that cannot be imported or lists no operations.
    """
    file = None if folder is None else folder / f"{module}.py"
    if file is not None and file.is_file():
        specs = _take(_from_file(file))
        known = [name for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]
        if str(file.resolve()) not in known:  # for the processes that are started from here
            os.environ[VARIABLE] = os.pathsep.join([*known, str(file.resolve())])
        return specs
    return _take(_imported(module))


def module(name: str) -> ModuleType:
    """A module that the user named, or a .py file. Raises BadInput for one that cannot be imported."""
    return _from_file(Path(name)) if name.endswith(".py") else _imported(name)


def find(name: str) -> OperationSpec | None:
    """The operation of a plug-in that is loaded, installed, or named in the environment; None if none has it."""
    with _lock:
        if name not in _loaded:
            for plugin in _offered():
                if plugin not in _searched:
                    _searched.add(plugin)
                    _take(module(plugin))
        return _loaded.get(name)


def _offered() -> Iterator[str]:
    yield from (name for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name)
    yield from (point.value for point in entry_points(group=GROUP))


def _take(module: ModuleType) -> tuple[OperationSpec, ...]:
    specs = getattr(module, "OPERATIONS", None)
    if not isinstance(specs, list | tuple) or not all(isinstance(spec, OperationSpec) for spec in specs):
        raise BadInput(f"plug-in {module.__name__} needs OPERATIONS, a list of engine.OperationSpec; add it")
    for spec in specs:
        if spec.name in BUILT_IN:
            raise BadInput(f"plug-in {module.__name__} redefines the operation {spec.name}; give its own another name")
        _loaded[spec.name] = spec
    return tuple(specs)


def _imported(module: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError as error:
        raise BadInput(f"plug-in {module} cannot be imported ({error}); install it, or mend the name") from None


def _from_file(file: Path) -> ModuleType:
    """A module from its file, once per process; found again by its name, as inspect and pickle want it."""
    file = file.expanduser().resolve()
    with _lock:
        there = sys.modules.get(file.stem)
        if there is not None and getattr(there, "__file__", None) == str(file):
            return there
        spec = util.spec_from_file_location(file.stem, file)
        if there is not None or spec is None or spec.loader is None or not file.is_file():
            reason = "another module has this name" if there is not None else "there is no such file"
            raise BadInput(f"plug-in {file} cannot be imported: {reason}; rename it, or mend the path")
        module = util.module_from_spec(spec)
        sys.modules[file.stem] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[file.stem]
            raise
        return module

"""Source text that stands alone: definitions of this project or of a plug-in, with everything that they need.

Place         a definition: module and name
Collection    definitions in an order in which they can run, and the imports that remain

Texts are read and not run, so nothing is written twice: an exported file holds what this project itself uses.
"""

import ast
import sys
from collections import defaultdict
from importlib import import_module, util
from typing import NamedTuple

from engine.errors import BadInput


class Place(NamedTuple):
    module: str
    name: str


class _Module:
    """The top level of one file: its definitions and imports, by the names that they bind."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = _text(name)
        self.definitions: dict[str, ast.stmt] = {}
        self.imports: dict[str, tuple[str, str | None]] = {}  # name here -> module, and name there (None: the module)
        for node in ast.parse(self.text).body:
            match node:
                case ast.FunctionDef() | ast.ClassDef():
                    self.definitions[node.name] = node
                case ast.Assign(targets=[ast.Name(id=bound)]) | ast.AnnAssign(target=ast.Name(id=bound)):
                    self.definitions[bound] = node
                case ast.ImportFrom(module=module, names=names, level=level):
                    near = util.resolve_name("." * level + (module or ""), name.rpartition(".")[0] or name)
                    self.imports |= {alias.asname or alias.name: (near, alias.name) for alias in names}
                case ast.Import(names=names):
                    self.imports |= {alias.asname or alias.name: (alias.name, None) for alias in names}

    def source(self, node: ast.stmt) -> str:
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(one.lineno for one in decorators)])
        return "\n".join(self.text.splitlines()[first - 1 : node.end_lineno])


def _text(module: str) -> str:
    try:
        spec = util.find_spec(module)
        text = spec.loader.get_source(module)  # type: ignore[union-attr]
    except (ImportError, AttributeError, ValueError, OSError):
        text = None
    if text is None:
        raise BadInput(f"the source of {module} is not here, and an exported module holds it; use another format")
    return text


class Collection:
    """Collects definitions. The packages that they are asked from are followed; all others are imported."""

    def __init__(self) -> None:
        self.definitions: list[str] = []
        self._imports: dict[str, set[str]] = defaultdict(set)  # module -> what is taken from it; "" for itself
        self._modules: dict[str, _Module] = {}
        self._taken: dict[str, Place] = {}
        self._own: set[str] = set()

    def add(self, place: Place) -> None:
        """A definition, after all that it needs. Raises BadInput where it has no source, or a name stands for two."""
        module = self._module(place.module)
        if place.name in module.definitions:
            if self._claim(place):
                node = module.definitions[place.name]
                self._needs(module, node, without=place.name)
                self.definitions.append(module.source(node))
        elif place.name in module.imports:
            self._follow(module, place.name)
        else:  # a name that a package looks up when it is first asked for
            there = getattr(getattr(import_module(place.module), place.name, None), "__module__", place.module)
            if there == place.module:
                raise BadInput(f"{place.module} has no {place.name} at its top level; define it there to export it")
            self.add(Place(there, place.name))

    def define(self, place: Place, text: str) -> None:
        """A definition with another text than its own, which needs nothing that is not here yet."""
        if self._claim(place):
            self.definitions.append(text)

    def is_table(self, place: Place) -> bool:
        """Whether a name stands for a dict that is written out."""
        return isinstance(getattr(self._module(place.module).definitions.get(place.name), "value", None), ast.Dict)

    def entry(self, place: Place, key: str) -> str:
        """The text of one value of a table, after all that it needs."""
        module = self._module(place.module)
        table: ast.Dict = module.definitions[place.name].value  # type: ignore[attr-defined]
        for one, value in zip(table.keys, table.values, strict=True):
            if isinstance(one, ast.Constant) and one.value == key:
                self._needs(module, value)
                return ast.get_source_segment(module.text, value) or ""
        raise BadInput(f"{place.module}.{place.name} has no entry {key}; add it to export it")

    def follow(self, package: str) -> None:
        """Take definitions of this package as text where others need them, in place of importing them."""
        self._own.add(package.partition(".")[0])

    def take(self, module: str) -> None:
        """A module that what follows the definitions needs."""
        self._imports[module].add("")

    def import_lines(self) -> str:
        """Python's own modules first."""
        groups: tuple[list[str], list[str]] = ([], [])
        for module, names in sorted(self._imports.items()):
            lines = groups[module.partition(".")[0] not in sys.stdlib_module_names]
            lines += [f"import {module}"] if "" in names else []
            lines += [f"from {module} import {', '.join(sorted(names - {''}))}"] if names - {""} else []
        return "\n\n".join("\n".join(lines) for lines in groups if lines)

    def _module(self, name: str) -> _Module:
        self.follow(name)
        if name not in self._modules:
            self._modules[name] = _Module(name)
        return self._modules[name]

    def _claim(self, place: Place) -> bool:
        """Whether a definition is new."""
        new = place.name not in self._taken
        before = self._taken.setdefault(place.name, place)
        if before != place:
            raise BadInput(
                f"{before.module} and {place.module} both define {place.name}, and one file cannot hold both; "
                "rename one of them"
            )
        return new

    def _needs(self, module: _Module, node: ast.AST, without: str = "") -> None:
        names = dict.fromkeys(part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id != without)
        for name in names:
            if name in module.definitions:
                self.add(Place(module.name, name))
            elif name in module.imports:
                self._follow(module, name)

    def _follow(self, module: _Module, name: str) -> None:
        source, there = module.imports[name]
        if source.partition(".")[0] not in self._own:
            taken = "" if there is None else there
            self._imports[source if there or name == source else f"{source} as {name}"].add(
                f"{taken} as {name}" if there and there != name else taken
            )
        elif there != name:
            raise BadInput(f"{module.name} uses {source} under the name {name}; import what it needs by its own name")
        else:
            self.add(Place(source, name))

"""A lab's result with everything that it rests on: what is stored and printed. Free of torch.

Document   one finished run of a lab
"""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from engine import __version__
from engine.analysis import registry
from engine.analysis.lab import Lab, Numbers
from engine.analysis.settings import LabSettings
from engine.checked import checked
from engine.errors import BadInput
from engine.results.plain import Plain
from engine.results.shown import Shown

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Document(Shown, Plain):
    """experiment: the lab's name. checkpoint: name, digest, space. decisions: taken before, as plain values. date: UTC.
    seconds: of all measuring. result: the lab's numbers, as plain values. warning: where the images are not those of
    the supernet."""

    experiment: str
    checkpoint: dict[str, Any]
    decisions: tuple[dict[str, Any], ...]
    settings: dict[str, Any]
    date: str
    device: str
    seconds: float
    versions: dict[str, str]
    result: dict[str, Any]
    warning: str | None = None
    format_version: int = FORMAT_VERSION

    @property
    def lab(self) -> Lab[Any, Any]:
        return registry.find(self.experiment)

    @property
    def numbers(self) -> Any:
        """The lab's result. Raises BadInput for one of another version."""
        return self.lab.read(self.result)

    @property
    def asked(self) -> LabSettings:
        """Its settings. Raises BadInput for ones that the lab does not have."""
        try:
            found: LabSettings = self.lab.settings(**self.settings)
        except TypeError:
            raise BadInput(f"its settings are not those of lab {self.experiment}; run the lab again") from None
        return found

    def printed(self) -> dict[str, Any]:
        """What `analyse --json` prints: the document, and what its numbers say."""
        lab, numbers = self.lab, self.numbers
        return {
            **self.to_dict(),
            "claim": lab.claim,
            "source": lab.source,
            "paper": {each.what: each.paper for each in lab.compared(numbers)},
            "ours": [each.to_dict() for each in lab.compared(numbers)],
            "agrees": lab.agrees(numbers),
            "verdict": lab.verdict(numbers),
            **lab.more(numbers),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Document":
        """Read `to_json`. Raises BadInput for any other text and for another version."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise BadInput("it is no JSON text; run the lab again") from None
        if isinstance(data, Mapping) and data.get("format_version", FORMAT_VERSION) != FORMAT_VERSION:
            raise BadInput(f"it has format {data['format_version']!r}, this version reads {FORMAT_VERSION}")
        found = checked(cls, data)
        lab = registry.find(found.experiment)
        lab.read(found.result)
        return found


def made(
    lab: Lab[Any, Any],
    checkpoint: Mapping[str, Any],
    decisions: tuple[dict[str, Any], ...],
    settings: LabSettings,
    numbers: Numbers,
    *,
    date: str,
    device: str,
    seconds: float,
    warning: str | None = None,
) -> Document:
    """The document of a finished run."""
    versions = {"engine": __version__, "torch": metadata.version("torch"), "python": platform.python_version()}
    return Document(
        lab.name,
        dict(checkpoint),
        decisions,
        asdict(settings),
        date,
        device,
        round(seconds, 2),
        versions,
        numbers.to_dict(),
        warning,
    )

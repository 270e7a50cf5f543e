"""The supernets that come with the project, found from whatever folder a command or a script is started in.

found     a path as it was given, or where nothing is there, the same among the bundled supernets
"""

from pathlib import Path

from engine.checkpoint.format import META

ROOT = Path(__file__).resolve().parents[2]
"""The folder of the project, of which an editable installation keeps its checkpoints."""
FOLDER = "checkpoints"


def found(path: str | Path) -> Path:
    """`path`, expanded; where it leads nowhere from here, "checkpoints/NAME" and NAME are those of the project."""
    path = Path(path).expanduser()
    try:
        if path.is_absolute() or path.exists() or not path.parts:
            return path
    except (OSError, ValueError):  # a text that is no path
        return path
    inside = ROOT / path if path.parts[0] == FOLDER else ROOT / FOLDER / path
    is_there = inside.exists() if path.parts[0] == FOLDER else (inside / META).is_file()
    return inside if is_there and ".." not in path.parts else path

"""Where the app's figures are kept: `results/app.json`, each part with the machine that it was measured on.

record    keep one part's figures
machine   this machine, in words
"""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("results") / "app.json"


def record(part: str, figures: dict[str, Any]) -> None:
    """Keep these figures, in place of what was kept of this part before."""
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
    kept[part] = figures | {"machine": machine(), "date": datetime.now(UTC).date().isoformat()}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def machine() -> str:
    """Processor, cores, Python, and how much else goes on: figures are comparable where that is little."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else ():
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
            break
    busy = f", load {os.getloadavg()[0]:.1f} when written" if hasattr(os, "getloadavg") else ""
    return f"{name}, {cores} cores, Python {platform.python_version()}{busy}"

"""The browser that tests/browser drives.

find()       path of a Chromium or Chrome that runs, or None
install()    get one: Debian's package where possible, otherwise Playwright's own
ARGUMENTS    command line of every test browser; with it nothing but this computer can be reached

`python -m tests.browser.chromium --install` is what `make test` runs.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find() -> str | None:
    """First browser that answers `--version`: $CHROMIUM, the system's, then Playwright's own."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen if _runs(chosen) else None
    return next((path for path in _candidates() if _runs(path)), None)


def install() -> None:
    """Install a browser, with Debian's package manager if this user may use it.

    Raises subprocess.CalledProcessError when Playwright's own cannot be installed either.
    """
    privileges = _privileges()
    if privileges is not None and shutil.which("apt-get"):
        apt = [*privileges, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
        subprocess.run([*apt, "update"], check=False)
        # Without the fonts, Greek letters and signs would be boxes in the screenshots.
        packages = ("chromium", "fonts-liberation", "fonts-dejavu-core")
        subprocess.run([*apt, "install", "-y", "--no-install-recommends", *packages], check=False)
        # Ubuntu's package of that name only points to a snap, which need not run: hence the second look.
        if find() is not None:
            return
    dependencies = [] if privileges is None else ["--with-deps"]
    subprocess.run([sys.executable, "-m", "playwright", "install", *dependencies, "chromium"], check=True)


def _candidates() -> Iterator[str]:
    yield from (path for name in NAMES if (path := shutil.which(name)))
    yield from (path for path in MAC_APPLICATIONS if Path(path).exists())
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if Path(own).exists():
        yield own


def _runs(path: str) -> bool:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _privileges() -> list[str] | None:
    """Prefix that runs a command as root without asking for a password; None where there is no such way."""
    if not hasattr(os, "geteuid"):
        return None
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def main() -> int:
    if os.environ.get("CHROMIUM") and find() is None:
        print(f"CHROMIUM={os.environ['CHROMIUM']} does not run. Correct it, or unset it.", file=sys.stderr)
        return 1
    if find() is None and "--install" in sys.argv[1:]:
        install()
    browser = find()
    if browser is None:
        print("No Chromium or Chrome found. Install one, or set CHROMIUM=/path/to/it.", file=sys.stderr)
        return 1
    print(f"Browser for the tests: {browser}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

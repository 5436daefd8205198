"""Run the environment's `uv` with the package index that `pip` is configured for: uv does not read pip's configuration.

    .venv/bin/python tools/uv.py pip install …

The addresses are read when it runs and handed over in the environment, so that none is ever written down.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path


def pip_settings() -> dict[str, str]:
    """Return pip's settings for installing, by name (`index-url`); the environment wins over files, as in pip."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in found:
            found[section][name] = str(ast.literal_eval(value))
    return found["global"] | found["install"] | found[":env:"]


def uv_environment(pip: dict[str, str]) -> dict[str, str]:
    """Return the variables that give uv the index, further indexes and certificates of `pip`'s settings."""
    wanted = {"VIRTUAL_ENV": sys.prefix}
    if "index-url" in pip:
        wanted["UV_DEFAULT_INDEX"] = pip["index-url"]
    if "extra-index-url" in pip:
        # pip takes the best version of all indexes; what is installed is pinned by its hash, wherever it comes from.
        wanted |= {"UV_INDEX": " ".join(pip["extra-index-url"].split()), "UV_INDEX_STRATEGY": "unsafe-best-match"}
    if "cert" in pip:
        wanted["SSL_CERT_FILE"] = pip["cert"]
    return wanted


def main() -> int:
    """Run uv with this command's arguments; what the caller has set for uv itself stays as it is."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        print(f"{uv} is missing: run 'make setup'.", file=sys.stderr)
        return 127
    return subprocess.run([uv, *sys.argv[1:]], env=uv_environment(pip_settings()) | os.environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

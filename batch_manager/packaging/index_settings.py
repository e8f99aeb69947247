"""Hands pip's settings of an index over to uv, so that one place sets both. Addresses may hold a password: they travel
as environment variables and never on a command line."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping

_LINE = re.compile(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$")
_NAMES = {
    "index-url": (("UV_DEFAULT_INDEX", "UV_INDEX_URL"), " "),
    "extra-index-url": (("UV_INDEX", "UV_EXTRA_INDEX_URL"), " "),
    "find-links": (("UV_FIND_LINKS",), ","),
    "no-index": (("UV_NO_INDEX",), " "),
    "cert": (("SSL_CERT_FILE",), " "),
}


def uv_environment(environ: Mapping[str, str], pip_settings: str) -> dict[str, str]:
    """The environment of uv, with what pip is told and uv is not.

    Args:
        environ: this process's.
        pip_settings: what ``pip config list`` prints.
    """
    settings: dict[str, str] = {}
    for line in pip_settings.splitlines():
        found = _LINE.match(line.strip())
        if found is not None and (found[1] not in settings or line.startswith(":env:")):
            settings[found[1]] = found[2]
    made = dict(environ)
    for setting, (variables, between) in _NAMES.items():
        words = settings.get(setting, "").replace("\\n", " ").split()
        if words and not any(variable in environ for variable in variables):
            made[variables[0]] = between.join(words)
            if setting == "extra-index-url":  # pip takes the best of all of them; uv alone would stop at the first
                made.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return made


def pip_settings(environ: Mapping[str, str]) -> str:
    """What pip is told in this environment and by its files; nothing where there is no pip."""
    words = [sys.executable, "-m", "pip", "config", "list", "--disable-pip-version-check"]
    done = subprocess.run(words, env=dict(environ), capture_output=True, encoding="utf-8", errors="replace")
    return done.stdout if done.returncode == 0 else ""

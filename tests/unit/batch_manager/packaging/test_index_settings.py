"""pip's settings of an index, handed over to uv."""

import sys
from pathlib import Path

import pytest

from batch_manager.packaging.index_settings import uv_environment
from batch_manager.packaging.resolver import DependencyError, run_tool

SAID = """\
:env:.find-links='/wheels'
global.cert='/etc/ca.pem'
global.extra-index-url='https://a/simple https://b/simple'
global.find-links='/other'
global.index-url='https://user:word@host/simple'
install.timeout='5'
"""


def test_settings_of_pip_are_those_of_uv() -> None:
    """An environment variable goes before a file, and all indexes count."""
    assert uv_environment({"HOME": "/h"}, SAID) == {
        "HOME": "/h",
        "UV_DEFAULT_INDEX": "https://user:word@host/simple",
        "UV_INDEX": "https://a/simple https://b/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels",
        "SSL_CERT_FILE": "/etc/ca.pem",
    }


def test_settings_of_uv_are_left_as_they_are() -> None:
    """Whoever set them meant uv."""
    made = uv_environment({"UV_INDEX_URL": "https://own/simple", "UV_INDEX": "https://c/simple"}, SAID)
    assert "UV_DEFAULT_INDEX" not in made
    assert made["UV_INDEX"] == "https://c/simple"


def test_password_of_an_index_is_not_told() -> None:
    """A tool's last words are, without it."""
    script = "import sys; sys.exit('cannot reach https://user:word@host/simple')"
    with pytest.raises(DependencyError, match=r"https://\*\*\*@host/simple") as raised:
        run_tool([sys.executable, "-c", script], what="locking", folder=Path.cwd(), environ={})
    assert "word" not in str(raised.value)

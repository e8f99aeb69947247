"""From paths to operations."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.operations import OPERATIONS, Operation
from dispatcher.service.routing import Router


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_is_found_by_its_own_path(operation: Operation) -> None:
    """No operation's path hides another's."""
    path = operation.path.replace("{", "").replace("}", "")
    assert Router().match(operation.verb, path).operation is operation


def test_parameters_are_decoded() -> None:
    """A file's path comes as one segment, percent-encoded."""
    route = Router().match("GET", "/jobs/j/tasks/t/files/wd%2Fout%20dir%2Fa%2Bb.txt")
    assert route.parameters["filePath"] == "wd/out dir/a+b.txt"


@pytest.mark.parametrize("encode", [str, quote], ids=["bare", "quoted"])
def test_segment_may_hold_two_parameters(encode: Callable[[str], str]) -> None:
    """A certificate is named by two texts in one segment, whose marks a client may encode."""
    segment = encode("certificates(thumbprintAlgorithm=sha1,thumbprint=0aFF)")
    route = Router().match("POST", f"/{segment}/canceldelete")
    assert route.operation.name == "cancel_certificate_deletion"
    assert route.parameters == {"thumbprintAlgorithm": "sha1", "thumbprint": "0aFF"}


def test_file_path_may_have_several_segments() -> None:
    """Slashes that were not encoded belong to the path too."""
    assert Router().match("GET", "/jobs/j/tasks/t/files/wd/a.txt").parameters["filePath"] == "wd/a.txt"


@pytest.mark.parametrize(
    ("verb", "path", "code"),
    [
        ("GET", "/nothing", "InvalidUri"),
        ("GET", "/jobs//tasks", "InvalidUri"),
        ("PUT", "/pools/p", "UnsupportedHttpVerb"),
    ],
)
def test_path_without_an_operation_is_refused(verb: str, path: str, code: str) -> None:
    """An unknown path and a known one with another verb are told apart."""
    with pytest.raises(BatchError, match=code):
        Router().match(verb, path)

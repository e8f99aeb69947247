"""Tasks that start warm are what they are when they start cold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.service.node.warm.options import WarmLevel
from tests.integration.node.warm_programs import ENDED, SHOWN, UNIMPORTABLE
from tests.integration.node.warm_support import Seen, Stage, python

LEVELS = [WarmLevel.INTERPRETER, WarmLevel.IMPORTS]


@pytest.fixture(params=LEVELS, ids=[level.value for level in LEVELS])
def stage(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    with Stage(tmp_path / "node", level=request.param) as made:
        yield made


@pytest.fixture
def interpreter_stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "node", level=WarmLevel.INTERPRETER) as made:
        yield made


@pytest.fixture
def imports_stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "node", level=WarmLevel.IMPORTS) as made:
        yield made


def _cold_and_warm(stage: Stage, argv: list[str]) -> tuple[Seen, Seen]:
    cold = stage.run(argv)
    stage.warm.settle()
    warm = stage.run(argv)
    assert (cold.is_warm, warm.is_warm) == (False, True)
    return cold, warm


def _params(programs: dict[str, str]) -> list[object]:
    return [pytest.param(code, id=name) for name, code in programs.items()]


@pytest.mark.parametrize("code", _params({**SHOWN, **ENDED}))
def test_module_that_starts_warm_is_as_one_that_starts_cold(stage: Stage, code: str) -> None:
    """All it prints, its exit code and its files."""
    stage.write("probe.py", code)
    cold, warm = _cold_and_warm(stage, python("-m", "probe", "one", "two words", "ü"))
    assert warm == cold


@pytest.mark.parametrize("code", _params({**SHOWN, **UNIMPORTABLE}))
def test_script_that_starts_warm_is_as_one_that_starts_cold(interpreter_stage: Stage, code: str) -> None:
    """Likewise."""
    script = interpreter_stage.write("probe.py", code)
    cold, warm = _cold_and_warm(interpreter_stage, python(str(script), "one", "two words", "ü"))
    assert warm == cold

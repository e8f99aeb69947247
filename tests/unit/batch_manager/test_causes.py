"""Why something failed, in one line, whatever the exception does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.causes import cause_of, exit_code_of, one_line
from batch_manager.errors import InputError, TimeLimitError
from batch_manager.exit_codes import ExitCode
from batch_manager.reports import MAX_CAUSE_LENGTH


class MuteError(Exception):
    """One whose message cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("not today")


class EndlessError(InputError):
    """Likewise, and a subclass of ours."""

    def __str__(self) -> str:
        return str(self)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ValueError("no such pipe"), "ValueError: no such pipe"),
        (ValueError(), "ValueError"),
        (InputError("flow is -1: give 0 or more"), "flow is -1: give 0 or more"),
        (InputError(), "InputError"),
        (SystemExit(3), "it called sys.exit(3)"),
        (SystemExit("no licence"), "it called sys.exit('no licence')"),
        (KeyboardInterrupt(), "it was interrupted"),
        (MuteError(), "MuteError: its message cannot be shown (RuntimeError)"),
        (EndlessError(), "its message cannot be shown (RecursionError)"),
        (RuntimeError("two\n\n  lines"), "RuntimeError: two; lines"),
        (RuntimeError("the job:\n  a\n  b"), "RuntimeError: the job: a; b"),
        (OSError("no file b\udcff"), "OSError: no file b\\udcff"),
        (OSError("a: AccountName=b;AccountKey=c+d==;x"), "OSError: a: AccountName=b;AccountKey=***;x"),
        (OSError("https://a/b?sv=1&sig=abc%3D&se=2 is gone"), "OSError: https://a/b?sv=1&sig=***&se=2 is gone"),
        (MemoryError(), "MemoryError"),
        (ExceptionGroup("both", [ValueError("a"), ValueError("b")]), "ExceptionGroup: both (2 sub-exceptions)"),
    ],
)
def test_cause_is_what_the_exception_says(error: BaseException, cause: str) -> None:
    """In one line, with the type of what nobody foresaw."""
    assert cause_of(error) == cause


@given(text=st.text() | st.text(alphabet=st.characters(categories=["Cs"])))
def test_cause_is_one_line_that_any_file_can_hold(text: str) -> None:
    """Of a length that a callback can hold a hundred of."""
    line = one_line(text * 50)
    assert line.isprintable()
    assert len(line) <= MAX_CAUSE_LENGTH
    line.encode("utf-8")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError(), ExitCode.FAILED),
        (InputError("wrong"), ExitCode.BAD_INPUT),
        (TimeLimitError("over"), ExitCode.TIME_LIMIT),
        (KeyboardInterrupt(), ExitCode.CANCELLED),
        (SystemExit(), 0),
        (SystemExit(0), 0),
        (SystemExit(3), 3),
        (SystemExit(True), 1),
        (SystemExit("no licence"), 1),
        (SystemExit(-1), 255),
        (SystemExit(80), 1),
        (SystemExit(81), 1),
        (SystemExit(256 + 80), 1),
        (SystemExit(256), 0),
    ],
)
def test_exit_code_is_the_one_that_the_system_would_see(error: BaseException, code: int) -> None:
    """But for the two that are kept for what this project alone may say."""
    assert exit_code_of(error) == code

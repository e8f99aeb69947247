"""Short cuts of the pre-flight leave out only what could not be wrong."""

import posixpath

from hypothesis import given
from hypothesis import strategies as st

from batch_manager import InputFileSpecification, OutputFileSpecification
from batch_manager.preflight import find_problems, texts
from tests.support.planted import a_task, facts

_plain = st.from_regex(texts._PLAIN, fullmatch=True)


@given(_plain)
def test_plain_path_stays_where_it_is(path: str) -> None:
    """In the working directory, and in no folder of the framework's."""
    assert posixpath.normpath(path) == path
    assert not path.startswith(("/", ".", "~"))
    assert len(path) <= 1024
    assert texts.is_sendable(path)
    assert not texts.is_url(path)


@given(st.text(max_size=30) | _plain)
def test_path_that_is_not_plain_is_looked_at_and_mostly_let_pass(path: str) -> None:
    """Whatever is said of a path, nothing stumbles over it."""
    task = a_task(
        input_files=[InputFileSpecification(None, "data", path, "in")],
        output_files=[OutputFileSpecification(path, target_blob_path="out")],
    )
    fields = {problem.field for problem in find_problems([task], facts())}
    assert fields <= {
        "input_files[0].source_blob_path",
        "input_files[0].target_file_path",
        "output_files[0].source_file_path",
    }


@given(st.text(max_size=40))
def test_texts_without_an_equals_sign_hold_no_secret(text: str) -> None:
    """By form; what a key looks like by itself nobody can tell."""
    assert not texts.holds_secret(text.replace("=", ""))

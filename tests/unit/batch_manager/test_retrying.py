"""Which failures are worth another try: the judgement, and how a policy travels to the node."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.errors import (
    AccessDeniedError,
    BusyError,
    ConfigurationError,
    DefinitionError,
    InputError,
    RetryableError,
    TimeLimitError,
    UsageError,
)
from batch_manager.exit_codes import ExitCode
from batch_manager.retrying import (
    NEVER_RETRIED,
    Failure,
    RetryRules,
    Verdict,
    decode_policy,
    encode_policy,
    full_names,
    judge,
)
from batch_manager.specification import RetryPolicy

RULES = st.builds(
    RetryRules,
    max_retries=st.integers(-1, 5),
    exit_codes=st.lists(st.integers(0, 255), max_size=5).map(tuple),
    exceptions=st.lists(st.sampled_from(full_names(BusyError)), max_size=2).map(tuple),
    any_failure=st.booleans(),
    delay=st.floats(0, 1e9),
    max_delay=st.floats(0, 1e9),
)
FAILURES = st.builds(
    Failure,
    exit_code=st.integers(0, 255),
    cause=st.just("it failed"),
    exceptions=st.sampled_from([(), full_names(BusyError), full_names(ValueError)]),
)


class LicenceBusyError(RetryableError):
    """A user's own."""


@given(rules=RULES, failure=FAILURES, used=st.integers(0, 2**40))
def test_judgement_never_allows_more_tries_than_the_policy(rules: RetryRules, failure: Failure, used: int) -> None:
    """Whatever failed, however often."""
    if judge(rules, failure, retries_used=used).retried:
        assert rules.max_retries < 0 or used < rules.max_retries


@given(rules=RULES, code=st.sampled_from(sorted(NEVER_RETRIED)), used=st.integers(0, 9))
def test_judgement_never_retries_what_no_retry_can_mend(rules: RetryRules, code: int, used: int) -> None:
    """Not even where the policy names the code or the exception."""
    failure = Failure(code, "it failed", full_names(BusyError))
    given_both = rules._replace(exit_codes=(code,), exceptions=full_names(BusyError), any_failure=True)
    assert judge(given_both, failure, retries_used=used) == Verdict(retried=False, stop=True)


@given(rules=RULES, failure=FAILURES, used=st.integers(0, 2**40))
def test_judgement_waits_no_longer_than_the_policy_says(rules: RetryRules, failure: Failure, used: int) -> None:
    """However often it was tried, and only before a retry."""
    verdict = judge(rules, failure, retries_used=used)
    assert 0 <= verdict.delay <= rules.max_delay
    assert verdict.retried or verdict.delay == 0


@given(rules=RULES, failure=FAILURES, used=st.integers(0, 9), left=st.floats(0, 1e9))
def test_judgement_asks_for_no_try_after_the_time_limit(
    rules: RetryRules, failure: Failure, used: int, left: float
) -> None:
    """It would begin too late, and keep its slot until then."""
    verdict = judge(rules, failure, retries_used=used, time_left=left)
    assert not verdict.retried or verdict.delay < left


@given(rules=RULES, failure=FAILURES, used=st.integers(0, 9))
def test_judgement_lets_batch_try_again_only_if_it_says_so(rules: RetryRules, failure: Failure, used: int) -> None:
    """A try that Batch has left is either wanted or stopped."""
    verdict = judge(rules, failure, retries_used=used)
    has_left = rules.max_retries < 0 or used < rules.max_retries
    assert verdict.retried + verdict.stop == 1 or not has_left


def test_judgement_of_a_task_that_batch_tries_once_asks_for_nothing() -> None:
    """No request for the many that fail for good."""
    assert judge(None, Failure(1, "it failed"), retries_used=0) == Verdict(retried=False)


def test_delays_double_up_to_the_longest() -> None:
    """So that a licence server that is down for long is not asked all the time."""
    rules = RetryRules(max_retries=-1, any_failure=True, delay=5.0, max_delay=30.0)
    delays = [judge(rules, Failure(1, "it failed"), retries_used=n).delay for n in range(5)]
    assert delays == [5.0, 10.0, 20.0, 30.0, 30.0]


@pytest.mark.parametrize(
    ("error", "worth"),
    [
        (RetryableError("later"), True),
        (LicenceBusyError("later"), True),
        (ValueError("no"), False),
        (BusyError("busy", operation="ask"), False),
        (InputError("wrong"), False),
    ],
)
def test_default_policy_retries_what_asks_for_it(error: Exception, worth: bool) -> None:
    """``RetryableError`` and its subclasses, nothing else."""
    rules = decode_policy(encode_policy(RetryPolicy(), None) or "")
    code = getattr(error, "exit_code", ExitCode.FAILED)
    assert judge(rules, Failure(code, "", full_names(type(error))), retries_used=0).retried is worth


@pytest.mark.parametrize(
    "kind", [UsageError, InputError, DefinitionError, AccessDeniedError, ConfigurationError, TimeLimitError]
)
def test_blind_policy_retries_no_mistake(kind: type[InputError]) -> None:
    """A count alone does not tell a broken disk from a wrong parameter; the error does."""
    rules = decode_policy(encode_policy(None, 3) or "")
    verdict = judge(rules, Failure(kind.exit_code, "", full_names(kind)), retries_used=0)
    assert verdict == Verdict(retried=False, stop=True)


def test_blind_policy_retries_everything_else_at_once() -> None:
    """As Batch would."""
    rules = decode_policy(encode_policy(None, 3) or "")
    assert judge(rules, Failure(1, "", full_names(ValueError)), retries_used=2) == Verdict(retried=True)


def test_policy_of_exit_codes_is_about_the_process() -> None:
    """Whether a command or an exception ended it."""
    rules = decode_policy(encode_policy(RetryPolicy(exit_codes=(75,)), None) or "")
    assert judge(rules, Failure(75, "it ended with 75"), retries_used=0).retried
    assert not judge(rules, Failure(74, "it ended with 74"), retries_used=0).retried


@given(
    policy=st.builds(
        RetryPolicy,
        max_retries=st.integers(1, 100),
        exit_codes=st.lists(st.integers(1, 255), max_size=5).map(tuple),
        exceptions=st.lists(st.sampled_from([RetryableError, OSError, LicenceBusyError]), max_size=3).map(tuple),
        delay=st.timedeltas(timedelta(0), timedelta(days=1)),
        max_delay=st.timedeltas(timedelta(0), timedelta(days=1)),
    )
)
def test_policy_arrives_as_it_was_sent(policy: RetryPolicy) -> None:
    """Types travel by their names, so that none is imported before it was raised."""
    rules = decode_policy(encode_policy(policy, None) or "")
    assert rules is not None
    assert (rules.max_retries, rules.exit_codes, rules.any_failure) == (policy.max_retries, policy.exit_codes, False)
    assert rules.exceptions == tuple(full_names(kind)[0] for kind in policy.exceptions)
    assert (rules.delay, rules.max_delay) == (policy.delay.total_seconds(), policy.max_delay.total_seconds())


@pytest.mark.parametrize("count", [None, 0])
def test_task_without_retries_carries_no_policy(count: int | None) -> None:
    """Nor is anything asked or written for it."""
    assert encode_policy(None, count) is None


@pytest.mark.parametrize("text", ["x", "[]", "3", '{"maxRetries": 1}', '{"exit_codes": [1]}'])
def test_policy_that_this_project_did_not_write_is_refused(text: str) -> None:
    """The message shows it."""
    with pytest.raises(UsageError, match="retry policy"):
        decode_policy(text)

"""What a probe of an endpoint means. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from batch_manager.checkup.findings import Finding, ok, unknown, warning, wrong
from batch_manager.checkup.network import AUTHORITIES, Probe, Step

TOLERATED_SKEW = timedelta(minutes=15)
"""What a signature with a shared key, and a SAS, tolerate (Azure, "authorize with Shared Key")."""
UNUSUAL_SKEW = timedelta(minutes=1)

_FIXES = {
    Step.NAME: "look for a spelling mistake, and whether this machine may resolve the name: a private endpoint needs "
    "the private DNS zone",
    Step.CONNECTION: "look whether a firewall is in between, and the port is right",
    Step.ANSWER: "look whether a proxy is in between, and whether it is http or https that is spoken there",
}


def judge_endpoint(check: str, variable: str, probe: Probe, *, is_setting: bool = True) -> Iterator[Finding]:
    """Whether an endpoint can be reached.

    Args:
        check: the check's name.
        variable: where the endpoint is set.
        probe: the way to it.
        is_setting: whether a URL that cannot be used, or is not known, is a setting's fault.
    """
    via = f" through the proxy {probe.proxy}" if probe.proxy else ""
    if probe.failed is None:
        yield ok(check, f"{probe.place} can be reached{via}")
        return
    found = f"{probe.place}{via}: {probe.failed.value}: {probe.reason}"
    if probe.failed is Step.URL:
        yield wrong(check, found, f"give {variable} as https://HOST", is_setting=is_setting)
    elif probe.failed is Step.TLS:
        yield wrong(check, found, _tls_fix(probe))
    else:
        fix = _FIXES[probe.failed]
        named = f"; it is set in {variable}" if is_setting else ""
        proxied = "; or the proxy is wrong: HTTPS_PROXY, NO_PROXY" if probe.proxy else ""
        yield wrong(check, found, f"{fix}{named}{proxied}")


def judge_clock(check: str, probe: Probe) -> Finding:
    """Whether this machine's clock and the service's agree."""
    if probe.server_time is None or probe.at is None:
        return unknown(check, "the service did not say what time it is")
    skew = probe.at - probe.server_time
    seconds = abs(int(skew.total_seconds()))
    words = f"this machine's clock is {seconds} s {'ahead of' if skew > timedelta() else 'behind'} the service's"
    if abs(skew) > TOLERATED_SKEW:
        return wrong(check, words, "set the clock (NTP): signatures are refused from 15 minutes on")
    if abs(skew) > UNUSUAL_SKEW:
        return warning(check, words, "set the clock (NTP): ages and expiry times are off by as much")
    return ok(check, "this machine's clock agrees with the service's")


def _tls_fix(probe: Probe) -> str:
    if probe.not_trusted:
        return (
            f"trust its authority: name a PEM file with it in {AUTHORITIES[0]} (of a local service, 'batch-manager "
            "local service status --env' has it); a proxy that opens TLS needs its own authority there"
        )
    return "look whether https is spoken there, and whether a proxy or firewall cuts it"

"""Signatures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.service.shared_key import Credential, SignedRequest, is_signed_by, sign, string_to_sign

CREDENTIAL = Credential(account="local", key=b"a key")


def signed(request: SignedRequest, *, length: str = "", account: str = "local", key: bytes = b"a key") -> SignedRequest:
    """Return the request with a signature over a spelling of its content length."""
    signature = sign(string_to_sign(request, account, length), key)
    return replace(request, headers={**request.headers, "authorization": f"SharedKey {account}:{signature}"})


def request(verb: str = "GET", **headers: str) -> SignedRequest:
    """Return an unsigned request."""
    query = [("timeOut", "30"), ("api-version", "2025-06-01"), ("$filter", ""), ("api-version", "second")]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SignedRequest(verb=verb, headers=named, raw_path="/jobs/a%20b", query=query)


def test_text_to_sign_is_laid_out_as_batch_has_it() -> None:
    """Eleven headers, then ocp headers, then the raw path, then the query sorted by name, blanks left out."""
    text = string_to_sign(request(ocp_date="today", ocp_range="bytes=0-1", content_type="t"), "local", "5")
    lines = ["GET", "", "", "5", "", "t", "", "", "", "", "", "", "ocp-date:today", "ocp-range:bytes=0-1"]
    query = "\napi-version:2025-06-01\ntimeOut:30"
    assert text == "\n".join(lines) + "\n/local/jobs/a%20b" + query


@pytest.mark.parametrize("length", ["", "0"])
def test_absent_body_may_be_signed_as_empty_or_0(length: str) -> None:
    """Clients differ in how they sign the length of no body."""
    assert is_signed_by(signed(request("DELETE"), length=length), CREDENTIAL)


def test_another_key_account_or_path_is_no_signature() -> None:
    """What was signed otherwise is refused."""
    good = signed(request())
    assert is_signed_by(good, CREDENTIAL)
    assert not is_signed_by(signed(request(), key=b"other"), CREDENTIAL)
    assert not is_signed_by(signed(request(), account="other"), CREDENTIAL)
    assert not is_signed_by(replace(good, raw_path="/jobs/a b"), CREDENTIAL)


@pytest.mark.parametrize("header", ["", "SharedKey", "SharedKey local", "Bearer token", "SharedKey local:é"])
def test_header_that_is_no_signature_is_refused(header: str) -> None:
    """No header makes the verification fail in any other way."""
    assert not is_signed_by(replace(request(), headers={"authorization": header}), CREDENTIAL)


def test_key_is_not_shown() -> None:
    """The key is in no text of the credential."""
    assert "a key" not in repr(CREDENTIAL)

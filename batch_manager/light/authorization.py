"""The ``Authorization`` header of a GET to Batch: a signature with the account's key, or a managed identity's token."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from email.utils import formatdate
from urllib.parse import parse_qsl, quote, urlsplit

from batch_manager.light.account import Account
from batch_manager.light.errors import NotLightError
from batch_manager.light.http import JsonReader

RESOURCE = "https://batch.core.windows.net/"
"""What a token for Batch is asked for (azure-batch 15.1: ``https://batch.core.windows.net//.default``)."""

IMDS = "http://169.254.169.254"
"""The instance metadata service, which every virtual machine of Azure has."""

_SIGNED_BEFORE_DATE, _SIGNED_AFTER_DATE = 6, 5
"""Lines of the signed text for headers that a GET without a body has not (Azure Batch, "authenticate via shared
key"): the verb and five of them before the date, five after it."""

_OTHER_IDENTITIES = ("IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "AZURE_FEDERATED_TOKEN_FILE")
"""Variables by which Microsoft's client knows other places that give tokens."""


def authorizer(account: Account, environ: Mapping[str, str]) -> Callable[[str], dict[str, str]]:
    """What gives the headers for a target, path and query; a token is asked for at once, and once.

    Raises:
        NotLightError: the key is none, or there is no token to be had this way.
    """
    if account.key is not None:
        return _signer(account.name or "", account.key)
    token = _token(account.client_id or "", environ)
    return lambda _target: {"Authorization": f"Bearer {token}"}


def text_to_sign(account: str, target: str, date: str) -> str:
    """What the key signs for a GET without a body."""
    url = urlsplit(target)
    query = sorted(parse_qsl(url.query))
    lines = ["GET", *[""] * (_SIGNED_BEFORE_DATE - 1), date, *[""] * _SIGNED_AFTER_DATE, f"/{account}{url.path}"]
    return "\n".join(lines + [f"{name}:{value}" for name, value in query])


def _signer(account: str, key: str) -> Callable[[str], dict[str, str]]:
    try:
        secret = base64.b64decode(key, validate=True)
    except binascii.Error:
        raise NotLightError("the key is not base64") from None

    def sign(target: str) -> dict[str, str]:
        date = formatdate(usegmt=True)
        digest = hmac.digest(secret, text_to_sign(account, target, date).encode(), hashlib.sha256)
        return {"Date": date, "Authorization": f"SharedKey {account}:{base64.b64encode(digest).decode()}"}

    return sign


def _token(client_id: str, environ: Mapping[str, str]) -> str:
    """A token of a managed identity, from where App Service or a virtual machine has it."""
    if any(environ.get(name) for name in _OTHER_IDENTITIES):
        raise NotLightError("the token comes from elsewhere")
    endpoint, secret = environ.get("IDENTITY_ENDPOINT"), environ.get("IDENTITY_HEADER")
    if endpoint and secret:
        url, version, headers = endpoint, "2019-08-01", {"X-IDENTITY-HEADER": secret, "Metadata": "true"}
    elif endpoint or secret:
        raise NotLightError("the token comes from elsewhere")
    else:
        host = environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") or IMDS
        url, version, headers = f"{host.rstrip('/')}/metadata/identity/oauth2/token", "2018-02-01", {"Metadata": "true"}
    query = f"api-version={version}&resource={quote(RESOURCE, safe='')}&client_id={quote(client_id, safe='')}"
    with JsonReader(url) as reader:
        token = reader.get(f"{urlsplit(url).path}?{query}", lambda: headers).get("access_token")
    if not isinstance(token, str) or not token:
        raise NotLightError("the answer holds no token")
    return token

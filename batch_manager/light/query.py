"""The ids of the tasks that did not succeed, page by page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from urllib.parse import quote, urlsplit

from batch_manager.light.account import read_account
from batch_manager.light.authorization import authorizer
from batch_manager.light.errors import NotLightError
from batch_manager.light.http import JsonReader

API_VERSION = "2025-06-01"

_QUERY = "&".join(
    f"{quote(name)}={quote(value, safe='')}"
    for name, value in {
        "$filter": "executionInfo/result eq 'failure'",
        "$select": "id",
        "api-version": API_VERSION,
    }.items()
)


def unsuccessful_ids(
    environ: Mapping[str, str], job_id: str, *, pause: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """The ids of the job's tasks that ended and did not succeed, as they come; who has seen enough stops.

    Args:
        environ: this process's environment, which says where the account is and who asks.
        job_id: the job.
        pause: what waits some seconds between two tries.

    Raises:
        NotLightError: at any of them.
    """
    account = read_account(environ)
    headers = authorizer(account, environ)
    target: str | None = f"{urlsplit(account.endpoint).path}/jobs/{quote(job_id, safe='')}/tasks?{_QUERY}"
    with closing(JsonReader(account.endpoint, pause=pause)) as reader:
        while target is not None:
            page = reader.get(target, _headers_of(headers, target))
            yield from _ids(page)
            target = _next_target(account.endpoint, page.get("odata.nextLink"))


def confirm_task(
    environ: Mapping[str, str], job_id: str, task_id: str, *, pause: Callable[[float], None] = time.sleep
) -> None:
    """Return if the job has this task.

    Raises:
        NotLightError: it has not, or cannot be asked this way.
    """
    account = read_account(environ)
    headers = authorizer(account, environ)
    path = f"{urlsplit(account.endpoint).path}/jobs/{quote(job_id, safe='')}/tasks/{quote(task_id, safe='')}"
    target = f"{path}?%24select=id&api-version={API_VERSION}"
    with closing(JsonReader(account.endpoint, pause=pause)) as reader:
        if "id" not in reader.get(target, _headers_of(headers, target)):
            raise NotLightError("the answer is no task")


def _headers_of(headers: Callable[[str], dict[str, str]], target: str) -> Callable[[], dict[str, str]]:
    return lambda: {"Accept": "application/json", **headers(target)}


def _ids(page: dict[str, object]) -> Iterator[str]:
    rows = page.get("value")
    if not isinstance(rows, list):
        raise NotLightError("the answer is no list")
    for row in rows:
        task_id = row.get("id") if isinstance(row, dict) else None
        if not isinstance(task_id, str):
            raise NotLightError("the list holds something that is no task")
        yield task_id


def _next_target(endpoint: str, link: object) -> str | None:
    """Path and query of the next page. A link to another host is not followed: it would be given a signature."""
    if link is None:
        return None
    own, url = urlsplit(endpoint), urlsplit(str(link))
    if (url.scheme, url.netloc) != (own.scheme, own.netloc):
        raise NotLightError("the next page is on another host")
    return f"{url.path}?{url.query}"

"""URLs and answers of Blob Storage, taken apart and put together. Pure."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class BlobItem:
    """A blob as a listing has it."""

    name: str
    size: int
    last_modified: datetime


def blob_url(container_url: str, name: str) -> str:
    """Return the URL of a blob; a SAS of the container's URL stays at its end."""
    parts = urlsplit(container_url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(name, safe='/~')}"))


def with_query(url: str, query: Mapping[str, str]) -> str:
    """Return a URL with more query parameters; those it has stay as they are written."""
    parts = urlsplit(url)
    added = urlencode(query, quote_via=quote, safe="")
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))


def path_of(url: str) -> str:
    """Return a URL without what may be secret: query, fragment and user."""
    try:
        parts = urlsplit(url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    except ValueError:
        return "an invalid URL"


def read_page(document: bytes) -> tuple[list[BlobItem], str]:
    """Return the blobs of one page of a listing, and the marker of the next; empty after the last.

    Raises:
        ValueError: it is not such a page.
    """
    try:
        page = ElementTree.fromstring(document)
        items = [_blob_item(element) for element in page.iterfind("Blobs/Blob")]
    except (ElementTree.ParseError, TypeError) as error:
        raise ValueError(f"not a listing of blobs: {error}") from None
    return items, page.findtext("NextMarker") or ""


def read_time(text: str | None) -> datetime | None:
    """Return an HTTP time in UTC, None where there is none."""
    if not text:
        return None
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None


def _blob_item(element: ElementTree.Element) -> BlobItem:
    name = element.findtext("Name") or ""
    name_element = element.find("Name")
    if name_element is not None and name_element.get("Encoded") == "true":  # holds characters that XML cannot
        name = unquote(name)
    modified = read_time(element.findtext("Properties/Last-Modified"))
    if not name or modified is None:
        raise ValueError("a blob without name or last-modified time")
    return BlobItem(name=name, size=int(element.findtext("Properties/Content-Length") or "0"), last_modified=modified)

"""What Blob Storage says of its blobs, as our values."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import unquote
from xml.etree import ElementTree

from batch_manager._azure.blob_requests import BlobRequests, place
from batch_manager.transfer.seam import BlobInfo

_METADATA = "x-ms-meta-"


class BlobPages:
    """The pages of a list of blobs; ``next`` after an error asks for the same page again.

    Args:
        requests: asks the account.
        operation: what is tried, in words.
        container: whose blobs.
        prefix: what their names begin with.
    """

    def __init__(self, requests: BlobRequests, operation: str, container: str, prefix: str) -> None:
        self._requests, self._operation, self._place = requests, operation, place(container)
        self._query: dict[str, str] | None = {"restype": "container", "comp": "list"}
        if prefix:
            self._query["prefix"] = prefix

    def __iter__(self) -> Iterator[Iterable[BlobInfo]]:
        return self

    def __next__(self) -> Iterable[BlobInfo]:
        if self._query is None:
            raise StopIteration
        reply = self._requests.send(self._operation, "GET", self._place, query=self._query, expected=(200,))
        page = ElementTree.fromstring(reply.body)
        marker = page.findtext("NextMarker")
        self._query = {**self._query, "marker": marker} if marker else None
        return [_listed(blob) for blob in page.iterfind("Blobs/Blob")]


def blob_info(blob: str, headers: Mapping[str, str]) -> BlobInfo:
    """A blob as the headers of a reply describe it."""
    return BlobInfo(
        name=blob,
        size=int(headers.get("Content-Length") or 0),
        md5=_md5(headers.get("Content-MD5")),
        etag=headers["ETag"],
        last_modified=parsedate_to_datetime(headers["Last-Modified"]),
        content_type=headers.get("Content-Type"),
        metadata={
            name[len(_METADATA) :]: value for name, value in headers.items() if name.lower().startswith(_METADATA)
        },
    )


def read_staged_blocks(body: bytes) -> Mapping[str, int]:
    """The blocks of a list of blocks, with their sizes."""
    blocks = ElementTree.fromstring(body).iterfind("UncommittedBlocks/Block")
    return {block.findtext("Name") or "": int(block.findtext("Size") or 0) for block in blocks}


def _listed(blob: ElementTree.Element) -> BlobInfo:
    properties = {item.tag: item.text for item in blob.iterfind("Properties/*")}
    etag = properties.get("Etag") or ""
    return BlobInfo(
        name=_name(blob.find("Name")),
        size=int(properties.get("Content-Length") or 0),
        md5=_md5(properties.get("Content-MD5")),
        etag=etag if etag.startswith('"') else f'"{etag}"',  # Azure gives it without quotes here, with them elsewhere
        last_modified=parsedate_to_datetime(properties.get("Last-Modified") or ""),
    )


def _name(element: ElementTree.Element | None) -> str:
    """A name with characters that XML cannot hold is percent-encoded, and says so."""
    if element is None:
        return ""
    text = element.text or ""
    return unquote(text) if element.get("Encoded") == "true" else text


def _md5(text: str | None) -> bytes | None:
    return base64.b64decode(text) if text else None

"""Files of tasks and of nodes: list, properties, download, delete. A path never leaves the folder it is relative to."""

from __future__ import annotations

import errno
import mimetypes
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from dispatcher.service.calls import Call, FileSlice, Handler, Reply
from dispatcher.service.errors import BatchError, Refusal
from dispatcher.service.handlers.nodes import find as find_node
from dispatcher.service.handlers.tasks import find as find_task
from dispatcher.service.node.files import (
    FileEntry,
    FileOutside,
    check_in_place,
    list_files,
    open_file,
    open_folder,
    read_entry,
    resolve,
)
from dispatcher.service.node.launch import TaskKey
from dispatcher.service.node.layout import task_folder
from dispatcher.service.node.trash import Trash
from dispatcher.service.paging import page, read_listing
from dispatcher.service.records import TaskRecord
from dispatcher.service.states import NodeState
from dispatcher.service.wire import JsonObject, format_http_date, format_time

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """A file or folder that a request names."""

    path: Path
    entry: FileEntry


def list_of_task(call: Call) -> Reply:
    """List a task's files."""
    return _list(call, task_root(call))


def list_of_node(call: Call) -> Reply:
    """List a node's files."""
    return _list(call, node_root(call))


def properties_of_task(call: Call) -> Reply:
    """Describe a task's file in headers."""
    return _properties(call, find_file(task_root(call), call))


def properties_of_node(call: Call) -> Reply:
    """Describe a node's file in headers."""
    return _properties(call, find_file(node_root(call), call))


def download_of_task(call: Call) -> Reply:
    """Send a task's file, or a range of it."""
    return _download(call, task_root(call))


def download_of_node(call: Call) -> Reply:
    """Send a node's file, or a range of it."""
    return _download(call, node_root(call))


def delete_of_task(call: Call) -> Reply:
    """Delete a task's file or folder."""
    return _delete(call, task_root(call), Trash(_node_of(call, find_task(call)[1])))


def delete_of_node(call: Call) -> Reply:
    """Delete a node's file or folder."""
    return _delete(call, node_root(call), Trash(node_root(call)))


def task_root(call: Call) -> Path:
    """Return the folder of the call's task.

    Raises:
        BatchError: there is no such task, or no folder of it.
    """
    job, task = find_task(call)
    root = _node_of(call, task)
    folder = Path(task_folder(str(root), TaskKey(job_id=job.id, task_id=task.id)))
    try:
        check_in_place(root, folder)
    except FileOutside:
        raise BatchError(Refusal.FILE_NOT_FOUND) from None
    return folder


def _node_of(call: Call, task: TaskRecord) -> Path:
    """Return the folder of the node that has a task's files."""
    if task.files_expired:
        raise BatchError(Refusal.TASK_FILES_CLEANED_UP)
    live = call.core.fleet.find(task.pool_id or "", task.node_id or "")
    if live is None or live.state is NodeState.UNKNOWN:
        raise BatchError(Refusal.TASK_FILES_UNAVAILABLE)
    return call.core.fleet.root(live.record)


def node_root(call: Call) -> Path:
    """Return the folder of the call's node.

    Raises:
        BatchError: there is no such node, or it is lost.
    """
    live = find_node(call)
    if live.state is NodeState.UNKNOWN:
        raise BatchError(Refusal.NODE_STATE_INVALID, f"The node is {live.state.value}.")
    return call.core.fleet.root(live.record)


def find_file(root: Path, call: Call) -> _Found:
    """Return what the call's path names below a folder.

    Raises:
        BatchError: FileNotFound, also for a path that would leave the folder or that no file can have, and for what is
            neither a file nor a folder: reading a pipe would wait for whoever writes it.
    """
    relative = call.parameters["filePath"]
    try:
        path = resolve(root, relative)
        if not (path.is_file() or path.is_dir()):
            raise BatchError(Refusal.FILE_NOT_FOUND)
        return _Found(path=path, entry=read_entry(root, relative))
    except (FileOutside, OSError):
        raise BatchError(Refusal.FILE_NOT_FOUND) from None


def _list(call: Call, root: Path) -> Reply:
    listing = read_listing(call)
    recursive = call.query.get("recursive", "").lower() == "true"
    return page(
        call,
        listing,
        _entries(root, recursive=recursive, after=listing.after),
        render=lambda entry: _body(call, entry),
        cursor=lambda entry: entry.name,
    )


def _entries(root: Path, *, recursive: bool, after: str) -> Iterator[FileEntry]:
    try:
        yield from list_files(root, "", recursive, after)
    except FileNotFoundError:  # the task's folder is not there yet, or not any more
        return


def _body(call: Call, entry: FileEntry) -> JsonObject:
    body: JsonObject = {
        "name": entry.name,
        "url": f"{call.base_url}{call.path}/{quote(entry.name)}",
        "isDirectory": entry.is_directory,
    }
    if not entry.is_directory:
        body["properties"] = {
            "lastModified": format_time(entry.modified),
            "contentLength": str(entry.size),
            "contentType": _content_type(entry.name),
            "fileMode": entry.mode,
        }
    return body


def _properties(call: Call, found: _Found) -> Reply:
    return Reply(headers={**_headers(call, found.entry), "Content-Length": str(found.entry.size)})


def _download(call: Call, root: Path) -> Reply:
    found = find_file(root, call)
    if found.entry.is_directory:
        raise BatchError(Refusal.OPERATION_INVALID_FOR_CURRENT_STATE, "The specified path is a directory.")
    start, length = _range(call.headers.get("ocp-range"), found.entry.size)
    headers = {**_headers(call, found.entry), "Content-Length": str(length)}
    try:
        opened = open_file(root, found.path)
    except OSError:
        raise BatchError(Refusal.FILE_NOT_FOUND) from None
    return Reply(file=FileSlice(file=opened, start=start, length=length), headers=headers)


def _delete(call: Call, root: Path, trash: Trash) -> Reply:
    link = _find_link(root, call.parameters["filePath"])
    found = None if link is not None else find_file(root, call)
    target = link if found is None else found.path
    assert target is not None
    if target == Path(resolve(root, "")):
        raise BatchError(Refusal.INVALID_URI)
    try:
        with _opened(root, target.parent) as folder:
            if found is None or not found.entry.is_directory:
                os.unlink(target.name, dir_fd=folder)
            elif call.query.get("recursive", "").lower() == "true":
                trash.throw(target.name, folder)
            else:
                os.rmdir(target.name, dir_fd=folder)
    except OSError as error:
        raise _not_deleted(error) from None
    return Reply()


@contextmanager
def _opened(root: Path, folder: Path) -> Iterator[int]:
    opened = open_folder(root, folder)
    try:
        yield opened
    finally:
        os.close(opened)


def _not_deleted(error: OSError) -> BatchError:
    if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
        message = "The directory is not empty: set recursive to delete it with what is in it."
        return BatchError(Refusal.OPERATION_INVALID_FOR_CURRENT_STATE, message)
    if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR}:  # gone, or another thing, meanwhile
        return BatchError(Refusal.FILE_NOT_FOUND)
    message = f"The file cannot be deleted: {error.strerror}."
    return BatchError(Refusal.OPERATION_INVALID_FOR_CURRENT_STATE, message)


def _find_link(root: Path, relative: str) -> Path | None:
    """Return the symbolic link that a path names, wherever it leads; None if it names something else, or nothing."""
    folder, _, name = relative.strip("/").rpartition("/")
    if name in {"", ".", ".."}:
        return None
    try:
        named = Path(resolve(root, folder)) / name
        return named if named.is_symlink() else None
    except (FileOutside, OSError):
        return None


def _headers(call: Call, entry: FileEntry) -> dict[str, str]:
    return {
        "Last-Modified": format_http_date(entry.modified),
        "Content-Type": _content_type(entry.name),
        "ocp-batch-file-isdirectory": str(entry.is_directory),
        "ocp-batch-file-url": quote(f"{call.base_url}{call.path}", safe=""),
        "ocp-batch-file-mode": entry.mode,
    }


def _content_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _range(text: str | None, size: int) -> tuple[int, int]:
    """Return start and length of the asked-for bytes; the whole file where nothing is asked for."""
    if text is None:
        return 0, size
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        values = (("HeaderName", "ocp-range"), ("HeaderValue", text))
        raise BatchError(Refusal.INVALID_HEADER_VALUE, values=values)
    start = int(match[1])
    end = min(int(match[2]) if match[2] else size - 1, size - 1)
    if end < start:
        raise BatchError(Refusal.INVALID_RANGE)
    return start, end - start + 1


HANDLERS: Mapping[str, Handler] = {
    "list_task_files": list_of_task,
    "download_task_file": download_of_task,
    "get_task_file_properties": properties_of_task,
    "delete_task_file": delete_of_task,
    "list_node_files": list_of_node,
    "download_node_file": download_of_node,
    "get_node_file_properties": properties_of_node,
    "delete_node_file": delete_of_node,
}

"""Reads ``requirements.txt``, in the form of pip's requirements files."""

from __future__ import annotations

import re
from pathlib import Path

from batch_manager.errors import InputError

_COMMENT = re.compile(r"(^|\s)#.*$")
_HASH = re.compile(r"\s--hash[=\s]\S+")
_OTHER_FILE = re.compile(r"(?:-r|--requirement)[=\s]*(\S.*)")


def read_listed(path: Path, seen: frozenset[Path] = frozenset()) -> tuple[str, ...]:
    """The dependencies that a file lists, and those of the files that it names. Hashes are left out: the lock has its
    own.

    Args:
        path: the file.
        seen: files that are being read.

    Raises:
        InputError: it cannot be read, or has an option that a lock cannot follow.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{str(path)!r} is not in UTF-8: save it so") from None
    lines: list[str] = []
    for written in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        line = _HASH.sub("", _COMMENT.sub("", written)).strip()
        other = _OTHER_FILE.fullmatch(line)
        if other is not None:
            inner = path.parent / other[1]
            lines += read_listed(inner, seen | {path.resolve()}) if inner.resolve() not in seen else ()
        elif line.startswith("-"):
            raise InputError(
                f"{str(path)!r} has {line!r}, which a lock cannot follow: settings of an index belong to uv or pip, "
                "bounds to the dependencies, and a package beside the workload is given with --include"
            )
        elif line:
            lines.append(line)
    return tuple(lines)

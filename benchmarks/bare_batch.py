"""``python -m benchmarks.bare_batch SECONDS``: a server that answers add-collection requests as Batch does.

It keeps nothing and checks nothing: each task of a request is a success, so many seconds after the request was read.
Prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys

_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_HEAD_END = b"\r\n\r\n"


async def _serve_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, latency: float) -> None:
    try:
        while True:
            head = await reader.readuntil(_HEAD_END)
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
            if latency:
                await asyncio.sleep(latency)
            writer.write(_answer(body))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _answer(body: bytes) -> bytes:
    ids = [task["id"] for task in json.loads(body)["value"]]
    results = [{"status": "success", "taskId": task_id, "eTag": "0x1", "location": "http://x"} for task_id in ids]
    content = json.dumps({"value": results}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


async def _main(latency: float) -> None:
    server = await asyncio.start_server(
        lambda reader, writer: _serve_connection(reader, writer, latency), "127.0.0.1", 0, limit=2**21
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1])))

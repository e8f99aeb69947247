"""The sender of events: it sends, it thins out, and it is never in the way."""

import os
import socket
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batch_manager.event_sender import MAX_WAITING, EventSender
from dispatcher.service.tls import prepare_tls
from tests.support.event_receiver import EventReceiver

NEVER = 3600.0
"""An interval that does not pass within a test."""


def test_documents_are_sent_in_order_with_their_content_type() -> None:
    """As structured CloudEvents."""
    with EventReceiver() as receiver:
        sender = EventSender(receiver.url)
        for number in range(3):
            sender.send({"number": number})
        sender.close(30)
        assert [path for path, _, _ in receiver.requests] == ["/events"] * 3
        assert {kind for _, kind, _ in receiver.requests} == {"application/cloudevents+json; charset=utf-8"}
        assert [event["number"] for event in receiver.events] == [0, 1, 2]


def test_first_and_last_of_many_latest_documents_are_sent() -> None:
    """At most one in an interval, and the last one always."""
    with EventReceiver() as receiver:
        sender = EventSender(receiver.url, interval=NEVER)
        sender.send_latest({"number": 0})
        assert receiver.wait_for(lambda: len(receiver.requests) == 1)
        for number in range(1, 1000):
            sender.send_latest({"number": number})
        sender.close(30)
        assert [event["number"] for event in receiver.events] == [0, 999]


def test_latest_document_is_sent_once_the_interval_is_over() -> None:
    """Not only at the end."""
    with EventReceiver() as receiver:
        sender = EventSender(receiver.url, interval=0.01)
        for number in range(3):
            sender.send_latest({"number": number})
            assert receiver.wait_for(lambda n=number: receiver.events[-1:] == [{"number": n}])  # type: ignore[misc]
        sender.close(30)


def test_latest_document_goes_before_one_that_came_after_it() -> None:
    """Progress is not told after the end."""
    with EventReceiver() as receiver:
        sender = EventSender(receiver.url, interval=NEVER)
        sender.send_latest({"number": 0})
        assert receiver.wait_for(lambda: len(receiver.requests) == 1)
        sender.send_latest({"number": 1})
        sender.send({"number": 2})
        sender.close(30)
        assert [event["number"] for event in receiver.events] == [0, 1, 2]


def test_sender_neither_waits_for_nor_floods_a_receiver_that_hangs() -> None:
    """What is too much is dropped, the oldest first."""
    with EventReceiver(holds_answers=True) as receiver:
        sender = EventSender(receiver.url, timeout=NEVER)
        sender.send({"number": 0})
        assert receiver.wait_for(lambda: len(receiver.requests) == 1)
        for number in range(1, 1000):
            sender.send({"number": number})
        sender.close(0.0)
        receiver.let_go()
        assert receiver.wait_for(lambda: len(receiver.requests) == 1 + MAX_WAITING)
        assert receiver.events[-1] == {"number": 999}


def test_receiver_that_is_gone_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Said once in the log."""
    caplog.set_level("INFO")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        sender = EventSender(f"http://127.0.0.1:{unused.getsockname()[1]}/")
        for number in range(3):
            sender.send({"number": number})
        sender.close(30)
    assert [record.message for record in caplog.records] == ["events are not taken"]


def test_quiet_sender_says_nothing_of_a_receiver_that_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    """A first record costs a task 25 ms."""
    caplog.set_level("DEBUG")
    sender = EventSender("http://127.0.0.1:1/", is_quiet=True)
    sender.send({})
    sender.close(30)
    assert caplog.records == []


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"])
def test_answer_that_is_none_costs_nothing(answer: bytes) -> None:
    """Whatever a receiver does, the next event is tried too."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = EventSender(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=30)
        for _ in range(2):
            sender.send({})
            connection, _ = server.accept()
            with connection:
                while not connection.recv(65536).endswith(b"{}"):
                    pass
                connection.sendall(answer)
        sender.close(30)
        assert not any(thread.name == "batch-manager-events" for thread in threading.enumerate())


def test_refusal_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """And no event is sent twice."""
    caplog.set_level("INFO")
    with EventReceiver(status=404) as receiver:
        sender = EventSender(receiver.url)
        sender.send({})
        sender.send({})
        sender.close(30)
        assert len(receiver.requests) == 2
    assert [vars(record)["why"] for record in caplog.records] == ["answer 4xx"]


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """What a receiver on this machine serves https with, and the authority that vouches for it."""
    files = prepare_tls(tmp_path / "tls", datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    return context, files.authority


def test_documents_are_sent_over_https(tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """To a receiver whose authority this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    with EventReceiver(tls=tls[0]) as receiver:
        sender = EventSender(receiver.url)
        sender.send({"number": 0})
        sender.send({"number": 1})
        sender.close(30)
        assert [event["number"] for event in receiver.events] == [0, 1]


def test_nothing_is_sent_to_a_receiver_that_is_not_trusted(
    tls: tuple[ssl.SSLContext, Path], caplog: pytest.LogCaptureFixture
) -> None:
    """It is not the one that was named."""
    caplog.set_level("INFO")
    with EventReceiver(tls=tls[0]) as receiver:
        sender = EventSender(receiver.url)
        sender.send({})
        sender.close(30)
        assert receiver.events == []
    assert [vars(record)["why"] for record in caplog.records] == ["SSLCertVerificationError"]


def test_document_after_the_close_is_dropped() -> None:
    """Nobody would send it."""
    with EventReceiver() as receiver:
        sender = EventSender(receiver.url)
        sender.send({"number": 0})
        sender.close(30)
        sender.send({"number": 1})
        sender.close(30)
        assert receiver.events == [{"number": 0}]


def test_close_without_a_document_starts_nothing() -> None:
    """A task that says nothing pays nothing."""
    before = threading.active_count()
    EventSender("http://127.0.0.1:9/").close()
    assert threading.active_count() == before


def test_fork_sends_nothing_and_does_not_hang() -> None:
    """Its copy of the sender has no thread, and perhaps a lock that is never opened."""
    with EventReceiver() as receiver:
        sender = EventSender(receiver.url)
        sender.send({"number": 0})
        assert receiver.wait_for(lambda: len(receiver.requests) == 1)
        sender._changed.acquire()
        child = os.fork()
        if child == 0:
            sender.send({"number": 1})
            sender.close(30)
            os._exit(0)
        sender._changed.release()
        assert os.waitpid(child, 0)[1] == 0
        sender.close(30)
        assert receiver.events == [{"number": 0}]

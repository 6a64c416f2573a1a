import asyncio

import pytest

from gateway.transport import HeadWithBody

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Recorder(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.ended: str | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"


@pytest.fixture
async def held() -> tuple[Recorder, HeadWithBody]:
    recorder = Recorder()
    return recorder, HeadWithBody(recorder, asyncio.get_running_loop())


async def test_head_leaves_with_its_body(held: tuple[Recorder, HeadWithBody]) -> None:
    recorder, transport = held
    transport.write(HEAD)
    transport.write(b"body")
    transport.write(b"more")
    assert recorder.written == [HEAD + b"body", b"more"]


async def test_head_without_a_body_leaves_in_this_turn_of_the_loop(held: tuple[Recorder, HeadWithBody]) -> None:
    recorder, transport = held
    transport.write(HEAD)
    assert recorder.written == []
    await asyncio.sleep(0)
    assert recorder.written == [HEAD]


async def test_head_is_sent_before_the_connection_closes(held: tuple[Recorder, HeadWithBody]) -> None:
    recorder, transport = held
    transport.write(HEAD)
    transport.close()
    assert (recorder.written, recorder.ended) == ([HEAD], "closed")


async def test_aborted_connection_sends_nothing_more(held: tuple[Recorder, HeadWithBody]) -> None:
    recorder, transport = held
    transport.write(HEAD)
    transport.abort()
    await asyncio.sleep(0)
    assert (recorder.written, recorder.ended) == ([], "aborted")

"""The walls of a class, as far as they can be seen without an engine: the hatch, what is missing, which queue may be used."""

import asyncio
import socket

import pytest

from workshop.classroom import walls
from workshop.classroom.queues import BadQueue, checked
from workshop.course.lessons import catalogue, find
from workshop.guests import hatch


def test_builds_are_trusted_only_if_somebody_says_so():
    assert walls.missing([find("1"), find("7")]) == []
    words = " ".join(walls.missing(catalogue()))
    assert "3, 4" in words and "network" in words and "127.0.0.1 only cannot" in words


def test_which_redis_may_be_used():
    for url in (
        "redis://127.0.0.1:6379/0",
        "redis://localhost/0",
        "rediss://:secret@school.example/0",
        "redis://:x@10.0.0.1",
    ):
        assert checked(url) == url
    for url in ("redis://10.0.0.1:6379/0", "redis://school.example/0", "http://127.0.0.1", "nonsense"):
        with pytest.raises(BadQueue):
            checked(url)


@pytest.mark.parametrize(("network", "wanted"), [("127.0.0.0/8", b"hello"), ("10.0.0.0/8", b"")])
def test_the_hatch_lets_only_builders_through(tmp_path, network, wanted):
    path = str(tmp_path / "index.sock")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def answer(reader, writer):
        await reader.read(4)
        writer.write(b"hello")
        writer.close()

    async def ask():
        server = await asyncio.start_unix_server(answer, path)
        serving = asyncio.create_task(hatch.main("127.0.0.1", port, path, network))
        for _ in range(100):
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
        writer.write(b"GET ")
        try:
            said = await asyncio.wait_for(reader.read(), 5)
        except ConnectionError:
            said = b""
        writer.close()
        serving.cancel()
        server.close()
        return said

    assert asyncio.run(ask()) == wanted

"""The one way out of a class engine: takes connections in its network, and hands them to a socket file outside. Standard library only.

Started as `python -IS hatch.py ADDRESS PORT SOCKET NETWORK` inside the engine's network namespace. Only who builds may use it: a connection from
another network than NETWORK, as from a student's running container, is closed at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import sys

CHUNK = 65536


async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Hands on what one side says until it ends."""
    with contextlib.suppress(OSError):
        while chunk := await source.read(CHUNK):
            target.write(chunk)
            await target.drain()
    with contextlib.suppress(OSError):
        target.close()


async def main(address: str, port: int, socket: str, network: str) -> None:
    """Serves until it is ended."""
    allowed = ipaddress.ip_network(network)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if ipaddress.ip_address(writer.get_extra_info("peername")[0]) not in allowed:
            writer.close()
            return
        try:
            outer, inner = await asyncio.open_unix_connection(socket)
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, inner), carry(outer, writer))

    server = await asyncio.start_server(serve, address, port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))

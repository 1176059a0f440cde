"""A relay that is far away: `python -m tests.bench.away PORT TO MILLISECONDS` hands bytes on, each way half as late."""

from __future__ import annotations

import asyncio
import sys
from functools import partial


async def serve(port: int, to: int, delay: float) -> None:
    """Listen on loopback and hand on for ever; `delay` in seconds, there and back."""
    server = await asyncio.start_server(partial(_talk, to=to, half=delay / 2), "127.0.0.1", port, backlog=256)
    async with server:
        await server.serve_forever()


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: int, half: float) -> None:
    await asyncio.sleep(2 * half)  # the handshake of TCP
    there, back = await asyncio.open_connection("127.0.0.1", to)
    await asyncio.gather(_hand_on(reader, back, half), _hand_on(there, writer, half))


async def _hand_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter, half: float) -> None:
    loop = asyncio.get_running_loop()
    try:
        while octets := await source.read(1 << 16):
            loop.call_later(half, sink.write, octets)
    except OSError:
        pass
    loop.call_later(half, sink.close)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))

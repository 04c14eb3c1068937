"""The sockets that the page is listened for at."""

import asyncio
import socket

from web.access.addresses import listen


def test_small_answers_are_sent_at_once() -> None:
    """With Nagle's delay each answer waits 40 ms for an acknowledgement: asyncio switches it off where it can tell."""
    listening = listen(port=0)

    async def delayed() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            found.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(met, sock=listening.sockets[0]):
            _, writer = await asyncio.open_connection("127.0.0.1", listening.port)
            answer = await found
            writer.close()
            return answer

    try:
        assert asyncio.run(delayed()) == 1
    finally:
        listening.close()

"""An AGCOD on loopback that speaks HTTP/2 only, without TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

SUCCESS = b'{"status":"SUCCESS","gcClaimCode":"AAAA-BBBBBB-CCCC","gcId":"A2GCN9"}'
FAULT = b'{"errorCode":"F500","errorType":"GeneralError","message":"down"}'


class H2Agcod:
    """Answers by the first part of the path: `success`, `fault`, `reset`, `hang`."""

    def __init__(self) -> None:
        self.connections = 0
        self.bodies: list[bytes] = []
        self.port = 0

    def url(self, manner: str = "success") -> str:
        return f"http://127.0.0.1:{self.port}/{manner}/CreateGiftCard"

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        talk = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        talk.initiate_connection()
        paths: dict[int, str] = {}
        received: dict[int, bytes] = {}
        writer.write(talk.data_to_send())
        while data := await reader.read(65_536):
            for event in talk.receive_data(data):
                if isinstance(event, RequestReceived):
                    paths[event.stream_id] = dict(event.headers)[":path"]
                    received[event.stream_id] = b""
                elif isinstance(event, DataReceived):
                    received[event.stream_id] += event.data
                elif isinstance(event, StreamEnded):
                    self.bodies.append(received.pop(event.stream_id))
                    self._answer(talk, event.stream_id, paths.pop(event.stream_id))
            writer.write(talk.data_to_send())
        writer.close()

    def _answer(self, talk: H2Connection, stream_id: int, path: str) -> None:
        manner = path.split("/")[1]
        if manner == "hang":
            return
        if manner == "reset":
            talk.reset_stream(stream_id)
            return
        status, body = ("500", FAULT) if manner == "fault" else ("200", SUCCESS)
        talk.send_headers(stream_id, [(":status", status), ("x-amzn-requestid", "1d")])
        talk.send_data(stream_id, body[:30])
        talk.send_data(stream_id, body[30:], end_stream=True)


@asynccontextmanager
async def h2_agcod() -> AsyncIterator[H2Agcod]:
    agcod = H2Agcod()
    server = await asyncio.start_server(agcod.serve, "127.0.0.1", 0)
    agcod.port = server.sockets[0].getsockname()[1]
    try:
        yield agcod
    finally:
        server.close()

"""The TLS front: takes PostgreSQL's SSLRequest on 127.0.0.1, forwards what was encrypted to a Unix socket.

A process of its own, on the standard library alone: ``python -I -S front.py PORT CERTIFICATE KEY``, started
in the folder of the socket (a socket's path may be no longer than about 100 bytes: it is named without one).

Protocol: https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-SSL
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
import sys

SOCKET = ".s.PGSQL.5432"
SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
_HANDSHAKE_TIMEOUT_S = 10.0
_CHUNK = 65536
_FIRST_MESSAGE = struct.Struct("!II")
"""Length and code of what a client sends first."""


def _refusal() -> bytes:
    """An ErrorResponse, as a server with ``hostssl`` only would give it."""
    fields = {
        "S": "FATAL",
        "V": "FATAL",
        "C": "28000",
        "M": "TLS is required: connect with sslmode=verify-full",
    }
    body = b"".join(f"{key}{value}\0".encode() for key, value in fields.items()) + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body


async def _encrypted(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext
) -> bool:
    """Bring the connection to TLS; ``False`` if the client wants it otherwise."""
    while True:
        length, code = _FIRST_MESSAGE.unpack(await reader.readexactly(_FIRST_MESSAGE.size))
        if length == _FIRST_MESSAGE.size and code == GSS_REQUEST:
            writer.write(b"N")
        elif length == _FIRST_MESSAGE.size and code == SSL_REQUEST:
            writer.write(b"S")
            await writer.start_tls(context, ssl_handshake_timeout=_HANDSHAKE_TIMEOUT_S)
            return True
        else:
            writer.write(_refusal())
            await writer.drain()
            return False


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
    ends = [writer]
    try:
        async with asyncio.timeout(_HANDSHAKE_TIMEOUT_S):
            encrypted = await _encrypted(reader, writer, context)
        if encrypted:
            from_server, to_server = await asyncio.open_unix_connection(SOCKET)
            ends.append(to_server)
            pumps = [asyncio.create_task(_pump(*way)) for way in ((reader, to_server), (from_server, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
    except (OSError, EOFError, TimeoutError):
        pass  # either side is gone, or the server is down: the client sees its connection closed
    finally:
        for end in ends:
            with contextlib.suppress(OSError):
                end.close()


async def main(port: int, certificate: str, key: str) -> None:
    """Serve until the process is ended."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _serve(reader, writer, context)

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))

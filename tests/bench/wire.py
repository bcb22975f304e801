# SPDX-License-Identifier: Apache-2.0
"""A small HTTP/1.1 client and server on asyncio: what the load and the fake kubelet send must cost less than
what the API server does with it."""
import asyncio
import base64
import json
import re
import ssl
import tempfile
import time
import urllib.parse

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
NAMES_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
LIMIT = 1 << 22
IDLE_SECONDS = 60  # the API server closes what is silent for 90


class Refused(Exception):
    pass


class Server:
    """Where the API server is and who asks, by a kubeconfig as tests/cluster/pki.sh makes it."""

    def __init__(self, kubeconfig):
        with open(kubeconfig, encoding="utf-8") as file:
            text = file.read()
        data = {key: base64.b64decode(value).decode() for key, value in re.findall(r"(\S+)-data: (\S+)", text)}
        address = urllib.parse.urlsplit(re.search(r"server: (\S+)", text)[1])
        self.host, self.port = address.hostname, address.port
        self.context = ssl.create_default_context(cadata=data["certificate-authority"])
        token = re.search(r"token: (\S+)", text)
        self.head = f"Authorization: Bearer {token[1]}\r\n" if token else ""
        if not token:
            with tempfile.NamedTemporaryFile("w") as pem:
                pem.write(data["client-certificate"] + "\n" + data["client-key"])
                pem.flush()
                self.context.load_cert_chain(pem.name)


class Connection:
    """One request at a time."""

    def __init__(self, server):
        self.server, self.reader, self.writer, self.used = server, None, None, 0

    async def send(self, method, path, body=None, kind="application/json", accept="application/json"):
        idle, self.used = time.monotonic() - self.used, time.monotonic()
        if not self.writer or idle > IDLE_SECONDS:
            self.reader, self.writer = await asyncio.open_connection(
                self.server.host, self.server.port, ssl=self.server.context, limit=LIMIT)
        data = json.dumps(body, separators=(",", ":")).encode() if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: api\r\nAccept: {accept}\r\n{self.server.head}"
        if data:
            head += f"Content-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
        self.writer.write(head.encode() + b"\r\n" + data)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        return int(head[9:12]), head

    async def chunk(self):
        size = int(await self.reader.readline(), 16)
        data = await self.reader.readexactly(size + 2)
        return data[:-2]

    async def call(self, method, path, body=None, kind="application/json", accept="application/json"):
        status, head = await self.send(method, path, body, kind, accept)
        size = re.search(r"content-length: (\d+)", head)
        if size:
            data = await self.reader.readexactly(int(size[1]))
        else:
            data = b""
            while part := await self.chunk():
                data += part
        if status >= 300:
            raise Refused(f"{method} {path}: {status} {data[:600]!r}")
        return data

    async def lines(self, path, accept):
        """Of one watch, until the server ends it."""
        status, _ = await self.send("GET", path, accept=accept)
        if status != 200:
            raise Refused(f"watch {path}: {status}")
        rest = b""
        while part := await self.chunk():
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                yield line


async def watch(server, path, accept="application/json"):
    """Events for ever. A server that has much to do ends watches: they go on from where they were."""
    version = ""
    while True:
        query = "?watch=1&timeoutSeconds=3600" + (f"&resourceVersion={version}" if version else "")
        async for line in Connection(server).lines(path + query, accept):
            event = json.loads(line)
            if event["type"] == "ERROR":
                raise Refused(f"watch {path}: {line!r}")
            version = event["object"]["metadata"]["resourceVersion"]
            yield event


class Pool:
    """At most `size` requests in flight."""

    def __init__(self, server, size):
        self.free = asyncio.LifoQueue()
        for _ in range(size):
            self.free.put_nowait(Connection(server))

    async def call(self, *words, **options):
        connection = await self.free.get()
        try:
            return await connection.call(*words, **options)
        finally:
            self.free.put_nowait(connection)


async def serve(host, context, answer):
    """Answers GETs with what `answer(path)` gives. The port it listens on."""

    async def talk(reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                data = answer(head.split(" ", 2)[1])
                writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(data)}\r\n\r\n"
                             .encode() + data)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, host, 0, ssl=context)
    return server.sockets[0].getsockname()[1]

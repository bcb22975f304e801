#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTP server that misbehaves as it is told, for the tests of the transport.

    server.py DIRECTORY

Listens on the loopback: plain, with TLS, with TLS that asks for a client certificate, under
another name, as a proxy, and silently with HTTP/2. Makes its certificates in DIRECTORY, then says
on one line which ports it has. Ends with its stdin, and after five minutes in any case."""
import gzip
import http.server
import json
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

LIFETIME_S = 300


class Facts:
    """What the tests ask for afterwards; per listening port."""

    def __init__(self):
        self.lock = threading.Lock()
        self.connections = self.active = self.active_max = 0
        self.requests = []

    def enter(self):
        with self.lock:
            self.active += 1
            self.active_max = max(self.active_max, self.active)

    def leave(self):
        with self.lock:
            self.active -= 1


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.number = self.server.facts.connections
        self.server.facts.connections += 1

    def answer(self, status, body=b"{}", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        url = urllib.parse.urlsplit(self.path)
        size = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(size).decode()
        self.query = dict(urllib.parse.parse_qsl(url.query))
        name = url.path.strip("/").replace("-", "_")
        self.server.facts.requests.append(self.path)
        getattr(self, "on_" + name, self.on_nothing)()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def on_nothing(self):
        self.answer(404, json.dumps({"kind": "Status", "reason": "NotFound",
                                     "message": "nothing \x1b[31m here", "code": 404}).encode())

    def on_echo(self):
        peer = self.connection.getpeercert() if hasattr(self.connection, "getpeercert") else None
        subject = dict(pair[0] for pair in peer["subject"])["commonName"] if peer else ""
        self.answer(200, json.dumps({
            "method": self.command, "path": self.path, "body": self.body, "peer": subject,
            "connection": str(self.number),
            "headers": [f"{name.lower()}: {value}" for name, value in self.headers.items()],
        }).encode())

    def on_facts(self):
        facts = self.server.facts
        self.answer(200, json.dumps({"connections": str(facts.connections),
                                     "active_max": str(facts.active_max),
                                     "tunnels": str(self.server.tunnels.connections),
                                     "silent": str(self.server.silent.connections),
                                     "requests": facts.requests[-100:]}).encode())

    def on_slow(self):
        self.server.facts.enter()
        time.sleep(int(self.query.get("ms", 100)) / 1000)
        self.server.facts.leave()
        self.answer(200)

    def on_status(self):
        headers = {"Retry_After": self.query["retry"]} if "retry" in self.query else {}
        self.answer(int(self.query["code"]), b"", **headers)

    def on_busy(self):
        """Puts off the first `n` requests of that `key`."""
        seen = sum("key=" + self.query["key"] in path for path in self.server.facts.requests)
        if seen <= int(self.query["n"]):
            self.answer(int(self.query["code"]), b"{}", Retry_After=self.query["retry"])
        else:
            self.answer(200)

    def on_token(self):
        with open(os.path.join(self.server.directory, "accepted")) as file:
            wanted = "Bearer " + file.read()
        self.answer(200 if self.headers.get("Authorization") == wanted else 401)

    def on_gzip(self):
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            self.answer(200, gzip.compress(b'{"packed":true}'), Content_Encoding="gzip")
        else:
            self.answer(200, b'{"packed":false}')

    def on_redirect(self):
        self.answer(302, b"", Location="/echo")

    def on_cut_body(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"kind":')
        self.drop()

    def on_drop(self):
        self.drop()

    def on_big_head(self):
        self.send_response(200)
        for i in range(400):
            self.send_header(f"X-{i}", "x" * 1000)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def on_big_body(self):
        self.start_stream()
        for _ in range(64):
            self.chunk(b"x" * 65536)
        self.chunk(b"")

    def on_stream(self):
        """`n` lines, `ms` apart; then the end: well, cut within a line, or silence."""
        self.start_stream()
        for i in range(int(self.query["n"])):
            self.chunk(f"line {i}\n".encode())
            time.sleep(int(self.query.get("ms", 0)) / 1000)
        end = self.query.get("end", "well")
        if end == "well":
            self.chunk(b"")
        elif end == "cut":
            self.wfile.write(b"20\r\nhalf a li")
            self.drop()
        else:
            time.sleep(30)

    def on_refused_stream(self):
        self.answer(410, b'{"kind":"Status","reason":"Expired","message":"too old","code":410}')

    def start_stream(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def drop(self):
        self.wfile.flush()
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def do_CONNECT(self):
        host, _, port = self.path.rpartition(":")
        self.server.facts.requests.append("CONNECT " + " ".join(
            f"{name.lower()}: {value}" for name, value in self.headers.items()))
        if self.headers.get("Proxy-Authorization") == "Basic bm86bm8=":  # no:no
            self.answer(403, b"")
            return
        self.server.tunnels.connections += 1
        with socket.create_connection((host.strip("[]"), int(port)), 10) as peer:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=pump, args=(peer, self.connection), daemon=True)
            back.start()
            pump(self.connection, peer)
            back.join(10)
        self.close_connection = True


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class SilentHandler(socketserver.BaseRequestHandler):
    """Speaks HTTP/2 so far that a client settles down on it, and never answers."""

    def handle(self):
        self.server.silent.connections += 1
        self.request.sendall(b"\0\0\0\x04\0\0\0\0\0")  # SETTINGS
        while self.request.recv(65536):
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        pass  # peers that go away are what is tested


def openssl(directory, *words):
    subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)


def make_certificates(directory):
    for authority in "ca", "other-ca":
        openssl(directory, "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                f"/CN={authority}", "-keyout", authority + ".key", "-out", authority + ".pem")
    for name, alternative in (("server", "DNS:localhost,IP:127.0.0.1"),
                              ("named", "DNS:kube.example"), ("client", "DNS:client")):
        openssl(directory, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-subj", f"/CN={name}", "-keyout", name + ".key", "-out", name + ".csr")
        with open(os.path.join(directory, name + ".ext"), "w") as file:
            file.write("subjectAltName=" + alternative + "\n")
        openssl(directory, "x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey",
                "ca.key", "-CAcreateserial", "-days", "2", "-extfile", name + ".ext", "-out",
                name + ".pem")


TUNNELS, SILENT = Facts(), Facts()


def listen(directory, name=None, asks_client=False, handler=Handler):
    server = Server(("127.0.0.1", 0), handler, bind_and_activate=True)
    server.directory, server.facts, server.tunnels, server.silent = \
        directory, Facts(), TUNNELS, SILENT
    if name:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(directory, name + ".pem"),
                                os.path.join(directory, name + ".key"))
        if asks_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(os.path.join(directory, "ca.pem"))
        if handler is SilentHandler:
            context.set_alpn_protocols(["h2"])
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main():
    directory = sys.argv[1]
    make_certificates(directory)
    servers = [listen(directory), listen(directory, "server"), listen(directory, "server", True),
               listen(directory, "named"), listen(directory),
               listen(directory, "server", handler=SilentHandler)]
    print(*(server.server_address[1] for server in servers), flush=True)
    threading.Timer(LIFETIME_S, os._exit, (1,)).start()
    sys.stdin.read()
    os._exit(0)


main()

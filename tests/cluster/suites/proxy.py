# SPDX-License-Identifier: Apache-2.0
"""A TLS proxy between one operator and the API server that sees, numbers and may fail every request.
It speaks to the server as the operator's own service account, so its rights are the real ones."""
import http.client
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading

from stage import Api

ACCOUNT = "system:serviceaccount:agenttask-system:agenttask-controller-manager"
GROUPS = ("system:serviceaccounts", "system:serviceaccounts:agenttask-system", "system:authenticated")
HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host"}


class Proxy:
    """`seen(number, method, path)` is called when the server has answered a request, and before the
    operator learns of it; True: it never does, the connection is cut."""

    def __init__(self, seen=lambda number, method, path: False):
        self.api, self.seen, self.count = Api(user=ACCOUNT, groups=GROUPS), seen, 0
        self.lock = threading.Lock()
        self.top = tempfile.TemporaryDirectory(prefix="agenttask-proxy-")
        self.make_certificate()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.kubeconfig = os.path.join(self.top.name, "kubeconfig")
        with open(self.kubeconfig, "w", encoding="utf-8") as file:
            json.dump(self.config(), file)
        threading.Thread(target=self.serve, daemon=True).start()

    def make_certificate(self):
        self.key, self.cert = (os.path.join(self.top.name, name) for name in ("key.pem", "cert.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", self.key, "-out", self.cert, "-days", "2", "-subj", "/CN=127.0.0.1",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.cert, self.key)

    def config(self):
        return {"apiVersion": "v1", "kind": "Config", "current-context": "c",
                "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{self.port}",
                                                       "certificate-authority": self.cert}}],
                "users": [{"name": "u", "user": {"token": "none"}}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}

    def close(self):
        self.listener.close()
        self.top.cleanup()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.attend, args=(client,), daemon=True).start()

    def attend(self, client):
        try:
            with self.tls.wrap_socket(client, server_side=True) as wrapped, wrapped.makefile("rb") as reader:
                upstream = http.client.HTTPSConnection(self.api.server.hostname, self.api.server.port,
                                                       context=self.api.context, timeout=None)
                while self.one(wrapped, reader, upstream):
                    pass
                upstream.close()
        except (OSError, http.client.HTTPException, ValueError):
            pass

    def one(self, client, reader, upstream):
        """One request and its answer. False: the connection is over."""
        line = reader.readline().decode("ascii").split()
        if len(line) != 3:
            return False
        headers = http.client.parse_headers(reader)
        body = reader.read(int(headers.get("Content-Length", 0)))
        upstream.putrequest(line[0], line[1])
        for name, value in headers.items():
            if name.lower() not in HOP | {"authorization", "accept-encoding"}:
                upstream.putheader(name, value)
        for name, value in self.api.headers[1:]:
            upstream.putheader(name, value)
        if body or line[0] != "GET":
            upstream.putheader("Content-Length", str(len(body)))
        upstream.endheaders(body or None)
        answer = upstream.getresponse()
        return self.answer(client, line[0], line[1], answer)

    def answer(self, client, method, path, answer):
        is_stream = "watch=" in path or "follow=" in path
        data = b"" if is_stream else answer.read()
        with self.lock:
            self.count += 1
            number = self.count
            if self.seen(number, method, path):
                return False
        head = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        head += [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in HOP]
        head.append("Transfer-Encoding: chunked" if is_stream else f"Content-Length: {len(data)}")
        client.sendall(("\r\n".join(head) + "\r\n\r\n").encode("latin-1") + data)
        while is_stream and (piece := answer.read1(65536)):
            client.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        if is_stream:
            client.sendall(b"0\r\n\r\n")
        return True

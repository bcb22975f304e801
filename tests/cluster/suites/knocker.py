# SPDX-License-Identifier: Apache-2.0
"""Hostile clients of the webhook's port: run in the network namespace of a Pod.

    knocker.py HOST PORT SECONDS MODE

Prints what came of it as JSON. Needs nothing but Python."""
import json
import os
import socket
import ssl
import sys
import time

TASK_PATH = "/validate-execution-agenttask-io-v1alpha1-agenttask"
PROFILE_PATH = "/validate-execution-agenttask-io-v1alpha1-runtimeprofile"
MIB = 1 << 20


def context():
    ret = ssl.create_default_context()
    ret.check_hostname, ret.verify_mode = False, ssl.CERT_NONE
    return ret


def connect(host, port, seconds=5):
    plain = socket.create_connection((host, port), timeout=seconds)
    try:
        return context().wrap_socket(plain)
    except OSError:
        plain.close()
        raise


def head(size, path=TASK_PATH, kind="application/json", method="POST"):
    framing = f"Content-Length: {size}" if size is not None else "Transfer-Encoding: chunked"
    return f"{method} {path} HTTP/1.1\r\nHost: webhook\r\nContent-Type: {kind}\r\n{framing}\r\n\r\n".encode()


def answer(connection):
    """Status and body; None: it was closed without a word."""
    try:
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return None
            data += part
        top, _, body = data.partition(b"\r\n\r\n")
        size = next((int(line.split(b":")[1]) for line in top.lower().split(b"\r\n")
                     if line.startswith(b"content-length")), 0)
        while len(body) < size and (part := connection.recv(65536)):
            body += part
        return int(top.split()[1]), body
    except (OSError, ValueError, IndexError):
        return None


def review(uid="1", operation="CREATE", **request):
    task = {"apiVersion": "execution.agenttask.io/v1alpha1", "kind": "AgentTask",
            "metadata": {"name": "forged", "namespace": "default"},
            "spec": {"runtimeProfile": "python3.11", "code": {"source": "pass\n"}}}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": uid, "operation": operation, "namespace": "default", "name": "forged",
        "kind": {"group": "execution.agenttask.io", "version": "v1alpha1", "kind": "AgentTask"},
        "resource": {"group": "execution.agenttask.io", "version": "v1alpha1", "resource": "agenttasks"},
        "userInfo": {"username": "system:admin", "groups": ["system:masters"]}, "object": task, "oldObject": None,
        "dryRun": False, "options": {}, **request}}


NO_REQUESTS = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", head(0, "/" + "x" * 100000), head(2, kind="text/plain") + b"{}",
    head(2, method="PUT") + b"{}", head(2, "/nowhere") + b"{}", b"\0" * 10000, b"GET /\r\n\r\n",
    b"POST " + TASK_PATH.encode() + b" HTTP/1.1\r\n" + b"A: b\r\n" * 10000 + b"\r\n",
    head("99999999999999999999") + b"{}", head(-1) + b"{}", head(2).replace(b"POST", b"POST POST") + b"{}")


# -- the modes: each until the time is over ------------------------------------------------------------

def large(host, port, until):
    """100 MB, with its length and without; endless headers."""
    found, sent, block = {}, 0, b"x" * MIB
    while time.monotonic() < until:
        for size in (100 * MIB, None):
            try:
                with connect(host, port) as connection:
                    connection.sendall(head(size))
                    for _ in range(100):
                        connection.sendall(block if size else b"100000\r\n" + block + b"\r\n")
                        sent += 1
                    got = answer(connection)
                    key = str(got and got[0])
            except OSError as error:
                key = type(error).__name__
            found[key] = found.get(key, 0) + 1
    return {"answers": found, "sent_mib": sent}


def slow(host, port, until):
    """Ever more connections that send one byte a second: of their headers, of a body."""
    held, refused = [], 0
    while time.monotonic() < until:
        for begin in (b"POST " + TASK_PATH.encode() + b" HTTP/1.1\r\nX: ", head(100000)):
            try:
                connection = connect(host, port, 2)
                connection.sendall(begin)
                held.append(connection)
            except OSError:
                refused += 1
        alive = []
        for connection in held:
            try:
                connection.sendall(b"x")
                alive.append(connection)
            except OSError:
                connection.close()
        held = alive
        time.sleep(0.2)
    return {"held_at_the_end": len(held), "refused": refused}


def bad_tls(host, port, until):
    """Noise instead of a hello; half a hello; a hello of other times."""
    tries, kept = 0, []
    whole = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    whole.check_hostname, whole.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        whole.wrap_bio(incoming, outgoing, server_hostname="x").do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outgoing.read()
    kinds = (os.urandom(3000), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", hello[:len(hello) // 2], hello * 3,
             hello[:5] + os.urandom(len(hello)), b"\x16\x03\x01\xff\xff" + os.urandom(60000),
             b"\x16\x03\x00\x00\x2e\x01\x00\x00\x2a\x03\x00" + bytes(40))
    while time.monotonic() < until:
        for kind in kinds:
            try:
                connection = socket.create_connection((host, port), timeout=2)
                connection.sendall(kind)
                kept.append(connection)
                tries += 1
            except OSError:
                pass
            for old in kept[:-100]:
                old.close()
            kept = kept[-100:]
        time.sleep(0.02)
    return {"tries": tries}


def garbage_bodies():
    good = json.dumps(review()).encode()
    yield from (b"", b"{", b"null", b"[]", b'"x"', good[:-1], good + b"x", b"\xff" * 1000)
    yield from (b"[" * 100000, b"[" * 60000 + b"]" * 60000, b'{"a":' * 50000 + b"1" + b"}" * 50000)
    yield from (b"[" + b"1," * 1000000 + b"1]", b"[" + b"{}," * 900000 + b"1]")
    yield b'{"request":' + b" " * 3000000 + b"{}}"
    yield b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"' + b"u" * 100000 + b'"}}'
    yield good.replace(b'"forged"', b'"\\ud800"')
    for one in (review(object=None), {**review(), "kind": "Pod"}, {**review(), "apiVersion": "admission.k8s.io/v9"},
                review(operation="EXPLODE"), review(userInfo={"username": "x" * 100000, "groups": ["g"] * 10000})):
        yield json.dumps(one).encode()


def garbage(host, port, until):
    """What is no review gets a 4xx, what is one an answer, each within a second; or the door."""
    found, slowest, wrong = {}, 0, []
    while time.monotonic() < until:
        for path in (TASK_PATH, PROFILE_PATH):
            for body in garbage_bodies():
                began = time.monotonic()
                try:
                    with connect(host, port) as connection:
                        connection.sendall(head(len(body), path) + body)
                        began = time.monotonic()
                        got = answer(connection)
                except OSError:
                    got = None
                slowest = max(slowest, time.monotonic() - began)
                key = str(got and got[0])
                found[key] = found.get(key, 0) + 1
                if got and not is_proper(got):
                    wrong.append([body[:80].decode("latin-1"), got[0], got[1][:200].decode("latin-1")])
        for data in NO_REQUESTS:
            try:
                with connect(host, port) as connection:
                    connection.sendall(data)
                    connection.settimeout(3)
                    got = answer(connection)
            except OSError:
                got = None
            if got and not 400 <= got[0] <= 505:
                wrong.append([data[:80].decode("latin-1"), got[0], got[1][:200].decode("latin-1")])
            found[str(got and got[0])] = found.get(str(got and got[0]), 0) + 1
    return {"answers": found, "slowest_s": round(slowest, 2), "wrong": wrong[:5]}


def is_proper(got):
    status, body = got
    if 400 <= status < 500:
        return True
    try:
        value = json.loads(body)
        return status == 200 and isinstance(value["response"]["allowed"], bool) and value["kind"] == "AdmissionReview"
    except (ValueError, KeyError, TypeError):
        return False


def forged(host, port, until):
    """As if the API server asked, for somebody he has made up: the answer tells, and does, nothing."""
    count, allowed = 0, 0
    body = json.dumps(review(uid="f" * 36)).encode()
    with connect(host, port) as connection:
        while time.monotonic() < until:
            connection.sendall(head(len(body)) + body)
            got = answer(connection)
            if not got or got[0] != 200:
                return {"count": count, "wrong": str(got)[:300]}
            value = json.loads(got[1])["response"]
            count, allowed = count + 1, allowed + value["allowed"]
            if value["uid"] != "f" * 36:
                return {"count": count, "wrong": str(value)}
    return {"count": count, "allowed": allowed}


def many(host, port, until):
    """A thousand connections, held; each that is closed is opened again."""
    held, opened, refused = [], 0, 0
    while time.monotonic() < until:
        while len(held) < 1000 and time.monotonic() < until:
            try:
                connection = socket.create_connection((host, port), timeout=1)
                connection.setblocking(False)
                held.append(connection)
                opened += 1
            except OSError:
                refused += 1
                break
        time.sleep(0.2)
        held = [connection for connection in held if is_open(connection)]
    return {"opened": opened, "refused": refused, "held_at_the_end": len(held)}


def is_open(connection):
    try:
        if connection.recv(1) == b"":
            connection.close()
            return False
    except BlockingIOError:
        return True
    except OSError:
        connection.close()
        return False
    return True


MODES = {mode.__name__: mode for mode in (large, slow, bad_tls, garbage, forged, many)}


def main(host, port, seconds, mode):
    try:
        print(json.dumps(MODES[mode](host, int(port), time.monotonic() + float(seconds))))
    except OSError as error:
        print(json.dumps({"ended": str(error)}))


if __name__ == "__main__":
    main(*sys.argv[1:])

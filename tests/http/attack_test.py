#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The HTTP server and its hostile clients, on real sockets. attack_test.py DOOR"""
import os
import random
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

DOOR = os.path.abspath(sys.argv.pop(1))
MEBI = 1024 * 1024
with open(DOOR, "rb") as program:
    IS_INSTRUMENTED = b"__asan_init" in program.read()
PLACE = tempfile.TemporaryDirectory()


def pair(name):
    """A certificate of its own and its key, made once."""
    files = [os.path.join(PLACE.name, name + end) for end in (".crt", ".key")]
    if not os.path.exists(files[0]):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=" + name, "-out", files[0], "-keyout", files[1]],
                       check=True, capture_output=True)
    return files


class Door:
    """A server; ends cleanly, or the test fails."""

    def __init__(self, connections=64, peer=64, bodies=8 * MEBI, files=()):
        self.is_tls = bool(files)
        self.child = subprocess.Popen([DOOR, str(connections), str(peer), str(bodies), *files],
                                      stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.terminate()
        status = self.child.wait(30)
        self.child.stdout.close()
        if status != 0:
            raise AssertionError(f"the server ended with {status}")

    def plain(self, source="127.0.0.1"):
        peer = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(source, 0))
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer

    def connect(self, **versions):
        return secure(self.plain(), **versions) if self.is_tls else self.plain()

    def says_hello(self):
        with self.connect() as peer:
            return ask(peer, get()).endswith(b"hello\n")

    def memory(self):
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))

    def cpu(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def secure(peer, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    if version:
        context.minimum_version = context.maximum_version = version
    return context.wrap_socket(peer, server_hostname="door")


def get(path="/hello", more=""):
    return f"GET {path} HTTP/1.1\r\nHost: door\r\n{more}\r\n".encode()


def post(path, body, more=""):
    return (f"POST {path} HTTP/1.1\r\nHost: door\r\nContent-Type: application/json\r\n{more}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def read_answer(peer, left=b""):
    """One answer and what came after it; None: the connection ended before."""
    while b"\r\n\r\n" not in left:
        piece = peer.recv(65536)
        if not piece:
            return None, b""
        left += piece
    head, left = left.split(b"\r\n\r\n", 1)
    size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(left) < size:
        piece = peer.recv(65536)
        if not piece:
            return None, b""
        left += piece
    return head + b"\r\n\r\n" + left[:size], left[size:]


def ask(peer, request):
    peer.sendall(request)
    return read_answer(peer)[0]


def throw(peer, request):
    try:
        peer.sendall(request)
    except OSError:  # the server has had enough
        pass


def is_over(peer, within):
    """The server ends the connection in that time."""
    peer.settimeout(within)
    try:
        while peer.recv(65536):
            pass
        return True
    except (TimeoutError, socket.timeout):
        return False
    except OSError:
        return True


def drip(peer, pieces, every):
    """Seconds until the server has enough of it. An ending only shows when one sends or reads."""
    begun = time.monotonic()
    raw = peer if not isinstance(peer, ssl.SSLSocket) else peer
    raw.settimeout(every)
    for piece in pieces:
        try:
            raw.sendall(piece)
            if not raw.recv(1):
                break
        except (TimeoutError, socket.timeout):
            continue
        except OSError:
            break
    return time.monotonic() - begun


def at_once(jobs):
    """What each of them returned; all run at the same time."""
    results = [None] * len(jobs)

    def work(i, job):
        try:
            results[i] = job()
        except Exception as failure:  # pylint: disable=broad-except
            results[i] = failure

    threads = [threading.Thread(target=work, args=(i, job), daemon=True) for i, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


class Requests(unittest.TestCase):
    def test_what_is_refused_is_refused_before_the_body_comes(self):
        many = "".join(f"X-{i}: {'a' * 40}\r\n" for i in range(350))
        rows = (
            (404, get("/")), (404, get("/../hello")), (404, post("/nowhere", b"a")),
            (405, post("/hello", b"a")), (405, get("/echo")), (405, b"DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
            (411, b"POST /echo HTTP/1.1\r\nHost: a\r\n\r\n"),
            (411, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
            (411, post("/echo", b"abc", "Transfer-Encoding: gzip\r\n")),
            (400, post("/echo", b"abc", "Content-Length: 4\r\n")),
            (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
            (400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n"),
            (400, b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\na"),
            (400, get("/hello", "Content-Length: 1\r\n")),
            (413, f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {MEBI + 1}\r\n\r\n".encode()),
            (413, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
            (431, get("/hello", many)),
            (200, post("/echo", b"")), (200, post("/echo", b"x" * MEBI)), (200, get("/hello?timeout=5s")),
            (200, b"HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
        )
        for files in ((), pair("one")):
            with Door(files=files) as door:
                for status, request in rows:
                    with self.subTest(request=request[:80], tls=bool(files)), door.connect() as peer:
                        throw(peer, request)
                        first = peer.recv(65536)
                        self.assertTrue(first.startswith(b"HTTP/1.1 %d " % status), first[:80])
                        if status >= 400:
                            self.assertTrue(is_over(peer, 5))

    def test_a_body_may_be_split_anywhere(self):
        request = post("/echo", b"0123456789")
        with Door(connections=512, peer=512) as door, Door(connections=512, peer=512, files=pair("one")) as secret:
            def split(where, at):
                with where.connect() as peer:
                    peer.sendall(request[:at])
                    time.sleep(0.05)
                    return ask(peer, request[at:])
            for where in (door, secret):
                answers = at_once([lambda at=at, where=where: split(where, at) for at in range(1, len(request))])
                for at, answer in enumerate(answers, 1):
                    self.assertTrue(isinstance(answer, bytes) and answer.endswith(b"\r\n\r\n0123456789"), (at, answer))

    def test_pipelined_requests_are_answered_in_order(self):
        with Door(files=pair("one")) as door, door.connect() as peer:
            bodies = [b"%d" % i for i in range(100)]
            peer.sendall(b"".join(post("/later" if i % 7 == 0 else "/echo", body) for i, body in enumerate(bodies)))
            left = b""
            for body in bodies:
                answer, left = read_answer(peer, left)
                self.assertTrue(answer.endswith(b"\r\n\r\n" + body), answer)

    def test_answers_come_in_any_order(self):
        with Door(files=pair("one")) as door:
            order = []

            def visit(wait_ms):
                with door.connect() as peer:
                    answer = ask(peer, post("/later", b"%d" % wait_ms))
                    order.append(wait_ms)
                    return answer.endswith(b"\r\n\r\n%d" % wait_ms)
            waits = [1200, 900, 600, 300, 0]
            self.assertEqual(at_once([lambda ms=ms: visit(ms) for ms in waits]), [True] * 5)
            self.assertEqual(order, sorted(waits))

    def test_one_request_may_answer_another(self):
        with Door(files=pair("one")) as door, door.connect() as first, door.connect() as second:
            first.sendall(post("/relay", b""))
            for _ in range(5):
                time.sleep(0.1)
                second.sendall(post("/relay", b""))
                first.settimeout(1)
                self.assertTrue(read_answer(first)[0].endswith(b"relayed"))
                first, second = second, first
            before = door.cpu()
            time.sleep(1)
            self.assertLess(door.cpu() - before, 0.1)

    def test_who_went_away_is_not_answered_and_nobody_minds(self):
        with Door(connections=64, peer=64, files=pair("one")) as door:
            for _ in range(4):  # as many again as there is room for: places come back
                peers = [door.connect() for _ in range(60)]
                for peer in peers:
                    peer.sendall(post("/later", b"200"))
                time.sleep(0.1)
                for peer in peers:
                    peer.close()
                time.sleep(0.5)
            self.assertTrue(door.says_hello())

    def test_the_end_of_the_server_drops_who_waits(self):
        for files in ((), pair("one")):
            with Door(files=files) as door:
                peers = [door.connect() for _ in range(10)]
                for peer in peers[:5]:
                    peer.sendall(post("/later", b"700"))
                peers[5].sendall(post("/echo", b"abc")[:-1])
                time.sleep(0.2)
                door.child.send_signal(signal.SIGTERM)
                self.assertTrue(all(is_over(peer, 5) for peer in peers))
                self.assertEqual(door.child.wait(10), 0)
                for peer in peers:
                    peer.close()


class Secrets(unittest.TestCase):
    def test_versions_and_what_is_agreed_on(self):
        with Door(files=pair("one")) as door:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                with door.connect(version=version) as peer:
                    self.assertTrue(ask(peer, get()).endswith(b"hello\n"))
                    self.assertEqual(peer.selected_alpn_protocol(), "http/1.1")
                    self.assertFalse(peer.session.has_ticket and version == ssl.TLSVersion.TLSv1_2)
                    self.assertIn("GCM", peer.cipher()[0])
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{door.port}", "-tls1_1", "-cipher",
                                   "ALL:@SECLEVEL=0"], input=b"", capture_output=True, timeout=30, check=False)
            self.assertNotEqual(done.returncode, 0)
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{door.port}", "-tls1_2"],
                                  input=b"R\n", capture_output=True, timeout=30, check=False)
            self.assertNotIn(b"read R BLOCK\nverify", done.stdout)  # a second handshake

    def test_without_a_pair_no_handshake_succeeds(self):
        with Door(files=("-", "-")) as door:
            with self.assertRaises(OSError):
                door.connect()

    def test_a_bad_pair_changes_nothing(self):
        one, other = pair("one"), pair("other")
        files = [os.path.join(PLACE.name, name) for name in ("bad.crt", "bad.key")]
        for path, text in zip(files, one):
            with open(text, "rb") as source, open(path, "wb") as target:
                target.write(source.read())
        with Door(files=files) as door:
            for bad in ((one[0], other[1]), (one[1], one[1]), ("/dev/null", one[1]), (one[0], "/dev/null")):
                for path, text in zip(files, bad):
                    with open(text, "rb") as source, open(path, "wb") as target:
                        target.write(source.read())
                door.child.send_signal(signal.SIGHUP)
                time.sleep(0.1)
                self.assertTrue(door.says_hello())

    def test_a_new_pair_is_seen_by_new_connections_and_drops_none(self):
        pairs = [pair("one"), pair("other")]
        ders = []
        for certificate, _ in pairs:
            with open(certificate, encoding="ascii") as text:
                ders.append(ssl.PEM_cert_to_DER_cert(text.read()))
        files = [os.path.join(PLACE.name, "swap.crt"), os.path.join(PLACE.name, "swap.key")]

        def put(which):
            for path, text in zip(files, pairs[which]):
                with open(text, "rb") as source, open(path + ".new", "wb") as target:
                    target.write(source.read())
                os.rename(path + ".new", path)

        put(0)
        with Door(connections=256, peer=256, files=files) as door:
            stop = threading.Event()

            def keep_asking():
                count = 0
                with door.connect() as peer:
                    while not stop.is_set():
                        body = b"%d" % (count % 3)
                        if not ask(peer, post("/later", body)).endswith(b"\r\n\r\n" + body):
                            return "a wrong answer"
                        count += 1
                return count

            def keep_coming():
                count = 0
                while not stop.is_set():
                    with door.connect() as peer:
                        if peer.getpeercert(True) not in ders or not ask(peer, get()).endswith(b"hello\n"):
                            return "a wrong answer"
                    count += 1
                return count

            def shown():
                with door.connect() as peer:
                    return ders.index(peer.getpeercert(True))

            def swap():
                try:
                    for i in range(1, 21):
                        put(i % 2)
                        door.child.send_signal(signal.SIGHUP)
                        until = time.monotonic() + 5
                        while shown() != i % 2:
                            if time.monotonic() > until:
                                return "the old one"
                        if [shown() for _ in range(5)] != [i % 2] * 5:
                            return "the old one again"
                finally:
                    stop.set()
                return 1

            results = at_once([swap] + [keep_asking] * 8 + [keep_coming] * 8)
            for result in results:
                self.assertTrue(isinstance(result, int) and result > 0, results)


class Attacks(unittest.TestCase):
    def test_a_trickle_ends_after_ten_seconds_wherever_it_is(self):
        """Of a handshake, of a head, of a body, of taking the answer; plain and TLS."""
        def taker(door):
            peer = door.plain()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            if door.is_tls:
                peer = secure(peer)
            begun = time.monotonic()
            peer.sendall(get("/long"))
            while time.monotonic() - begun < 9:
                peer.recv(16)
                time.sleep(1)
            time.sleep(4)  # what is left is in the kernels, and then it is cut
            size = 0
            try:
                while piece := peer.recv(65536):
                    size += len(piece)
            except OSError:
                pass
            peer.close()
            return "cut" if size < 700000 else "whole"

        def trickle(door, start, pieces, later=0.0):
            with door.connect() as peer:
                if later:
                    ask(peer, get())
                    time.sleep(later)
                peer.sendall(start)
                return drip(peer, pieces, 0.7)

        def shake(door):
            hello = ssl.MemoryBIO()
            half = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            half.check_hostname, half.verify_mode = False, ssl.CERT_NONE
            try:
                half.wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
            except ssl.SSLWantReadError:
                pass
            words = hello.read()
            with door.plain() as peer:
                peer.sendall(words[:40])
                return drip(peer, [words[i:i + 1] for i in range(40, 80)], 0.7)

        def patient(door, asks_first):
            with door.connect() as peer:
                if asks_first:
                    ask(peer, get())
                time.sleep(11.5)
                return "well" if ask(peer, get()).endswith(b"hello\n") else "cut"

        def honest(door):
            begun = time.monotonic()
            while time.monotonic() - begun < 10:
                asked = time.monotonic()
                if not door.says_hello() or time.monotonic() - asked > 1.5:
                    return "slow"
                time.sleep(0.2)
            return "well"

        body = post("/echo", b"x" * 100)
        with Door() as door, Door(files=pair("one")) as secret:
            jobs, names = [lambda: shake(secret)], ["handshake"]
            for where in (door, secret):
                jobs += [lambda w=where: trickle(w, b"GE", [b"T"] * 40),
                         lambda w=where: trickle(w, get()[:-2], [b"X: a\r\n"] * 40),
                         lambda w=where: trickle(w, body[:-90], [b"x"] * 40),
                         lambda w=where: trickle(w, body[:-90], [b"x"] * 40, later=1.0),
                         lambda w=where: drip(w.plain(), [b""] * 40, 0.7)]
                names += ["line", "head", "body", "second body", "silence"]
            rest = [lambda: taker(door), lambda: taker(secret), lambda: honest(door), lambda: honest(secret),
                    lambda: patient(door, True), lambda: patient(secret, True), lambda: patient(secret, False)]
            results = at_once(jobs + rest)
            self.assertEqual(results[len(jobs):], ["cut", "cut"] + ["well"] * 5)
            for name, result in zip(names, results):
                self.assertTrue(isinstance(result, float) and 9.0 <= result <= 12.5, (name, result))

    def test_half_a_handshake_keeps_nobody_busy(self):
        with Door(files=pair("one")) as door:
            peers = [door.plain() for _ in range(20)]
            for peer in peers:
                peer.sendall(b"\x16")
            time.sleep(0.2)
            before = door.cpu()
            time.sleep(2)
            self.assertLess(door.cpu() - before, 0.1)
            self.assertTrue(door.says_hello())

    def test_a_thousand_connections_are_served_and_cost_little(self):
        with Door(connections=1200, peer=1000, bodies=16 * MEBI, files=pair("one")) as door:
            before = door.memory()
            peers = [door.connect() for _ in range(1000)]
            for peer in peers:
                peer.sendall(post("/echo", b"x" * 3500))
            for peer in peers:
                self.assertTrue(read_answer(peer)[0].endswith(b"x" * 3500))
            each = (door.memory() - before) / len(peers)
            if not IS_INSTRUMENTED:
                self.assertLess(each, 48 * 1024)
            for peer in peers:
                peer.close()
            self.assertTrue(door.says_hello())

    def test_one_address_does_not_lock_out_another(self):
        with Door(connections=64, peer=16) as door:
            peers = [door.plain() for _ in range(16)]
            self.assertTrue(is_over(door.plain(), 3))  # at once
            with door.plain("127.0.0.2") as other:
                self.assertTrue(ask(other, get()).endswith(b"hello\n"))
            for peer in peers:
                peer.close()
            time.sleep(0.2)
            self.assertTrue(door.says_hello())
        with Door(connections=64, peer=17) as door:
            peers = [door.plain() for _ in range(16)]
            self.assertTrue(door.says_hello())

    def test_who_idles_loses_his_place_when_places_are_scarce(self):
        with Door(connections=32, peer=32) as door:
            idle = [door.plain() for _ in range(31)]
            for peer in idle[:16]:
                ask(peer, get())
            time.sleep(1.2)
            for _ in range(20):
                with door.plain() as peer:
                    peer.settimeout(5)
                    self.assertTrue(ask(peer, get()).endswith(b"hello\n"))
            self.assertTrue(is_over(idle[0], 1))

    def test_garbage_instead_of_tls_is_the_end(self):
        chance = random.Random(1)
        with Door(connections=256, peer=256, files=pair("one")) as door:
            rows = [bytes(chance.randrange(256) for _ in range(size)) for size in (1, 5, 100, 5000) for _ in range(20)]
            rows += [get(), b"\x16\x03\x01\xff\xff" + b"a" * 70000, b"\x16\x03\x03\x00\x00" * 2000,
                     b"\x15\x03\x03\x00\x02\x02\x28"]

            def try_one(row):
                with door.plain() as peer:
                    throw(peer, row)
                    return is_over(peer, 12)
            self.assertEqual(at_once([lambda row=row: try_one(row) for row in rows]), [True] * len(rows))
            self.assertTrue(door.says_hello())

    def test_a_hello_without_end_is_not_collected(self):
        record = b"\x16\x03\x01\x3e\x80"
        first = b"\x01\xff\xff\xff\x03\x03" + b"a" * (16000 - 6)
        with Door(connections=128, peer=128, files=pair("one")) as door:
            before = door.memory()
            peers = [door.plain() for _ in range(50)]
            for peer in peers:
                peer.settimeout(0.2)
                try:
                    peer.sendall(record + first)
                    for _ in range(100):
                        peer.sendall(record + b"a" * 16000)
                except OSError:
                    pass
            self.assertLess(door.memory() - before, (400 if IS_INSTRUMENTED else 80) * 1024 * len(peers))
            self.assertTrue(door.says_hello())
            for peer in peers:
                self.assertTrue(is_over(peer, 3))
                peer.close()

    def test_a_hundred_megabytes_cost_nothing(self):
        with Door(files=pair("one")) as door:
            before = door.memory()
            with door.connect() as peer:
                peer.sendall(post("/echo", b"")[:-5] + b"%d\r\n\r\n" % (100 * MEBI))
                try:
                    for _ in range(1600):
                        peer.sendall(b"x" * 65536)
                    self.fail("all of it was taken")
                except OSError:
                    pass
            done = subprocess.run(["curl", "-sk", "--http1.1", "-o", "/dev/null", "-w", "%{http_code}", "-T", DOOR,
                                   "-X", "POST", "-H", "Content-Length: 104857600",
                                   f"https://127.0.0.1:{door.port}/echo"],
                                  capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.stdout, "413")
            self.assertLess(door.memory() - before, (40 if IS_INSTRUMENTED else 2) * MEBI)
            self.assertTrue(door.says_hello())

    def test_bodies_of_all_together_are_bounded(self):
        request = post("/echo", b"x" * MEBI)
        for bodies, is_scarce in ((2 * MEBI, True), (64 * MEBI, False)):
            with Door(bodies=bodies, files=pair("one")) as door:
                before = door.memory()
                peers = [door.connect() for _ in range(16)]
                for peer in peers:  # all but the last byte
                    peer.sendall(request[:-1])
                if is_scarce and not IS_INSTRUMENTED:
                    self.assertLess(door.memory() - before, 8 * MEBI)
                statuses = [ask(peer, request[-1:])[:12] for peer in peers]
                self.assertEqual(b"HTTP/1.1 503" in statuses, is_scarce)

    def test_who_sends_slowly_loses_the_room_of_his_body(self):
        with Door(bodies=2 * MEBI) as door:
            request = post("/echo", b"x" * MEBI)
            slow = [door.connect() for _ in range(2)]
            for peer in slow:
                peer.sendall(request[:-1])
            time.sleep(0.2)
            with door.connect() as honest:
                self.assertTrue(ask(honest, post("/echo", b"y" * 50)).startswith(b"HTTP/1.1 503"))
            time.sleep(1.2)
            with door.connect() as honest:
                self.assertTrue(ask(honest, post("/echo", b"y" * 50)).endswith(b"y" * 50))
            self.assertTrue(is_over(slow[0], 1))


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    unittest.main(warnings="ignore")  # sockets that nobody closed: so do attackers

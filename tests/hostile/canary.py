# SPDX-License-Identifier: Apache-2.0
"""What must stay untouched on the machine: files, listeners, shared memory, and for root files that
are visible inside because they lie below /usr. They really work: the controls of the suite reach
them as soon as what protects them is switched off."""
import ctypes
import hashlib
import os
import pathlib
import secrets
import shutil
import socket
import struct
import tempfile
import threading

IPC_CREAT, IPC_RMID = 0o1000, 0
NET_RAW_EFFECTIVE = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)  # struct vfs_cap_data


class Canary:
    def __init__(self, state):
        self.is_root = os.geteuid() == 0
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="agenttask-canary-", dir="/var/tmp"))
        self.top.chmod(0o755)
        self.hits, self.lock, self.listeners = {}, threading.Lock(), []
        self.names = {"pid": os.getpid(), "host": socket.gethostname(), "home": os.environ["HOME"],
                      "store": state, "runs": os.path.join(state, "runs")}
        self.make_listeners()
        self.make_files()
        self.make_shared_memory()

    # -- listeners ---------------------------------------------------------------------------------

    def make_listeners(self):
        tcp = socket.create_server(("127.0.0.1", 0))
        port = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", port))
        path, abstract = self.top / "canary.sock", "agenttask-canary-" + secrets.token_hex(8)
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(str(path))
        path.chmod(0o777)
        unix.listen()
        hidden = socket.socket(socket.AF_UNIX)
        hidden.bind("\0" + abstract)
        hidden.listen()
        with socket.create_server(("127.0.0.1", 0)) as free:
            listen_port = free.getsockname()[1]
        self.names.update(port=port, socket=str(path), abstract=abstract, listen_port=listen_port,
                          listen_name=abstract + "-inside")
        for name, listener in (("tcp", tcp), ("udp", udp), ("unix", unix), ("abstract", hidden)):
            self.listeners.append(listener)
            threading.Thread(target=self.serve, args=(name, listener), daemon=True).start()

    def serve(self, name, listener):
        while True:
            try:
                if listener.type == socket.SOCK_DGRAM:
                    listener.recv(2048)
                else:
                    listener.accept()[0].close()
            except OSError:
                return
            with self.lock:
                self.hits[name] = self.hits.get(name, 0) + 1

    def take_hits(self):
        with self.lock:
            hits, self.hits = self.hits, {}
        return set(hits)

    # -- files -------------------------------------------------------------------------------------

    def make_files(self):
        text = self.top / "canary.txt"
        text.write_text("host canary")
        text.chmod(0o644)
        self.names.update(canary=str(text), set_uid="/usr/bin/su", capable="-", writable="/usr/none",
                          owned="/usr/none")
        self.below_usr = None
        if self.is_root:
            self.make_files_below_usr()
        self.files = [text] + ([self.below_usr / "writable"] if self.is_root else [])
        self.digests = {path: self.digest(path) for path in self.files}

    def make_files_below_usr(self):
        self.below_usr = pathlib.Path(tempfile.mkdtemp(prefix="agenttask-", dir="/usr/local/share"))
        self.below_usr.chmod(0o755)
        for name, owner, mode in (("root", 0, 0o600), ("caller", 12345, 0o600),
                                  ("first_user", 1000, 0o600), ("anybody", 0, 0o644),
                                  ("writable", 0, 0o666)):
            path = self.below_usr / name
            path.write_text("host canary")
            os.chown(path, owner, owner)
            path.chmod(mode)
        for name in ("set_uid", "capable"):
            shutil.copy("/usr/bin/sleep", self.below_usr / name)
        (self.below_usr / "set_uid").chmod(0o4755)
        os.setxattr(self.below_usr / "capable", "security.capability", NET_RAW_EFFECTIVE)
        self.names.update({name: str(self.below_usr / name) for name in
                           ("set_uid", "capable", "writable", "root", "caller", "first_user",
                            "anybody")})

    @staticmethod
    def digest(path):
        return hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode, path.stat().st_uid

    def restore_files(self):
        for path in self.files:
            path.write_text("host canary")

    def changed_files(self):
        return [str(path) for path in self.files if self.digest(path) != self.digests[path]]

    # -- shared memory -----------------------------------------------------------------------------

    def make_shared_memory(self):
        key = secrets.randbelow(1 << 30) + 1
        self.segment = ctypes.CDLL(None).shmget(key, 4096, IPC_CREAT | 0o666)
        self.names["key"] = key

    def close(self):
        for listener in self.listeners:
            listener.close()
        ctypes.CDLL(None).shmctl(self.segment, IPC_RMID, None)
        shutil.rmtree(self.top, ignore_errors=True)
        if self.below_usr:
            shutil.rmtree(self.below_usr, ignore_errors=True)

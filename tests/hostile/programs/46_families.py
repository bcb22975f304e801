# Every address family there is, by the raw call, and what else makes a socket.
seen = {}
for family in range(1, 46):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        value, outcome = raw("socket", family, kind, 0)
        if value >= 0:
            os.close(value)
        seen.setdefault("unix" if family == 1 else "inet" if family in (2, 10) else "other",
                        set()).add(outcome)
ours, theirs = socket.socketpair()
ours.sendall(b"x")
mode = [line for line in open("/proc/self/status") if line.startswith("Seccomp:")]
saw(unix=sorted(seen["unix"]), inet=sorted(seen["inet"]), other=sorted(seen["other"]),
    pair=theirs.recv(1) == b"x", filter=mode[0].split()[1], high=call("socket", (1 << 32) | 2, 1, 0))

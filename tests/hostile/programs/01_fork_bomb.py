# Every process forks as fast as it can and stays. Bounded, so that it can also run without a limit.
BOUND = 700
made = mmap.mmap(-1, 4096)


def bomb():
    while True:
        count = struct.unpack_from("i", made)[0]
        if count >= BOUND:
            return
        try:
            pid = os.fork()
        except OSError as error:
            struct.pack_into("i", made, 8, error.errno)
            time.sleep(0.2)
            continue
        if pid:
            struct.pack_into("i", made, 0, struct.unpack_from("i", made)[0] + 1)
        else:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)


if os.fork() == 0:
    bomb()
    signal.pause()
deadline = time.monotonic() + float(ARGS[0])
while time.monotonic() < deadline and struct.unpack_from("i", made)[0] < BOUND:
    time.sleep(0.05)
number = struct.unpack_from("i", made, 8)[0]
saw(made=struct.unpack_from("i", made)[0], error=word(number) if number else "none")
time.sleep(30)

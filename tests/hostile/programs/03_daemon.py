# A daemon by the book; the parent is done at once.
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        os.closerange(0, 64)
        while True:
            time.sleep(1)
    os._exit(0)
os.wait()
saw(daemon="started")

# Cannot be asked to end. Bounded, so that it can also run without a clock.
for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGALRM"):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
saw(ready=True)
end = time.monotonic() + float(ARGS[0])
while time.monotonic() < end:
    time.sleep(0.1)
saw(ready=True, reached_the_end=True)

# Leaves with 0 when it is told to end: that is still no success.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
saw(ready=True)
time.sleep(30)

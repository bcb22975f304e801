signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open("/workspace/artifacts/sparse", "wb") as file:
    error = attempt(os.ftruncate, file.fileno(), 1 << 50)
os.unlink("/workspace/artifacts/sparse")
saw(error=error)

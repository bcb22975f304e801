# A result of exactly this many bytes.
size = int(ARGS[0])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open("/workspace/artifacts/result.json", "w") as file:
    if size <= 8 << 20:
        file.write('{"x":"' + "y" * (size - 8) + '"}')
        file.flush()
        saw(size=os.fstat(file.fileno()).st_size)
    else:
        saw(size=attempt(os.ftruncate, file.fileno(), size))
        os.ftruncate(file.fileno(), 8 << 20)

# Writes until an error, in every place it may write. Bounded.
seen = {}
for place in ("/workspace/artifacts", "/tmp", "/dev/shm"):
    written, error = 0, "none"
    try:
        with open(place + "/filler", "wb", buffering=0) as file:
            while written < 48 << 20:
                written += file.write(bytes(1 << 20))
    except OSError as problem:
        error = word(problem.errno)
    seen[place.rsplit("/", 1)[1]] = error
    seen["mib"] = seen.get("mib", 0) + (written >> 20)
saw(**seen)

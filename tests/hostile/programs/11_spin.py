# 64 threads that really run at once (hashing releases the interpreter's lock).
import hashlib, threading
block = b"x" * (1 << 20)


def spin():
    while True:
        hashlib.sha256(block).digest()


saw(processors=len(os.sched_getaffinity(0)))
for _ in range(64):
    threading.Thread(target=spin, daemon=True).start()
time.sleep(60)

# 64 threads that really run at once (hashing releases the interpreter's lock).
import hashlib, threading
block = b"x" * (1 << 20)


def spin():
    while True:
        hashlib.sha256(block).digest()


for _ in range(64):
    threading.Thread(target=spin, daemon=True).start()
begin, used = time.monotonic(), time.process_time()
time.sleep(2.0)
wall = time.monotonic() - begin
saw(cpus=round((time.process_time() - used) / wall, 2))
time.sleep(60)

# Touches memory without end. Bounded, so that it can also run without a limit.
held, reached = [], 0
if "child" in ARGS and os.fork():
    os.wait()
    time.sleep(30)
while reached < 384:
    block = mmap.mmap(-1, 16 << 20)
    for page in range(0, 16 << 20, 4096):
        block[page] = 1
    held.append(block)
    reached += 16
time.sleep(2)
saw(reached=reached)

# Dirty pages of a shared mapping, without and with a file behind it.
if "file" in ARGS:
    file = open("/workspace/artifacts/pages", "w+b")
    file.truncate(384 << 20)
    block = mmap.mmap(file.fileno(), 384 << 20)
else:
    block = mmap.mmap(-1, 384 << 20, flags=mmap.MAP_SHARED)
for page in range(0, 384 << 20, 4096):
    block[page] = 1
time.sleep(2)
saw(reached=384)

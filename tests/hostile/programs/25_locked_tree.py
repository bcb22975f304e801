import fcntl
os.makedirs("/workspace/artifacts/a/b/c")
open("/workspace/artifacts/a/b/c/file", "w").close()
fd = os.open("/workspace/artifacts/a/b/c/file", os.O_RDONLY)
flags = attempt(fcntl.ioctl, fd, 0x40086602, struct.pack("l", 0x10))  # FS_IOC_SETFLAGS, immutable
os.close(fd)
for path in ("/workspace/artifacts/a/b/c", "/workspace/artifacts/a/b", "/workspace/artifacts/a"):
    os.chmod(path, 0)
saw(immutable=flags)

import subprocess


def execute(path):
    try:
        return "OK" if subprocess.run([path]).returncode == 0 else "failed"
    except OSError as error:
        return word(error.errno)


def from_memory():
    fd, outcome = raw("memfd_create", b"x\0", 0)
    if fd < 0:
        return outcome
    os.write(fd, open("/usr/bin/true", "rb").read())

    def become():
        arguments = (ctypes.c_char_p * 2)(b"x", None)
        return call("execveat", fd, b"\0", arguments, arguments, 0x1000)
    text = in_child(become)
    return text or "OK"


def copied(directory):
    path = directory + "/program"
    with open("/usr/bin/true", "rb") as source, open(path, "wb") as target:
        target.write(source.read())
    os.chmod(path, 0o755)
    return execute(path)


def make(path):
    return attempt(lambda: os.close(os.open(path, os.O_CREAT | os.O_WRONLY)))


saw(code=opened(sys.argv[0], os.O_WRONLY), beside_code=make("/workspace/new"), root=make("/new"),
    etc=make("/etc/new"), usr=make("/usr/new"), remove=attempt(os.unlink, sys.argv[0]),
    given=opened(ARGS[0], os.O_WRONLY), tmp=copied("/tmp"), artifacts=copied("/workspace/artifacts"),
    shm=copied("/dev/shm"), memory=from_memory(),
    remains=sorted(path for path in ("/tmp", "/dev/shm") if make(path + "/writable") == "OK"))

# Pushes keys into whatever terminal it finds.
import fcntl
seen = set()
for path in ("/dev/tty", "/proc/self/fd/0", "/proc/self/fd/1", "/dev/console", "/dev/pts/0"):
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        seen.add(attempt(fcntl.ioctl, fd, 0x5412, b"x"))
    except OSError as error:
        seen.add(word(error.errno))
saw(outcomes=sorted(seen), direct=call(16, 0, 0x5412, b"x"), masked=call(16, 0, 0x5412 | 1 << 40, b"x"),
    session=os.getsid(0) == os.getpid())

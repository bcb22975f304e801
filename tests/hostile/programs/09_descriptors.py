import resource


def until_error(make, bound=12000):
    held = []
    try:
        while len(held) < bound:
            made = make()
            held.extend(made if isinstance(made, tuple) else (made,))
        return "none", len(held)
    except OSError as error:
        return word(error.errno), len(held)
    finally:
        for fd in held:
            os.close(fd)


def made_by(function):
    def make():
        fd = function(0)
        if fd < 0:
            raise OSError(ctypes.get_errno(), "no descriptor")
        return fd
    return make


try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (16000, 16000))
    raised = "OK"
except (ValueError, OSError):
    raised = "EPERM"
kinds = {"files": lambda: os.open("/dev/null", os.O_RDONLY), "pipes": os.pipe,
         "event": lambda: os.eventfd(0),
         "epoll": made_by(_libc.epoll_create1), "inotify": made_by(_libc.inotify_init1)}
seen = {name: until_error(make) for name, make in kinds.items()}
saw(raised=raised, errors=sorted({error for error, _ in seen.values()} - {"none"}),
    most=max(count for _, count in seen.values()),
    files=seen["files"][0])

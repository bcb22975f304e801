# Paths of the host, given by the harness: home, other tasks, the store, a world-readable canary.
def look(path):
    try:
        if os.path.isdir(path):
            return "OK" if os.listdir(path) else "EMPTY"
    except OSError as error:
        return word(error.errno)
    return opened(path)


saw(**dict(zip(("canary", "home", "store", "runs"), map(look, ARGS))),
    etc=sorted(name for name in os.listdir("/etc") if name in ("shadow", "ssh", "gshadow", "sudoers")),
    shadow=opened("/etc/shadow"))

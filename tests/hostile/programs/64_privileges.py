def sets():
    lines = [line.split() for line in open("/proc/self/status") if line.startswith("Cap")]
    return {name.rstrip(":").lower(): value.lstrip("0") or "0" for name, value in lines}


PR_SET_SECUREBITS, PR_CAP_AMBIENT = 28, 47
header = struct.pack("Ii", 0x20080522, 0)
full = struct.pack("IIIIII", *[0xffffffff] * 6)


def prctl(*args):
    return "OK" if _libc.prctl(*[ctypes.c_ulong(a) for a in args]) == 0 else word(ctypes.get_errno())


held = sets()
groups = attempt(os.setgroups, [0])
nnp = [line.split()[1] for line in open("/proc/self/status") if line.startswith("NoNewPrivs")]
saw(setuid=in_child(lambda: attempt(os.setuid, 0)), setgid=in_child(lambda: attempt(os.setgid, 0)),
    setgroups=groups, capset=in_child(lambda: call("capset", header, full)),
    ambient=in_child(lambda: prctl(PR_CAP_AMBIENT, 2, 21, 0, 0)),
    securebits=in_child(lambda: prctl(PR_SET_SECUREBITS, 0, 0, 0, 0)),
    sets=sorted(set(held.values())), no_new_privileges=nnp[0], uid=os.getuid(), gid=os.getgid())

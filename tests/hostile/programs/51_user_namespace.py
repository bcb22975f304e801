NEWUSER = 0x10000000


def clone():
    value, outcome = raw("clone", NEWUSER | signal.SIGCHLD, 0, 0, 0, 0)
    if value == 0:
        os._exit(0)
    if value > 0:
        os.waitpid(value, 0)
    return outcome


def clone3():
    arguments = struct.pack("QQQQQQQQ", NEWUSER, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    value, outcome = raw("clone3", arguments, len(arguments))
    if value == 0:
        os._exit(0)
    if value > 0:
        os.waitpid(value, 0)
    return outcome


saw(unshare=in_child(lambda: call("unshare", NEWUSER)), clone=clone(), clone3=clone3(),
    others=sorted({in_child(lambda: call("unshare", flag)) for flag in (
        0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x20000000, 0x40000000)}))

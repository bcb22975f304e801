saw(keyctl=call("keyctl", 0, -3, 1, 0, 0),
    add_key=call("add_key", b"user\0", b"agenttask-test\0", b"x", 1, -2),
    request_key=call("request_key", b"user\0", b"agenttask-test\0", 0, -2))

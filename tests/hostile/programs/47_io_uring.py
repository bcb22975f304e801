parameters = ctypes.create_string_buffer(120)
value, outcome = raw("io_uring_setup", 1, parameters)
saw(setup=outcome, vsock=call("socket", 40, 1, 0), enter=call(426, 0, 0, 0, 0, 0),
    register=call(427, 0, 0, 0, 0))

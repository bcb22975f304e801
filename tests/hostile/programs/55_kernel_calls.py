# Each with arguments that can do no harm where the call is let through.
nowhere = b"/nonexistent/agenttask\0"
attribute = struct.pack("II", 1, 128) + struct.pack("QQQQQ", 1, 0, 0, 0, 1 | 1 << 5 | 1 << 6) + bytes(72)
saw(bpf=call("bpf", 0, bytes(128), 128),
    perf_event_open=call("perf_event_open", attribute, 0, -1, -1, 0),
    userfaultfd=call("userfaultfd", 0), userfaultfd_user=call("userfaultfd", 1),
    kexec_load=call("kexec_load", 0, 99, 0, 0), kexec_file_load=call("kexec_file_load", -1, -1, 0, 0, 1 << 20),
    init_module=call("init_module", 0, 0, b"\0"), finit_module=call("finit_module", -1, b"\0", 0),
    open_by_handle_at=call("open_by_handle_at", -1, struct.pack("II", 8, 1) + bytes(8), 0),
    quotactl=call("quotactl", 0x800007 << 8, nowhere, 0, ctypes.create_string_buffer(256)),
    acct=call("acct", nowhere), swapon=call("swapon", nowhere, 0),
    reboot=call("reboot", 1, 2, 3, 0), syslog=call("syslog", 10, 0, 0))

# Sees, signals or shares memory with what runs outside.
harness, key = int(ARGS[0]), int(ARGS[1])
visible = [int(name) for name in os.listdir("/proc") if name.isdigit()]
saw(is_alone=len(visible) <= 2, harness=harness in visible and opened(f"/proc/{harness}/status") == "OK",
    signal=attempt(os.kill, harness, 0), shared_memory=call("shmget", key, 0, 0),
    hostname=socket.gethostname() == ARGS[2])

runner = os.getppid()
seen = {name: attempt(os.kill, runner, getattr(signal, name)) for name in
        ("SIGSTOP", "SIGTERM", "SIGKILL")}
attempt(os.kill, -1, signal.SIGKILL)
attempt(os.kill, 1, signal.SIGKILL)
time.sleep(0.5)
saw(is_first=runner == 1, **seen)
result({"still": "here"})

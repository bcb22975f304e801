kind, number = ARGS[0], int(ARGS[1])
if kind == "exit":
    os._exit(number)
signal.signal(number, signal.SIG_DFL) if number not in (9, 19) else None
os.kill(os.getpid(), number)
time.sleep(5)

# A daemon rewrites or truncates the result while and after the code ends.
path = "/workspace/artifacts/result.json"
texts = [json.dumps({"v": letter * 60000}) for letter in "ab"]
open(path, "w").write(texts[0])
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    turn = 0
    while True:
        turn += 1
        fd = os.open(path, os.O_WRONLY)
        if "truncate" in ARGS:
            os.ftruncate(fd, 0)
        os.write(fd, texts[turn % 2].encode())
        os.close(fd)
time.sleep(0.2)

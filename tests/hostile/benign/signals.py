import json, os, signal, time
seen = []
signal.signal(signal.SIGALRM, lambda *_: seen.append("alarm"))
signal.signal(signal.SIGUSR1, lambda *_: seen.append("self"))
signal.setitimer(signal.ITIMER_REAL, 0.05)
os.kill(os.getpid(), signal.SIGUSR1)
time.sleep(0.2)
pid = os.fork()
if pid == 0:
    time.sleep(30)
os.kill(pid, signal.SIGTERM)
json.dump({"seen": sorted(seen), "child": os.WTERMSIG(os.waitpid(pid, 0)[1])},
          open("/workspace/artifacts/result.json", "w"))

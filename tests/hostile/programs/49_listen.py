port, name = int(ARGS[0]), ARGS[1]


def listen(family, address):
    listener = socket.socket(family)
    listener.bind(address)
    listener.listen()
    return listener


held = []
seen = {"tcp": attempt(lambda: held.append(listen(socket.AF_INET, ("127.0.0.1", port)))),
        "abstract": attempt(lambda: held.append(listen(socket.AF_UNIX, "\0" + name)))}
saw(**seen)
time.sleep(float(ARGS[2]))

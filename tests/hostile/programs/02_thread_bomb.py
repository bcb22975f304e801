import threading
threading.stack_size(64 * 1024)
gate = threading.Event()
made, error = 0, "none"
while made < 700:
    try:
        threading.Thread(target=gate.wait, daemon=True).start()
        made += 1
    except RuntimeError:  # "can't start new thread"
        error = "EAGAIN"
        break
saw(made=made, error=error)
time.sleep(30)

# One thread in a futex that nobody wakes; the other in vfork, whose child never leaves.
import threading
lock = threading.Lock()
lock.acquire()
threading.Thread(target=lock.acquire, daemon=True).start()
saw(ready=True)
machine_code(bytes.fromhex(
    "b83a000000" "0f05"         # vfork
    "85c0" "7401" "c3"          # the parent returns, once its child has left
    "b822000000" "0f05" "ebf7"  # the child pauses for ever
))()

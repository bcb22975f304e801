import json, os, socket, threading
listener = socket.socket(socket.AF_UNIX)
listener.bind("/tmp/s")
listener.listen()
threading.Thread(target=lambda: listener.accept()[0].sendall(b"hi"), daemon=True).start()
peer = socket.socket(socket.AF_UNIX)
peer.connect("/tmp/s")
json.dump({"got": peer.recv(2).decode(), "random": len(os.urandom(8))},
          open("/workspace/artifacts/result.json", "w"))

# result.json as anything but a plain file of its own. "plain" is the counterpart.
kind, path = ARGS[0], "/workspace/artifacts/result.json"
document = '{"canary": "kept"}'
made = "OK"
if kind == "plain":
    open(path, "w").write(document)
elif kind.startswith("/"):
    os.symlink(kind, path)
elif kind == "symlink":
    open("/workspace/artifacts/other.json", "w").write(document)
    os.symlink("other.json", path)
elif kind == "hardlink":
    open("/workspace/artifacts/other.json", "w").write(document)
    os.link("/workspace/artifacts/other.json", path)
elif kind == "fifo":
    os.mkfifo(path)
elif kind == "device":
    made = attempt(os.mknod, path, 0o600 | 0o020000, os.makedev(1, 5))
elif kind == "socket":
    socket.socket(socket.AF_UNIX).bind(path)
elif kind == "directory":
    os.mkdir(path)
elif kind == "swapped":  # the directory itself is a link to another place
    os.makedirs("/tmp/elsewhere")
    open("/tmp/elsewhere/result.json", "w").write(document)
    made = attempt(os.rename, "/workspace/artifacts", "/workspace/moved")
saw(made=made)

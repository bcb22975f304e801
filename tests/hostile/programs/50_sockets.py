def connect(address):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)


seen = {path.rsplit("/", 1)[1]: attempt(connect, path) for path in (
    "/var/run/docker.sock", "/run/containerd/containerd.sock", "/run/systemd/private",
    "/var/lib/kubelet/device-plugins/kubelet.sock", "/run/dbus/system_bus_socket")}
saw(services=sorted(set(seen.values())), canary=attempt(connect, ARGS[0]),
    abstract=attempt(connect, "\0" + ARGS[1]))

# A stranger on this machine: TCP and UDP to a listener, DNS, the metadata addresses.
port = int(ARGS[0])


def tcp(family, address, at):
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        connection.connect((address, at))


def udp(address, at):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\6secret\4test\0\0\x10\0\1", (address, at))


saw(tcp=attempt(tcp, socket.AF_INET, "127.0.0.1", port), udp=attempt(udp, "127.0.0.1", port),
    dns=attempt(udp, "8.8.8.8", 53), metadata=attempt(tcp, socket.AF_INET, "169.254.169.254", 80),
    metadata6=attempt(tcp, socket.AF_INET6, "fd00:ec2::254", 80))

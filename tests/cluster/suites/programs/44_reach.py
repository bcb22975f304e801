# SPDX-License-Identifier: Apache-2.0
# Everything near a Pod that is none of its business: API server, kubelet, DNS, another Pod.
canary, port, node, api = ARGS[0], int(ARGS[1]), ARGS[2], ARGS[3]


def tcp(address, at):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        connection.connect((address, at))


def udp(address, at):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\6secret\4test\0\0\x10\0\1", (address, at))


def resolve():
    try:
        return "OK" if socket.getaddrinfo("kubernetes.default.svc", 443) else "none"
    except socket.gaierror:
        return "no answer"


saw(pod_tcp=attempt(tcp, canary, port), pod_udp=attempt(udp, canary, port), api=attempt(tcp, api, 443),
    api_on_node=attempt(tcp, node, 6443), kubelet=attempt(tcp, node, 10250), readonly=attempt(tcp, node, 10255),
    dns=attempt(udp, "10.96.0.10", 53), name=resolve(), metadata=attempt(tcp, "169.254.169.254", 80))

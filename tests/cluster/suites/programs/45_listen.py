# SPDX-License-Identifier: Apache-2.0
# Waits for a caller: another Pod or the node.
held = []


def listen(family, address):
    held.append(socket.socket(family))
    held[-1].bind(address)
    held[-1].listen()


saw(any=attempt(listen, socket.AF_INET, ("", 8080)), any6=attempt(listen, socket.AF_INET6, ("::", 8081)))

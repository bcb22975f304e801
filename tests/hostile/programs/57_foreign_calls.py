# The i386 entry (int 0x80) and the x32 numbers, as raw instructions.
def i386(number, *args):
    code = b"\x53" + b"\xb8" + struct.pack("<i", number)
    for register, value in zip((b"\xbb", b"\xb9", b"\xba"), args):
        code += register + struct.pack("<i", value)
    return machine_code(code + b"\xcd\x80\x5b\xc3")


def outcome(function):
    value = function()
    return "OK" if value >= 0 else word(-value)


x32 = machine_code(b"\xb8" + struct.pack("<I", 0x40000000 | 39) + b"\x0f\x05\xc3")
saw(getpid=in_child(lambda: outcome(i386(20))), inet=in_child(lambda: outcome(i386(359, 2, 1, 0))),
    socketcall=in_child(lambda: outcome(i386(102, 1, 0))),
    unix=in_child(lambda: outcome(i386(359, 1, 1, 0))), x32=in_child(lambda: outcome(x32)))

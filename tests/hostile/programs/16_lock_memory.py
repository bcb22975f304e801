import resource


def lock(size):
    block = mmap.mmap(-1, size)
    address = ctypes.addressof(ctypes.c_char.from_buffer(block))
    return "OK" if _libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(size)) == 0 \
        else word(ctypes.get_errno())


saw(gibibyte=lock(1 << 30), four_mebibytes=lock(4 << 20),
    everything_to_come=call("mlockall", 3))

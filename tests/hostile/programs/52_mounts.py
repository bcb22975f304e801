os.makedirs("/tmp/at", exist_ok=True)
at = b"/tmp/at\0"
attributes = struct.pack("QQQQ", 1, 0, 0, 0)
saw(mount=in_child(lambda: call("mount", b"none\0", at, b"tmpfs\0", 0, 0)),
    bind=in_child(lambda: call("mount", b"/tmp\0", at, b"none\0", 4096, 0)),
    remount=in_child(lambda: call("mount", b"none\0", b"/usr\0", b"none\0", 4096 | 32, 0)),
    umount=in_child(lambda: call("umount2", b"/proc\0", 2)),
    pivot_root=in_child(lambda: call("pivot_root", at, at)),
    chroot=in_child(lambda: call("chroot", b"/\0")),
    fsopen=call("fsopen", b"tmpfs\0", 0), open_tree=call("open_tree", -100, b"/\0", 1),
    move_mount=in_child(lambda: call("move_mount", -1, b"\0", -100, at, 4)),
    mount_setattr=in_child(lambda: call("mount_setattr", -100, b"/usr\0", 0, attributes, 32)))

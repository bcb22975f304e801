saw(own=opened("/proc/self/exe", os.O_WRONLY), runner=opened(f"/proc/{os.getppid()}/exe", os.O_WRONLY),
    runner_read=opened(f"/proc/{os.getppid()}/exe"), own_read=opened("/proc/self/exe"))

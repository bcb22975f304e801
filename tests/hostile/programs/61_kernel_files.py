paths = {"core_pattern": "/proc/sys/kernel/core_pattern", "sysrq": "/proc/sysrq-trigger",
         "modprobe": "/proc/sys/kernel/modprobe", "oom": "/proc/sys/vm/panic_on_oom",
         "release_agent": "/sys/fs/cgroup/memory/release_agent", "uevent": "/sys/kernel/uevent_helper",
         "kmsg": "/dev/kmsg", "mem": "/dev/mem", "disk": "/dev/vda", "procs": "/sys/fs/cgroup/cgroup.procs"}
saw(**{name: opened(path, os.O_WRONLY) for name, path in paths.items()})

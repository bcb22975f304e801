# SPDX-License-Identifier: Apache-2.0
# What a Pod brings with it: tokens, secrets, files of the node, the volumes of its own making.
def look(path):
    try:
        return "OK" if os.listdir(path) else "EMPTY"
    except OSError as error:
        return word(error.errno)


mounts = [line.split()[4] for line in open("/proc/self/mountinfo")]
saw(token=opened("/var/run/secrets/kubernetes.io/serviceaccount/token"), secrets=look("/var/run/secrets"),
    kubelet=look("/var/lib/kubelet"), pods=look("/var/log/pods"), containerd=look("/run/containerd"),
    service_links=sorted(name for name in os.environ if name.endswith(("_PORT", "_SERVICE_HOST"))),
    host_mounts=sorted(path for path in mounts if path.startswith(("/var/lib/kubelet", "/host", "/var/run/secrets"))),
    code=opened(sys.argv[0], os.O_WRONLY), runner=opened("/agenttask/runner", os.O_WRONLY),
    job=opened("/agenttask-job/job", os.O_WRONLY))

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs inside the emulated machine (tests/e2e/vm.sh), as root, and leaves its verdict on the disk
# that carried the suite in.
set -uo pipefail
mount /dev/vdb /mnt/in
cd /mnt/in || exit 1
echo "vm: Debian $(cat /etc/debian_version), kernel $(uname -r), $(stat -fc %T /sys/fs/cgroup)," \
  "up for $(cut -d. -f1 /proc/uptime) s"

# As the ordinary user, from a service of that user's own manager with a delegated cgroup.
as_user() {
  local limit=100
  while [ ! -S /run/user/12345/bus ] && [ $((limit -= 1)) -gt 0 ]; do sleep 1; done
  setpriv --reuid=12345 --regid=12345 --clear-groups env -i PATH="$PATH" HOME=/home/agent \
    XDG_RUNTIME_DIR=/run/user/12345 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/12345/bus \
    systemd-run --user --quiet --collect --wait --pipe -p Delegate=yes -p TasksMax=infinity "$@"
}

verdict=passed
case $(cat mode) in
  hello)
    as_user /bin/sh -c 'id; cat /proc/self/cgroup; d=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
      cat "$d/cgroup.controllers"; stat -c "%u %n" "$d/cgroup.procs"; python3 --version; node --version
      unshare -Ur true && echo "vm: hello"' || verdict=failed
    ;;
  suite)
    python3 tests/hostile/run.py --agentctl build/agentctl --as root --patience 6 || verdict=failed
    as_user /usr/bin/python3 /mnt/in/tests/hostile/run.py --agentctl /mnt/in/build/agentctl \
      --as user --patience 6 --limiter cgroup2 || verdict=failed
    ;;
esac
echo "$verdict" > verdict
sync
umount -l /mnt/in

# SPDX-License-Identifier: Apache-2.0
# Sourced by the commands beside it: what a box is called, where it lies, and how one gets inside.
# A box is the namespaces of one `unshare` process; everything it writes lies in $state.
# shellcheck shell=bash
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
CLUSTER=${CLUSTER:-agenttask}
state=/var/cache/agenttask-cluster/$CLUSTER
cache=$(realpath -m "${AGENTTASK_CLUSTER_CACHE:-$here/../../build-cluster}")

say() { printf 'cluster: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

[ "$(id -u)" = 0 ] || die "needs root: it makes namespaces and cgroups"
[[ $CLUSTER =~ ^[a-z0-9][a-z0-9-]{0,30}$ ]] || die "bad name of a cluster: '$CLUSTER'"

# Number and start time: a number alone may be somebody else's by now.
process_id() { # PID
  local stat
  stat=$(cat "/proc/$1/stat" 2> /dev/null) || return 1
  set -- "$1" ${stat##*) }
  [ "$2" != Z ] && echo "$1 ${21}"
}

is_alive() { # FILE with the output of process_id
  local pid start
  read -r pid start 2> /dev/null < "$1" && [ "$(process_id "$pid")" = "$pid $start" ]
}

# The box's first process, as this side numbers it.
init_pid() {
  is_alive "$state/init" || die "no cluster '$CLUSTER' is up (make cluster-up)"
  cut -d' ' -f1 "$state/init"
}

inside() { # COMMAND...
  local pid
  pid=$(init_pid)
  nsenter -t "$pid" -m -n -p -u -i -- "$@"
}

# Every hierarchy that there is: one on cgroup v2, one per controller on v1.
cgroups_of_box() {
  find /sys/fs/cgroup -mindepth 1 -maxdepth 2 -type d -name "agenttask-$CLUSTER"
}

# wait_for SECONDS COMMAND...: until it is true
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" > /dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

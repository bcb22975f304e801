#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first process of a box: makes the node and starts its parts, each as a file in $state/commands
# that ctl can run again; then it stays, because the box lives as long as it does.
#   node.sh SCRIPTS CACHE STATE, started by `up` in new namespaces
set -euo pipefail
scripts=$1 cache=$2 state=$3
node_ip=10.99.0.1
export PATH=$PATH:/usr/sbin:/sbin

# The node's folders are the box's own; what is needed of the machine is bound before they hide it.
make_mounts() {
  mkdir -p "$state"/{lib,commands,pids,scripts,cache}
  mount --make-rshared /
  mount --bind "$scripts" "$state/scripts"
  mount --bind "$cache" "$state/cache"
  mount --bind "$state/lib" /var/lib
  mount --bind "$state/log" /var/log
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p /run/box/{bin,cni,registries/_default} /run/lock
}

# The node has an address of its own: the one towards the host changes from box to box. Pods reach
# the box, never the host.
make_network() {
  local address
  ip link set lo up
  ip link add node0 type veth peer name node0p
  ip addr add "$node_ip/24" dev node0
  ip link set node0 up
  ip link set node0p up
  ip route add default dev node0
  sysctl -qw net.ipv4.ip_forward=1
  [ -e /proc/sys/net/bridge ] || modprobe br_netfilter
  sysctl -qw net.bridge.bridge-nf-call-iptables=1
  until [ -s "$state/address" ]; do sleep 0.05; done
  address=$(cat "$state/address")
  ip addr add "$address/30" dev host0
  ip link set host0 up
  iptables -t mangle -A FORWARD -o host0 -j DROP
}

link_programs() {
  local family program
  for family in "kubernetes-$K8S" containerd runc registry kube-router; do
    for program in "$cache/$family"/*; do
      [ ! -x "$program" ] || ln -s "$program" /run/box/bin/
    done
  done
  ln -s "$cache/etcd/server" /run/box/bin/etcd
}

# start NAME PROGRAM ARGUMENT...
start() {
  local name=$1
  shift
  cat > "$state/commands/$name" << COMMAND
#!/bin/sh
echo \$\$ > $state/pids/$name
exec >> /var/log/$name.log 2>&1
exec $(printf '%q ' "/run/box/bin/$1" "${@:2}")
COMMAND
  chmod +x "$state/commands/$name"
  rm -f "$state/pids/$name"
  setsid -f "$state/commands/$name"
  until [ -s "$state/pids/$name" ]; do sleep 0.02; done
}

fail() { # NAME TEXT...
  printf '%s %s\n' "$1" "${*:2}"
  tail -n 10 "/var/log/$1.log"
  exit 1
}

# wait_for NAME SECONDS COMMAND...: until it is true, while that part lives
wait_for() {
  local name=$1 end=$((SECONDS + $2))
  shift 2
  until "$@" > /dev/null 2>&1; do
    kill -0 "$(cat "$state/pids/$name")" 2> /dev/null || fail "$name" died
    [ "$SECONDS" -lt "$end" ] || fail "$name" "is late: $*"
    sleep 0.1
  done
}

kubectl() { /run/box/bin/kubectl --kubeconfig "$state/kubeconfig" "$@"; }

start_etcd() {
  local unsafe=--unsafe-no-fsync
  [ "$FSYNC" = no ] || unsafe=
  start etcd etcd --name node1 --data-dir /var/lib/etcd --log-level warn $unsafe \
    --quota-backend-bytes 4294967296 \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
    --initial-cluster node1=http://127.0.0.1:2380
}

start_apiserver() {
  start kube-apiserver kube-apiserver \
    --etcd-servers http://127.0.0.1:2379 --bind-address 0.0.0.0 --advertise-address "$node_ip" \
    --service-cluster-ip-range 10.96.0.0/16 --allow-privileged \
    --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
    --client-ca-file "$pki/ca.crt" \
    --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
    --kubelet-client-certificate "$pki/apiserver-kubelet.crt" \
    --kubelet-client-key "$pki/apiserver-kubelet.key" \
    --kubelet-preferred-address-types InternalIP \
    --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$pki/sa.pub" --service-account-signing-key-file "$pki/sa.key" \
    --audit-policy-file "$scripts/config/audit-policy.yaml" --audit-log-path /var/log/audit.log --audit-log-maxsize 8192
  wait_for kube-apiserver 60 kubectl get --raw /readyz
}

start_controllers() {
  start kube-controller-manager kube-controller-manager --leader-elect=false \
    --kubeconfig "$pki/kube-controller-manager.conf" --use-service-account-credentials \
    --allocate-node-cidrs --cluster-cidr 10.244.0.0/16 --service-cluster-ip-range 10.96.0.0/16 \
    --flex-volume-plugin-dir /var/lib/kubelet/volume-plugins \
    --root-ca-file "$pki/ca.crt" --service-account-private-key-file "$pki/sa.key" \
    --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key"
  start kube-scheduler kube-scheduler --leader-elect=false \
    --kubeconfig "$pki/kube-scheduler.conf"
}

# overlayfs does not lie on overlayfs, where a container's own root is one.
start_containerd() {
  local snapshotter=overlayfs
  [ "$(stat -f -c %T /var/lib)" != overlayfs ] || snapshotter=native
  sed "s/SNAPSHOTTER/$snapshotter/" "$scripts/config/containerd.toml" > /run/box/containerd.toml
  cp "$scripts/config/hosts.toml" /run/box/registries/_default/
  cp "$scripts/config/cni.conflist" /run/box/cni/
  start containerd containerd --config /run/box/containerd.toml
}

# Its images lie in the cache, which all boxes share; what one box pushes stays its own.
start_registry() {
  mkdir -p /var/lib/registry "$state/registry"/{upper,work}
  mount -t overlay overlay /var/lib/registry \
    -o "lowerdir=$cache/images/registry,upperdir=$state/registry/upper,workdir=$state/registry/work" ||
    cp -a "$cache/images/registry/." /var/lib/registry/
  start registry registry serve "$scripts/config/registry.yaml"
}

import_pause_image() {
  wait_for containerd 30 ctr -n k8s.io images ls
  ctr -n k8s.io images import --digests=false "$cache/images/pause.tar" > /dev/null
  ctr -n k8s.io images label localhost/pause:1 io.cri-containerd.pinned=pinned > /dev/null
}

ctr() { /run/box/bin/ctr -a /run/containerd/containerd.sock "$@"; }

start_node() {
  start kubelet kubelet --config "$scripts/config/kubelet.yaml" --hostname-override node1 \
    --node-ip "$node_ip" --cgroup-root "/agenttask-$CLUSTER" \
    --kubeconfig "$pki/kubelet.conf"
  start kube-proxy kube-proxy --proxy-mode iptables --hostname-override node1 \
    --kubeconfig "$pki/kube-proxy.conf" --cluster-cidr 10.244.0.0/16 --conntrack-max-per-core 0 \
    --conntrack-tcp-timeout-established 0s --conntrack-tcp-timeout-close-wait 0s
  wait_for kubelet 60 is_node_ready
  [ "$ENFORCER" = none ] || start_enforcer
  wait_for kube-controller-manager 60 kubectl get serviceaccount default
}

is_node_ready() { kubectl get node node1 | grep -q '^node1 *Ready '; }

start_enforcer() {
  start kube-router kube-router --run-router=false --run-service-proxy=false --run-firewall=true \
    --kubeconfig "$pki/kube-router.conf" --hostname-override node1 \
    --service-cluster-ip-range 10.96.0.0/16 --metrics-port 0
  wait_for kube-router 60 iptables -C FORWARD -m comment \
    --comment 'kube-router netpol - TEMCG2JMHZYE7H7T' -j KUBE-ROUTER-FORWARD
}

make_mounts
scripts=$state/scripts cache=$state/cache pki=/run/box/pki
hostname node1
make_network
link_programs
"$scripts/pki.sh" "$pki" "$(cat "$state/address")" "$node_ip"
cp "$pki/admin.conf" "$state/kubeconfig"
start_etcd
if [ "$PARTS" = node ]; then
  start_containerd
  start_registry
fi
start_apiserver
if [ "$PARTS" = node ]; then
  start_controllers
  import_pause_image
  start_node
fi
/run/box/bin/kube-apiserver --version | cut -d' ' -f2 > "$state/version"
touch "$state/ready"
while :; do # reaps what is orphaned in here; `wait` alone would return once it has no child
  sleep 3600 &
  wait
done

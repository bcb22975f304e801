#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The hostile suite in a Debian 13 machine with cgroup v2 and systemd, as root and as an ordinary
# user with a delegated cgroup. The machine is emulated (no KVM): functional results only.
#   tests/e2e/vm.sh [--build DIR] [--minutes N] [--hello]
# --hello boots, looks around and powers off: proves the machine, not the product.
# Needs root (the package is unpacked with its owners) and what tools/setup installs; without qemu
# it says so and ends with 77.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=build minutes=40 mode=suite
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=$2; shift ;;
    --minutes) minutes=$2; shift ;;
    --hello) mode=hello ;;
    *) echo "vm.sh: unknown option $1" >&2; exit 2 ;;
  esac
  shift
done

for tool in qemu-system-x86_64 mmdebstrap mkfs.ext4 debugfs; do
  if ! PATH=$PATH:/usr/sbin:/sbin command -v "$tool" > /dev/null; then
    echo "vm: skipped: $tool is not installed"
    exit 77
  fi
done
if [ "$(id -u)" != 0 ]; then
  echo "vm: skipped: making the machine's root file system needs root"
  exit 77
fi
PATH=$PATH:/usr/sbin:/sbin

packages=systemd,systemd-sysv,udev,dbus,dbus-user-session,libpam-systemd,linux-image-cloud-amd64
packages=$packages,iproute2,python3,nodejs,kmod,procps,libcap2-bin,uidmap
packages=$packages,libsqlite3-0,libyaml-0-2,libyyjson0
cache=.cache/vm
key=$(cat "$0" tests/e2e/vm_inside.sh | sha256sum | cut -c1-12)
base=$cache/base-$key.img
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache"

# The machine itself: made once, kept, never written to again (qemu runs it with -snapshot).
make_base() {
  local mirror root=$work/root
  # shellcheck disable=SC2016 # apt expands it
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
  find "$cache" -mindepth 1 -delete
  mmdebstrap --quiet --variant=minbase --include="$packages" trixie "$work/root.tar" "$mirror"
  mkdir "$root"
  tar -xf "$work/root.tar" -C "$root"
  rm "$work/root.tar"
  install -m 755 tests/e2e/vm_inside.sh "$root/usr/local/sbin/vm_inside"
  cat > "$root/etc/systemd/system/vm-inside.service" << 'UNIT'
[Unit]
Description=The suite
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/vm_inside
ExecStopPost=/usr/bin/systemctl --no-block poweroff
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
Delegate=yes
TasksMax=infinity
[Install]
WantedBy=default.target
UNIT
  chroot "$root" systemctl -q enable vm-inside.service 2> /dev/null
  chroot "$root" systemctl -q mask serial-getty@ttyS0.service apt-daily.timer apt-daily-upgrade.timer \
    dpkg-db-backup.timer fstrim.timer e2scrub_all.timer systemd-networkd-wait-online.service 2> /dev/null
  chroot "$root" useradd -m -u 12345 -s /bin/bash agent
  chroot "$root" useradd -m -u 1000 -s /bin/bash somebody
  mkdir -p "$root/var/lib/systemd/linger" "$root/mnt/in"
  touch "$root/var/lib/systemd/linger/agent"
  cp "$root"/boot/vmlinuz-* "$cache/vmlinuz-$key"
  cp "$root"/boot/initrd.img-* "$cache/initrd-$key"
  truncate -s 2G "$base.new"
  mkfs.ext4 -q -F -d "$root" "$base.new"
  rm -rf "$root"
  mv "$base.new" "$base"
}

# What is tested, on a disk of its own; results come back on it too.
make_cargo() {
  mkdir -p "$work/cargo/build" "$work/cargo/tests"
  echo "$mode" > "$work/cargo/mode"
  if [ "$mode" = suite ]; then
    cp -L "$build/agentctl" "$build/runner" "$work/cargo/build/"
    cp -r tests/hostile "$work/cargo/tests/"
  fi
  chmod -R go+rX "$work/cargo"
  truncate -s 256M "$work/cargo.img"
  mkfs.ext4 -q -F -d "$work/cargo" "$work/cargo.img"
}

start=$SECONDS
[ -e "$base" ] || make_base
make_cargo
echo "vm: machine ready after $((SECONDS - start)) s"
start=$SECONDS
accelerator=tcg,thread=multi
timeout -k 10 "$((minutes * 60))" qemu-system-x86_64 -machine q35 -accel "$accelerator" -cpu max \
  -m 3072 -smp 2 -nographic -no-reboot -nodefaults -serial stdio \
  -kernel "$cache/vmlinuz-$key" -initrd "$cache/initrd-$key" \
  -append "console=ttyS0 root=/dev/vda rw quiet systemd.show_status=false" \
  -drive "file=$base,if=virtio,format=raw,cache=unsafe,snapshot=on" \
  -drive "file=$work/cargo.img,if=virtio,format=raw,cache=unsafe" < /dev/null |
  sed -u 's/\x1b[c]//g; s/\x1b[[][0-9;?!]*[a-zA-Z]//g; s/\r//g; s/^.*vm: /vm: /' || true
echo "vm: powered off after $((SECONDS - start)) s"
debugfs -R "dump /verdict $work/verdict" "$work/cargo.img" > /dev/null 2>&1 || true
if [ "$(cat "$work/verdict" 2> /dev/null)" != passed ]; then
  echo "vm: failed"
  exit 1
fi
echo "vm: passed"

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A person with a new machine: Debian 12 or 13 with nothing on it but apt, a clone, `make run`,
# `make test`, and `make run` again as an ordinary user. Says how long each took.
#   tests/e2e/fresh.sh bookworm|trixie [--keep] [MAKE-TARGET...]
# For people, not part of `make test`: it installs several hundred MB. Needs root and debootstrap. The
# mirror is the one this machine's own apt uses.
set -euo pipefail
cd "$(dirname "$0")/../.."

suite=${1:-}
case $suite in
  bookworm | trixie) shift ;;
  *) echo "usage: tests/e2e/fresh.sh bookworm|trixie [--keep] [MAKE-TARGET...]" >&2; exit 2 ;;
esac
keep=false
if [ "${1:-}" = --keep ]; then keep=true; shift; fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(run test)

[ "$(id -u)" = 0 ] || { echo "fresh: needs root" >&2; exit 1; }
PATH=$PATH:/usr/sbin:/sbin
command -v debootstrap > /dev/null || { echo "fresh: debootstrap is not installed" >&2; exit 1; }

work=$(mktemp -d)
root=$work/root
finish() {
  if $keep; then echo "fresh: kept $work"; else rm -rf --one-file-system "$work"; fi
}
trap finish EXIT

# shellcheck disable=SC2016 # apt expands it
sources=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages')
main=$(awk '$2 !~ /security/ { print $1; exit }' <<< "$sources")
security=$(awk '$2 ~ /security/ { print $1; exit }' <<< "$sources")

debootstrap --variant=minbase "$suite" "$root" "$main" > "$work/debootstrap.log" 2>&1 ||
  { tail -n 20 "$work/debootstrap.log" >&2; exit 1; }
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
stanza() { printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n\n' "$1" "$2" "$keyring"; }
rm -f "$root/etc/apt/sources.list"
{
  stanza "$main" "$suite $suite-updates"
  [ -z "$security" ] || stanza "$security" "$suite-security"
} > "$root/etc/apt/sources.list.d/debian.sources"
apt-config dump | grep -E '^Acquire::(http|https)::' > "$root/etc/apt/apt.conf.d/90machine" || true
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
git clone -q --no-hardlinks . "$root/srv/agenttask"

cat > "$work/enter" << 'ENTER'
#!/bin/bash
# In a plain chroot the kernel refuses user namespaces: this root must be the root.
set -e
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mkdir -p "$root/.outside"
cd "$root"
pivot_root . .outside
umount -l /.outside
cd /
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
  DEBIAN_FRONTEND=noninteractive CI="$CI" LANG=C.UTF-8 "$@"
ENTER
enter() { CI=${CI:-} unshare --mount --propagation private --pid --fork --kill-child bash "$work/enter" "$root" "$@"; }

timed() {
  local what=$1 begin=$SECONDS status=0
  shift
  "$@" || status=$?
  echo "fresh: $suite: $what: exit $status after $((SECONDS - begin)) s"
  return $status
}

failed=0
timed "apt-get install make git" enter sh -c \
  'apt-get -qq update && apt-get -qq install -y --no-install-recommends make git > /dev/null 2>&1'
for target in "${targets[@]}"; do
  timed "make $target" enter make -C /srv/agenttask "$target" || failed=1
done
enter useradd -m -u 4242 person
enter git -c safe.directory='*' clone -q /srv/agenttask /home/person/agenttask
enter chown -R person: /home/person/agenttask
timed "make run as an ordinary user" enter setpriv --reuid=person --regid=person --init-groups \
  env HOME=/home/person make -C /home/person/agenttask run || failed=1
echo "fresh: $suite: $([ $failed = 0 ] && echo passed || echo failed)"
exit $failed

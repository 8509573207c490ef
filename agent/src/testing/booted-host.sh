#!/bin/sh
# Boots this machine's system a second time, beside the first, and cleans up after it.
#
# usage: unshare --mount --propagation private sh booted-host.sh <name> [<option of systemd-nspawn> ...]
#        unshare --mount --propagation private sh booted-host.sh --probe    succeeds where hosts can be booted
#
# The host lives as long as standard input stays open: whoever started it may die in any way, the host goes with it. A line
# of standard input cuts its power and switches it on again, with what is on its root.
# Every mount is made in this namespace and every process in a pid namespace below it, so that nothing can be left over
# but the cgroup, which is removed here.
set -eu
name=$1
shift

mount -t tmpfs tmpfs /run
# Version 2 whatever this machine has there, and writable. Where it is the same already, a plain mount is refused.
mkdir /run/cgroup
mount -t cgroup2 cgroup2 /run/cgroup
mount --bind /run/cgroup /sys/fs/cgroup
mkdir -p /run/host/upper /run/host/work /run/host/root
mount -t overlay overlay -o lowerdir=/,upperdir=/run/host/upper,workdir=/run/host/work /run/host/root
if [ "$name" = --probe ]; then
  # Writable, which it is not in a container without privileges.
  rmdir "$(mktemp -d /sys/fs/cgroup/ph-probe-XXXXXX)"
  test -e /usr/lib/systemd/system/dbus.socket
  # What tests give their hosts networks with, and what hosts are installed with.
  for program in ip curl wget busybox; do command -v "$program" >/dev/null; done
  exec systemd-nspawn --version >/dev/null
fi

# A host of its own: no identity, and no service, sysv script or timer of another package.
cd /run/host/root/etc
rm -rf systemd/system rc?.d
mkdir -p systemd/system/multi-user.target.wants tmpfiles.d
: >machine-id
echo "$name" >hostname
for unit in console-getty.service systemd-tmpfiles-clean.timer; do ln -s /dev/null "systemd/system/$unit"; done
# Or /tmp is emptied at boot, with the directories of this machine that are bound below it.
: >tmpfiles.d/tmp.conf
cat >systemd/system/told-up.service <<UNIT
[Unit]
Description=Tells who started this host that it is up
After=dbus.socket
[Service]
Type=oneshot
ExecStart=/bin/echo $name is up
StandardOutput=tty
TTYPath=/dev/console
UNIT
ln -s ../told-up.service systemd/system/multi-user.target.wants/
cd /

cgroup=/sys/fs/cgroup/$name
mkdir "$cgroup"
exec 3<&0 </dev/null
# This inner shell is PID 1 of its namespace: when it ends, so has everything else there.
# shellcheck disable=SC2016
unshare --mount --pid --fork --kill-child --mount-proc sh -c '
  cgroup=$1
  shift
  { while read -r _; do : >/run/host/power-cut && kill -KILL -1; done; kill -KILL -1; } <&3 &
  reboot=133
  ended=$reboot
  while [ "$ended" -eq "$reboot" ]; do
    { echo 0 >"$cgroup/cgroup.procs" && exec systemd-nspawn "$@"; } 3<&- &
    wait "$!" && ended=0 || ended=$?
    rm /run/host/power-cut 2>/dev/null && ended=$reboot
  done
' sh "$cgroup" --boot --register=no --keep-unit --machine="$name" --directory=/run/host/root \
  --console=read-only --resolv-conf=off --timezone=off --link-journal=no "$@" || true
while [ -d "$cgroup" ]; do find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.02; done

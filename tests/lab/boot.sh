#!/bin/sh
# Boots one machine of the lab and stays until it is off. Called by lablib/hosts.py, already in the machine's control
# group and in a mount namespace of its own, with:
#   LAB_ROOTFS  the shared file system     LAB_DIR      the machine's folder (upper, work, root, log)
#   LAB_NETNS   its network namespace      LAB_MACHINE  a name that is unique on the real machine
#   LAB_DEVICE  its loop device, or empty
set -eu

# Left behind when the machine was killed; the kernel refuses a `volatile` layer with it, for fear of lost writes.
rm -rf "$LAB_DIR/work/work/incompat"
mount -t overlay overlay \
    -o "lowerdir=$LAB_ROOTFS,upperdir=$LAB_DIR/upper,workdir=$LAB_DIR/work,volatile" "$LAB_DIR/root"

set -- --quiet --register=no --keep-unit --link-journal=no --resolv-conf=off --timezone=off --console=pipe \
    --network-namespace-path="/run/netns/$LAB_NETNS" --machine="$LAB_MACHINE" --capability=CAP_NET_ADMIN \
    --kill-signal=SIGRTMIN+3 --bind="$LAB_DIR/log:/var/log/lab" --directory="$LAB_DIR/root"
if [ -n "$LAB_DEVICE" ]; then
    set -- "$@" --bind="$LAB_DEVICE" --setenv=LAB_DISKS="${LAB_DEVICE#/dev/}" /usr/local/sbin/lab-init
else
    set -- "$@" /lib/systemd/systemd
fi

# The real machine has no business with the files of this one, so no lock on them.
export SYSTEMD_NSPAWN_LOCK=0
status=133
# 133 is what nspawn says when the machine wants to be rebooted.
while [ "$status" = 133 ]; do
    status=0
    systemd-nspawn "$@" || status=$?
    date '+%F %T the machine went off (nspawn exit code '"$status)"
done
exit "$status"

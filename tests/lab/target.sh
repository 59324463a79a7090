#!/bin/sh
# Runs one light target: an sshd in namespaces of its own, over a layer of its own, without systemd. Called by
# lablib/targets.py as the first process of a pid namespace, with:
#   LAB_ROOTFS  the shared file system     LAB_DIR   the target's folder (upper, work, root, log)
#   LAB_NAME    its host name
set -eu
root=$LAB_DIR/root
mount -t overlay overlay -o "lowerdir=$LAB_ROOTFS,upperdir=$LAB_DIR/upper,workdir=$LAB_DIR/work,volatile" "$root"
hostname "$LAB_NAME"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
    IFS=: read -r name major minor <<END
$device
END
    mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -p "$root/run/sshd" "$root/run/lock" "$root/var/log/lab"
mount --bind "$LAB_DIR/log" "$root/var/log/lab"
exec chroot "$root" /usr/sbin/sshd -D -E /var/log/lab/sshd.log

#!/bin/sh
# Turns the fresh file system $1 into what all lab machines share. Run by mmdebstrap as a customize hook, on the outside.
# No secret is made here: keys and passwords belong to one lab and are put on top of this by `seed.py`.
set -eu
root=$1
here=$2
pool=$3

# The packages for the lab's apt repository, exactly those that this file system lacks.
rm -f "$root"/var/cache/apt/archives/*.deb
# shellcheck disable=SC2046
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq -y install --no-install-recommends --download-only \
    $(grep -v '^#' "$here/mirror.txt")
mkdir -p "$pool"
cp "$root"/var/cache/apt/archives/*.deb "$pool/"

# What belongs to the machine that built this, or would leave the lab.
rm -f "$root/etc/resolv.conf" "$root/etc/hostname" "$root/etc/machine-id" "$root/var/lib/dbus/machine-id"
rm -f "$root/etc/apt/sources.list" "$root"/etc/ssh/ssh_host_*
rm -f "$root"/etc/apt/sources.list.d/*

# Units that only slow a machine down here.
for unit in systemd-networkd-wait-online.service systemd-networkd.service systemd-networkd.socket \
    systemd-resolved.service systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer e2scrub_reap.service fstrim.timer man-db.timer console-getty.service getty@tty1.service \
    systemd-pcrphase.service systemd-pcrphase-sysinit.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

# The users: one with sudo as cloud images have it, one whose sudo asks for a password, one without.
chroot "$root" useradd -m -s /bin/bash ubuntu
chroot "$root" useradd -m -s /bin/bash -G sudo admin2
chroot "$root" useradd -m -s /bin/bash nosudo
printf '%s\n' 'ubuntu ALL=(ALL:ALL) NOPASSWD: ALL' > "$root/etc/sudoers.d/90-lab"
chmod 0440 "$root/etc/sudoers.d/90-lab"

# sshd writes a log that is read from outside: the proof of how many connections a run made.
mkdir -p "$root/var/log/lab"
printf '%s\n' 'SSHD_OPTS="-E /var/log/lab/sshd.log"' > "$root/etc/default/ssh"
cat > "$root/etc/ssh/sshd_config.d/10-lab.conf" <<'END'
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_ecdsa_key
LogLevel VERBOSE
UseDNS no
END
cat > "$root/etc/ssh/sshd_config.d/20-lab-limits.conf" <<'END'
# `lab sshd default` empties this file.
MaxStartups 1000
MaxSessions 200
END

# chrony runs, but must not set the clock: it is the clock of the real machine.
mkdir -p "$root/etc/systemd/system/chrony.service.d"
cat > "$root/etc/systemd/system/chrony.service.d/lab.conf" <<'END'
[Unit]
ConditionCapability=
[Service]
ExecStart=
ExecStart=!/usr/sbin/chronyd -x $DAEMON_OPTS
END

# udev runs only on a machine with a disk (see lab-init), and looks at that disk only.
install -m 0755 "$here/lab-init" "$root/usr/local/sbin/lab-init"
mkdir -p "$root/etc/systemd/system/systemd-udev-trigger.service.d" "$root/etc/udev/rules.d"
cat > "$root/etc/systemd/system/systemd-udev-trigger.service.d/lab.conf" <<'END'
[Service]
ExecStart=
ExecStart=-/bin/sh -c 'for d in $(cat /run/lab/disks); do udevadm trigger --action=add --sysname-match=$d; done'
END
# Events of the disks of other machines are heard too: only a disk that is in /dev here is ours. On EC2 (Xen) a volume
# attached as /dev/sdd appears as /dev/xvdd.
cat > "$root/etc/udev/rules.d/99-lab.rules" <<'END'
SUBSYSTEM=="block", KERNEL=="loop*", TEST=="/dev/$name", SYMLINK+="xvdd"
END

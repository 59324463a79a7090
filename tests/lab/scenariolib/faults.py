"""What goes wrong on real machines."""

import time

from .harness import ALL, finish, interrupt, wait_until


def scenario_wrong_checksum(lab):
    """A package whose checksum is not the pinned one is not installed."""
    lab.site()
    version = "v1.12.2-broken"
    name = f"kscn-{version}-0-linux-amd64.tar.gz"
    lab.on("scn-1", f"rm -rf /opt/klaytn/kscn/{version} /opt/klaytn/archives/kscn-{version}*")
    pinned = '{"klaytn_version": "' + version + '", "klaytn_package_checksums": {"' + name + '": "' + "0" * 64 + '"}}'
    said = lab.play("install", "--limit", "scn-1", "-e", pinned).must_fail(2)
    assert "checksum" in said.failures().lower(), said.failures()
    assert lab.on("scn-1", "test -e /opt/klaytn/archives/" + name, check=False).returncode != 0


def scenario_disk_full(lab):
    """A full disk is named, leaves the old file and no litter, and the run completes once there is room."""
    lab.site()
    lab.on("scn-1", "mkdir -p /mnt/small && mount -t tmpfs -o size=64k tmpfs /mnt/small && echo old > /mnt/small/file && head -c 60000 /dev/zero > /mnt/small/fill")
    try:
        content = "x" * 30000
        args = f"dest=/mnt/small/file content={content}"
        said = lab.kconf("exec", "scn-1", "-m", "copy", "-a", args, "-o", "jsonl").must_fail(2)
        assert "No space left" in said.failures(), said.failures()
        left = lab.on("scn-1", "cat /mnt/small/file; ls -A /mnt/small").stdout.split()
        assert left == ["old", "file", "fill"], left
        lab.on("scn-1", "rm /mnt/small/fill")
        lab.kconf("exec", "scn-1", "-m", "copy", "-a", args).must_succeed()
    finally:
        lab.on("scn-1", "umount /mnt/small")


def scenario_interrupt_and_resume(lab):
    """Ctrl-C in the middle leaves nothing running; a new run completes."""
    lab.site()
    process = lab.start("exec", "all", "-a", "sleep 300")
    wait_until("the command runs everywhere", lambda: all("sleep 300" in lab.on(host, "pgrep -fa 'sleep 300' || true").stdout for host in ALL), 30)
    interrupt(process)
    finish(process, 30).must_fail(99)
    for host in ALL:
        wait_until(f"nothing runs on {host}", lambda h=host: "sleep 300" not in lab.on(h, "pgrep -xa sleep || true").stdout, 15)
    process = lab.start("run", "playbooks/site.yml")
    time.sleep(1.5)
    interrupt(process)
    finish(process, 60).must_fail(99)
    lab.play("site").must_succeed()

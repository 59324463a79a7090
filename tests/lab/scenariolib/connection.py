"""Reaching the machines."""

from .harness import ALL, SCN


def scenario_one_connection_each(lab):
    """A run makes one connection to the bastion and one to every host behind it."""
    before = {host: lab.connections(host) for host in ALL}
    lab.kconf("ping", "all").must_succeed()
    for host in ALL:
        made = lab.connections(host) - before[host]
        assert made == 1, f"{made} connections to {host}"


def scenario_key_stays_here(lab):
    """The private key is nowhere on the bastion."""
    lab.kconf("ping", "all").must_succeed()
    found = lab.on("scn-master", "grep -rl 'PRIVATE KEY' /home /tmp /var/tmp /dev/shm 2>/dev/null || true").stdout
    assert not found.strip(), f"on the bastion: {found}"


def scenario_bastion_down(lab):
    """Without the bastion every host says that it is the bastion which cannot be reached."""
    lab.command("kill-host", "scn-master")
    try:
        said = lab.kconf("ping", "scn-1", "-T", "3")
        assert said.code == 4 and "scn-master" in said.stdout, said.text()
    finally:
        lab.command("start-host", "scn-master")
    lab.kconf("ping", "all").must_succeed()


def scenario_host_off_behind_bastion(lab):
    """A machine that is off behind a bastion that answers: the message says which of the two it is, and all others answer."""
    lab.command("kill-host", "scn-3")
    try:
        said = lab.kconf("ping", "all", "-T", "3")
        assert said.code == 4, said.text()
        line = next(line for line in said.stdout.splitlines() if "scn-3" in line)
        assert "UNREACHABLE" in line and "the bastion" in line, said.text()
        assert "4 of 5 hosts answered" in said.text(), said.text()
    finally:
        lab.command("start-host", "scn-3")
    lab.kconf("ping", "all").must_succeed()


def scenario_host_key_changed(lab):
    """A host whose key changed is refused, with the place of the old key."""
    lab.on("scn-2", "cp -a /etc/ssh /root/ssh.kept && rm /etc/ssh/ssh_host_*key* && ssh-keygen -q -A && systemctl restart ssh")
    try:
        said = lab.kconf("ping", "scn-2")
        assert said.code == 4 and "known_hosts" in said.stdout and "host key" in said.stdout.lower(), said.text()
    finally:
        lab.on("scn-2", "rm -rf /etc/ssh && mv /root/ssh.kept /etc/ssh && systemctl restart ssh")
    lab.kconf("ping", "scn-2").must_succeed()


def scenario_sudo_refused(lab):
    """A login without sudo rights fails with words, not with a hang; a password that sudo wants can be given."""
    said = lab.kconf("ping", "scn-1", "-u", "nosudo", "-e", "ansible_user=nosudo")
    assert said.code in (2, 4) and "sudo" in said.stdout, said.text()
    said = lab.kconf("exec", "scn-1", "-a", "id -un", "-e", "ansible_user=admin2", "-e", f"ansible_become_password={lab.env['KCONF_LAB_SUDO_PASSWORD']}")
    assert said.code == 0 and "root" in said.stdout, said.text()
    assert lab.env["KCONF_LAB_SUDO_PASSWORD"] not in said.text()


def scenario_nothing_left_running(lab):
    """After a run no process of it is left on any host."""
    lab.kconf("ping", "all").must_succeed()
    for host in SCN:
        left = lab.on(host, "pgrep -fa '[k]conf/runner' || true").stdout
        assert not left.strip(), f"on {host}: {left}"

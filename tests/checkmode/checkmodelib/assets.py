"""What playbooks take from the package server, and the inventory that leads to the machines."""

import io
import json
import tarfile
from pathlib import Path

from scenariolib.harness import ALL

# What the package server has under /checkmode: archive, and its files with modes and contents.
ARCHIVES = {
    "shop-1.4.tar.gz": {"shop-1.4/bin/shop": (0o755, "#!/bin/sh\nexec sleep 1000000\n"), "shop-1.4/VERSION": (0o644, "1.4\n")},
    "site.tar.gz": {"index.html": (0o644, "<h1>It works</h1>\n"), "css/main.css": (0o644, "body {}\n")},
    "klaytn/v1.0/kscn-v1.0-0-linux-amd64.tar.gz": {
        "kscn-linux-amd64/bin/kscn": (0o755, "#!/bin/sh\n"),
        "kscn-linux-amd64/conf/kscnd.conf": (0o644, "# as packed\n"),
    },
}
PLAIN = {"banner.txt": "Authorised use only.\n", "tool.sh": "#!/bin/sh\necho tool 1.0\n"}


def serve(lab):
    """Puts everything where the package server finds it."""
    top = Path(lab.env["KCONF_LAB_PACKAGES_DIR"]) / "checkmode"
    for name, members in ARCHIVES.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(top / name, "w:gz") as archive:
            for path, (mode, text) in members.items():
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode, entry.mtime = len(text), mode, 1700000000
                archive.addfile(entry, io.BytesIO(text.encode()))
    for name, text in PLAIN.items():
        (top / name).write_text(text)


def inventory(lab):
    """Writes an inventory of the machines that both tools read, and returns its path."""
    # kconf goes through the bastion by `kconf_bastion`, Ansible by options of ssh.
    options = f"-F {lab.env['KCONF_LAB_SSH_CONFIG']}" if lab.env["KCONF_LAB_PYTHON"] == "1" else ""
    bastion = {"ansible_host": lab.env["KCONF_LAB_BASTION"], "kconf_bastion": "", "ansible_ssh_extra_args": options}
    numbers = {"scn-1": 11, "scn-2": 12, "scn-3": 13, "en-1": 20}
    addresses = {name: {"ansible_host": f"{lab.env['KCONF_LAB_PRIVATE']}.{numbers[name]}"} for name in ALL if name in numbers}
    common = f"-o UserKnownHostsFile={lab.env['KCONF_LAB_KNOWN_HOSTS']} -o IdentitiesOnly=yes"
    document = {
        "all": {
            "hosts": {**addresses, "scn-master": bastion},
            "vars": {
                "ansible_user": "ubuntu",
                "ansible_become": True,
                "ansible_ssh_private_key_file": lab.env["KCONF_LAB_KEY"],
                "ansible_ssh_common_args": common,
                "kconf_bastion": "scn-master",
                "ansible_ssh_extra_args": options and f"{options} -o ProxyJump=scn-master",
                "server": lab.env["KCONF_LAB_PACKAGES_URL"].removesuffix("/klaytn") + "/checkmode",
            },
        }
    }
    path = lab.state / "checkmode.json"
    path.write_text(json.dumps(document, indent=2))
    return path

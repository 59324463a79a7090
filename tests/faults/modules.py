"""What the modules are asked for in front of a fault, and the faults themselves."""

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2GI3Mh4mqNJ4hyGTJmnmZYwnWrlAmUK0XsRqXB0w6R"
FILE = "/mnt/place/file"
OLD = b"[s]\nkey = old\n"
# What is there instead for modules that would refuse that before they get to the fault; a keystore is made when the faults run.
OLD_OF = {"htpasswd": b"old:x\n", "xml": b"<a><b>old</b></a>\n"}
# A disk, in bytes. Smaller than files whose content is not looked at.
DISK = 1000 << 10

# Modules that would change FILE, or a file beside it.
WRITERS = {
    "copy": {"content": "new\n", "dest": FILE},
    "template": {"src": "new.j2", "dest": FILE},
    "file": {"path": FILE, "mode": "0640"},
    "lineinfile": {"path": FILE, "line": "new"},
    "blockinfile": {"path": FILE, "block": "new"},
    "replace": {"path": FILE, "regexp": "old", "replace": "new"},
    "assemble": {"src": "/mnt/parts", "dest": FILE, "remote_src": True},
    "get_url": {"url": "http://127.0.0.1:PORT/new", "dest": FILE, "force": True},
    "uri": {"url": "http://127.0.0.1:PORT/new", "dest": FILE, "force": True},
    "archive": {"path": "/mnt/parts", "dest": FILE},
    "unarchive": {"src": "/mnt/new.tar", "dest": "/mnt/place", "remote_src": True},
    "ini_file": {"path": FILE, "section": "s", "option": "key", "value": "new"},
    "htpasswd": {"path": FILE, "name": "x", "password": "y", "hash_scheme": "apr_md5_crypt"},
    "cron": {"name": "x", "job": "y", "cron_file": FILE, "user": "root"},
    "authorized_key": {"user": "root", "key": KEY, "path": FILE, "manage_dir": False},
    "known_hosts": {"name": "h", "key": f"h {KEY}", "path": FILE},
    "sysctl": {"name": "kernel.x", "value": "1", "sysctl_file": FILE, "reload": False},
    "mount": {"path": "/srv/x", "src": "/dev/x", "fstype": "ext4", "fstab": FILE, "state": "present"},
    "ssh_config": {"ssh_config_file": FILE, "host": "h", "port": "23"},
    "sudoers": {"sudoers_path": "/mnt/place", "name": "file", "user": "root", "commands": ["/bin/true"], "validation": "absent"},
    "pam_limits": {"dest": FILE, "domain": "x", "limit_type": "-", "limit_item": "nofile", "value": "9"},
    "yum_repository": {"reposdir": "/mnt/place", "file": "own", "name": "x", "description": "x", "baseurl": "http://h/"},
    "git": {"repo": "/mnt/repo", "dest": "/mnt/place/repo"},
    "tempfile": {"path": "/mnt/place"},
    "acl": {"path": FILE, "etype": "user", "entity": "daemon", "permissions": "r", "state": "present"},
    "xml": {"path": FILE, "xpath": "/a/b", "value": "new"},
    "openssh_keypair": {"path": FILE, "type": "ed25519", "regenerate": "always"},
    "openssl_privatekey": {"path": FILE, "type": "ECC", "curve": "secp256r1", "regenerate": "always"},
    "openssl_csr": {"path": FILE, "privatekey_path": "/mnt/key.pem", "common_name": "x", "force": True},
    "x509_certificate": {"path": FILE, "provider": "selfsigned", "privatekey_path": "/mnt/key.pem", "csr_path": "/mnt/request.pem", "force": True},
    "java_cert": {"keystore_path": FILE, "keystore_pass": "changeit", "cert_path": "/mnt/cert.pem", "cert_alias": "new", "keystore_create": True},
    "parted": {"device": FILE, "number": 1, "state": "present", "unit": "s", "part_start": "64s", "part_end": "1000s", "align": "none"},
}
READERS = {
    "fetch": {"src": FILE, "dest": "/mnt/fetched/", "flat": True},
    "slurp": {"src": FILE},
    "stat": {"path": FILE, "get_checksum": False},
    "find": {"paths": "/mnt/place", "file_type": "any"},
}
# What names FILE itself, not its folder.
AT_FILE = [name for name in WRITERS if name not in ("unarchive", "sudoers", "yum_repository", "git", "tempfile")]
# What needs room to write; a disk has its own.
FILLERS = [name for name in WRITERS if name != "parted"]
EDITORS = [name for name in AT_FILE if name not in ("copy", "template", "file", "assemble", "get_url", "uri", "archive", "acl", "parted")]
SHELL = ["copy", "template", "file", "lineinfile", "blockinfile", "replace", "assemble", "ini_file", "unarchive", "xml", "openssh_keypair"]
SHELL += ["openssl_privatekey", "openssl_csr", "x509_certificate", "java_cert", "parted", "fetch", "slurp", "stat", "find"]

# Modules that keep files of the system.
SYSTEM = {
    "user": {"name": "faulty", "create_home": False},
    "group": {"name": "faulty"},
    "hostname": {"name": "faulty", "use": "debian"},
    "apt_repository": {"repo": "deb http://127.0.0.1/debian x main", "filename": "faulty", "update_cache": False},
    "deb822_repository": {"name": "faulty", "uris": "http://127.0.0.1/debian", "suites": "x", "components": "main"},
    "cron": {"name": "faulty", "job": "y", "cron_file": "faulty", "user": "root"},
}
# Modules that start a program, and the program.
PROGRAMS = {
    "command": ("kconf-faulty", {"argv": ["kconf-faulty"]}),
    "shell": ("kconf-faulty", {"cmd": "kconf-faulty"}),
    "script": ("kconf-faulty", {"cmd": "faulty.sh"}),
    "git": ("git", WRITERS["git"]),
    "known_hosts": ("ssh-keygen", WRITERS["known_hosts"]),
    "acl": ("setfacl", WRITERS["acl"]),
    "user": ("useradd", SYSTEM["user"]),
    "group": ("groupadd", SYSTEM["group"]),
    "cron": ("crontab", {"name": "faulty", "job": "y"}),
    "apt": ("apt-get", {"name": "kconf-faulty", "state": "present"}),
    "dnf": ("dnf-3 dnf rpm", {"name": "kconf-faulty", "state": "present", "use_backend": "dnf"}),
    "openssh_keypair": ("ssh-keygen", WRITERS["openssh_keypair"]),
    "openssl_privatekey": ("openssl", WRITERS["openssl_privatekey"]),
    "openssl_csr": ("openssl", WRITERS["openssl_csr"]),
    "x509_certificate": ("openssl", WRITERS["x509_certificate"]),
    "java_cert": ("keytool", WRITERS["java_cert"]),
    "parted": ("parted", WRITERS["parted"]),
    "lvg": ("vgs", {"vg": "kconf-faulty", "pvs": "/dev/kconf-faulty"}),
    "lvol": ("vgs", {"vg": "kconf-faulty", "lv": "x", "size": "1g"}),
    "snap": ("snap", {"name": "kconf-faulty"}),
}
SERVICES = {
    "service": {"name": "kconf-faulty", "state": "started"},
    "systemd": {"name": "kconf-faulty", "state": "started"},
    "hostname": {"name": "faulty", "use": "systemd"},
}
LOCKED = {
    "apt": {"name": "bash", "state": "absent", "lock_timeout": 0, "force": True, "allow_change_held_packages": True},
}
# What else of keys may be wrong: of the public one, of the private one that signs, of the signing.
PUBLIC_KEY = {"openssh_keypair": WRITERS["openssh_keypair"]}
SIGNERS = {name: WRITERS[name] for name in ("openssl_csr", "x509_certificate")}
# The module that asks the metadata service of EC2, and what it may find there.
METADATA = {"ec2_metadata_facts": {}}

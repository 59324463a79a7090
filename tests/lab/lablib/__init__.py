"""The lab: five booted machines on two networks, an EC2 endpoint and a package server, on one computer.

Who uses it: the command `tests/lab/lab` (see `cli.py`), and nothing else imports it.

What it guarantees:
- Everything it starts runs in a control group named after the lab, every interface, namespace and file it makes
  carries the lab's name, so `down` finds all of it again, also after a crash, and touches nothing else.
- The real machine is changed in three ways only, each undone by the last `down`: one interface with an address on
  the lab's public network, one `unreachable` route for the private network, and `fs.inotify.max_user_instances`.
- No secret outlives a lab: SSH keys, host keys and the sudo password are made by `up` and deleted by `down`.

Imports go one way:

    cli -> commands -> {hosts, targets, ec2, mirror, node_packages, checks}
        -> {seed, keys, disk, machine, network, rootfs, aptrepo} -> {process, cgroups, state, settings, errors}

To add a machine, add a line to `HOSTS` in `settings.py`. To add a package to the machines or to the lab's apt
repository, add it to a list in `rootfs/`. To add a subcommand, write a function in `commands.py` and a line in
`cli.py`. `selftest` beside this folder shows that the promises are kept.
"""

# Runs one module of Ansible from the archive that this file lies in.
#
# Standard input holds one JSON mapping: `module`, the name of the module among the packages of this archive, and `arguments`, what it
# is to do. They are never on a command line, where other users could read them. The archive is the same for all runs of a module,
# so that a host gets it once.

import io
import json
import os
import runpy
import sys


def main():
    archive = os.path.abspath(sys.path[0])
    order = json.loads(io.open(0, "rb", closefd=False).read().decode("utf-8"))

    # What the module starts must find an empty input, not a closed one.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)

    from ansible.module_utils import basic

    # Since 2.19 the library asks in which dialect it is spoken to; older versions do not look at it.
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": order["arguments"]}).encode("utf-8")
    basic._ANSIBLE_PROFILE = "legacy"

    name = order["module"]
    sys.argv = [os.path.join(archive, *name.split(".")) + ".py"]
    # A module that starts itself again under another Python looks for these two.
    found = {"_module_fqn": name, "_modlib_path": archive}
    runpy.run_module(name, init_globals=found, run_name="__main__", alter_sys=True)


main()

#!/usr/bin/python
import json

ARGUMENTS = json.loads('<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>')
SPECIAL = "<<SELINUX_SPECIAL_FILESYSTEMS>>"
own = {name: value for name, value in ARGUMENTS.items() if not name.startswith("_ansible_")}
print(json.dumps({"changed": False, "given": own, "special": SPECIAL}))

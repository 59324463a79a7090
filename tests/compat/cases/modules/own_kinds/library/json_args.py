#!/usr/bin/python
# WANT_JSON
import json
import sys

with open(sys.argv[1]) as file:
    given = json.load(file)
own = {name: value for name, value in given.items() if not name.startswith("_ansible_")}
told = sorted(name for name in given if name.startswith("_ansible_"))
print(json.dumps({"changed": False, "given": own, "told": told, "words": len(sys.argv), "check": given["_ansible_check_mode"]}))

#!/usr/bin/python
import json
import shlex
import sys

with open(sys.argv[1]) as file:
    words = shlex.split(file.read())
print(json.dumps({"changed": True, "given": [word for word in words if not word.startswith("_ansible_")]}))

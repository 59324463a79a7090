#!/usr/bin/python
# WANT_JSON
import json
import sys

with open(sys.argv[1]) as file:
    print(json.dumps({"changed": True, "predicted": json.load(file)["_ansible_check_mode"]}))

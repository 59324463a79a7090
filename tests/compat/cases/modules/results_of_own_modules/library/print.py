#!/usr/bin/python
# WANT_JSON
import json
import os
import sys

with open(sys.argv[1]) as file:
    given = json.load(file)
text = given["text"]
if not isinstance(text, str):
    text = json.dumps(text)
print(os.path.expandvars(text) if given.get("expand") else text)
sys.exit(int(given.get("code", 0)))

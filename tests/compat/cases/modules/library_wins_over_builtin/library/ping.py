#!/usr/bin/python
# WANT_JSON
print('{"ping": "of the project"}')

#!/bin/sh
echo changed=true
echo trouble >&2
exit 3

#!/bin/sh
echo "hi $1|$2|$A"
pwd

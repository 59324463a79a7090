#!/bin/sh
echo '{"role": "r"}'

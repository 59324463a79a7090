#!/bin/sh
echo out
exit 9

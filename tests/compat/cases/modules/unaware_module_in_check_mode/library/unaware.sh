#!/bin/sh
echo made >out/made
echo '{"changed": true}'

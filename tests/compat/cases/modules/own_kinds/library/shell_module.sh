#!/bin/sh
echo '{"changed": true, "words": '$#'}'

#!/bin/sh
stty size
printf 'Name: '
read -r name
printf 'Colour: '
read -r colour
echo "got $name and $colour"
exit "${1-0}"

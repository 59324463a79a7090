# Starts a module that kconf has no code of its own for. No argument of the module is on this line: they come on standard input.
# $1: where the module is kept for the run. $2: where it was just put, or nothing. $3: `stdin` when it reads its arguments there, `file`
# when it gets the path of a file with them. $4: `python` when a Python is to be looked for, the names to try behind it up to `--`.
# The rest: the program that runs it, with its options; nothing when it runs itself.
kept=$1 fresh=$2 input=$3 look=$4
shift 4
say() {
    printf 'kconf:%s\n' "$1" >&2
    exit 90
}
if [ -n "$fresh" ] && [ "$fresh" != "$kept" ]; then
    mv -f "$fresh" "$kept" || say unkept
fi
[ -f "$kept" ] || say missing
if [ "$look" = python ]; then
    found=
    while [ "$1" != -- ]; do
        if [ -z "$found" ] && command -v "$1" >/dev/null 2>&1; then
            found=$1
        fi
        shift
    done
    shift
    [ -n "$found" ] || say no-python
    set -- "$found" "$@"
elif [ $# != 0 ]; then
    command -v "$1" >/dev/null 2>&1 || say no-interpreter
fi
if [ "$input" = stdin ]; then
    exec "$@" "$kept"
fi
arguments=$kept.$$
(umask 077 && cat >"$arguments") || say unkept
"$@" "$kept" "$arguments" </dev/null
code=$?
rm -f "$arguments"
exit $code

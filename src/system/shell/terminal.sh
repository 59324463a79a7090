# What ShellSystem has a request know that is about a command on a terminal. It is read after library.sh; see there.
#
# K_D is the directory of the conversation: `i` is a pipe to the terminal, `o` all that came from it, `p` the number of the command, which
# leads the session of the terminal, `r` its exit code once it has ended.

# Starts $1, a script, on a terminal of its own.
k_talk() {
    for K_W in script mkfifo stty; do
        [ -n "$(k_which "$K_W")" ] || k_fail no-terminal
    done
    case $(script --version 2>/dev/null) in
    *util-linux*) ;;
    *) k_fail no-terminal ;;
    esac
    mkdir "$K_D" && mkfifo "$K_D/i" && : >"$K_D/o" && printf '%s\n' "$1" >"$K_D/c" || exit 1
    K_SHELL=${SHELL-}
    export K_D K_E K_SHELL
    {
        # The pipe is opened for both, so that it neither waits for the other side nor ends.
        (
            SHELL=/bin/sh script -qec '. "$K_D/c"' /dev/null <>"$K_D/i" >"$K_D/o" 2>&1
            echo $? >"$K_D/n" && mv "$K_D/n" "$K_D/r"
        ) &
        # The directory goes with the session of kconf.
        while [ -d "$K_D" ] && [ ! -e "$K_D/r" ]; do
            [ ! -s "$K_D/p" ] || read -r K_P <"$K_D/p"
            sleep 1
        done
        [ -d "$K_D" ] || [ -z "$K_P" ] || k_hang_up "$K_P"
    } </dev/null >/dev/null 2>&1 &
}

# What came from the terminal beyond $1 bytes, behind a line that says how the command is; waits a little when there is nothing.
k_hear() {
    K_I=0
    while [ ! -e "$K_D/r" ] && [ "$(wc -c <"$K_D/o")" -le "$1" ] && [ "$K_I" -lt 10 ]; do
        sleep 0.05 2>/dev/null || {
            sleep 1
            K_I=10
        }
        K_I=$((K_I + 1))
    done
    if [ -e "$K_D/r" ]; then cat "$K_D/r"; else echo on; fi
    tail -c +$(($1 + 1)) "$K_D/o"
}

# The processes of the session $1 that have not ended.
k_members() {
    for K_F in /proc/[0-9]*/stat; do
        { read -r K_L <"$K_F"; } 2>/dev/null || continue
        K_W=${K_F#/proc/}
        set -- "$1" ${K_L##*)}
        case $2 in Z | X) continue ;; esac
        [ "$5" != "$1" ] || echo "${K_W%/stat}"
    done
}

# Ends the session $1: first as a terminal does that is hung up.
k_hang_up() {
    kill -HUP $(k_members "$1")
    K_I=0
    while K_M=$(k_members "$1") && [ -n "$K_M" ]; do
        [ "$K_I" -lt 2 ] || kill -KILL $K_M
        sleep 1
        K_I=$((K_I + 1))
    done 2>/dev/null
}

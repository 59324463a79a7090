# What ShellSystem has the shell of a host know. POSIX sh only (dash, busybox ash); sent once, at the start of a session.
# Names begin with k_ and K_. Every request runs in a subshell, so nothing it sets stays.
#
# An error that the tools have no words for is one line on standard error, "kconf-error KIND", and exit code 99.

unset CDPATH ENV
K_T=
for K_D in "${TMPDIR:-/tmp}" /tmp /var/tmp "$HOME" /dev/shm /run; do
    [ -d "$K_D" ] && [ -w "$K_D" ] || continue
    if (umask 077 && mkdir "$K_D/.kconf-$K_N") 2>/dev/null; then
        K_T=$K_D/.kconf-$K_N
        break
    fi
done
trap 'rm -rf "$K_T"' EXIT
trap 'exit 1' HUP INT TERM PIPE

# Ends request $1, whose exit code was $2: the head of the reply, then what it wrote.
k_end() {
    set -- "$1" "$2" 0 0
    if [ -s "$K_T/o" ]; then set -- "$1" "$2" $(wc -c <"$K_T/o") 0; fi
    if [ -s "$K_T/e" ]; then set -- "$1" "$2" "$3" $(wc -c <"$K_T/e"); fi
    printf 'kconf:%s:%s:%s:%s:%s\n' "$K_N" "$@"
    if [ "$3$4" != 00 ]; then cat "$K_T/o" "$K_T/e"; fi
}

# The same for a command, which may have left something behind that still writes: what is there now counts.
k_end_command() {
    cat "$K_T/o.$1" >"$K_T/o"
    cat "$K_T/e.$1" >"$K_T/e"
    rm -f "$K_T/o.$1" "$K_T/e.$1"
    k_end "$1" "$2"
}

k_fail() {
    printf 'kconf-error %s\n' "$1" >&2
    exit 99
}

# Which tools there are, and of which kind.
k_tools() {
    case $(stat -c %.9Y / 2>/dev/null) in
    [0-9]*.[0-9]*) K_S=gnu ;;
    *)
        case $(stat -c %Y / 2>/dev/null) in
        [0-9]*) K_S=plain ;;
        *)
            case $(stat -f %m / 2>/dev/null) in
            [0-9]*) K_S=bsd ;;
            *) K_S=ls ;;
            esac
            ;;
        esac
        ;;
    esac
    K_B=none
    for K_D in 'base64 -d' 'base64 -D' 'openssl base64 -d'; do
        if [ "$(echo a2NvbmY= | $K_D 2>/dev/null)" = kconf ]; then
            K_B=$K_D
            break
        fi
    done
    K_M=
    # Whether mv can be told not to go into a directory that the target is a link to.
    if : >"$K_T/o" && ln -s . "$K_T/e" && mv -fT "$K_T/o" "$K_T/e" 2>/dev/null; then K_M=T; fi
    rm -f "$K_T/e"
    K_L=
    if timeout -k 1 1 true 2>/dev/null; then K_L=timeout; fi
    K_U=$(id -u)
    K_G=$(id -g)
}

# K_P: the directory that $1 is in. It has to be one.
k_place() {
    K_P=${1%/}
    case $K_P in
    */*) K_P=${K_P%/*} ;;
    *) K_P=. ;;
    esac
    [ -n "$K_P" ] || K_P=/
    [ -d "$K_P" ] || k_way "$K_P"
}

# Why the directory $1 is none.
k_way() {
    K_W=$1
    while [ ! -e "$K_W" ] && [ ! -L "$K_W" ]; do
        case $K_W in
        */?*) K_W=${K_W%/*} ;;
        *) k_fail no-directory ;;
        esac
        [ -n "$K_W" ] || K_W=/
    done
    [ -e "$K_W" ] || k_fail no-directory
    [ -d "$K_W" ] || k_fail not-a-directory
    [ -x "$K_W" ] || k_fail denied
    k_fail no-directory
}

k_exists() {
    [ -e "$1" ] || [ -L "$1" ]
}

# Whether $1 is a directory and no link to one.
k_is_dir() {
    [ -d "$1" ] && [ ! -L "$1" ]
}

# The attributes of $2 in the order that the other side expects; $1 is -L to follow a link, else empty.
k_stat() {
    case $K_S in
    gnu) exec stat $1 -c '%f %u %g %s %i %d %h %b %o %t %T %.9X %.9Y %.9Z' "$2" ;;
    plain) exec stat $1 -c '%f %u %g %s %i %d %h %b %o %t %T %X %Y %Z' "$2" ;;
    bsd) exec stat $1 -f '%Xp %u %g %z %i %d %l %b %k %Hr %Lr %Fa %Fm %Fc' "$2" ;;
    *) exec ls -idln $1 "$2" ;;
    esac
}

# K_OM, K_OU, K_OG: mode (octal), owner and group of $1.
k_attributes() {
    case $K_S in
    gnu | plain) set -- $(stat -c '%a %u %g' "$1") ;;
    bsd) set -- $(stat -f '%Mp%Lp %u %g' "$1") ;;
    *)
        set -- $(ls -dln "$1")
        k_octal "${1#?}"
        set -- "$K_OM" "$3" "$4"
        ;;
    esac
    K_OM=$1 K_OU=$2 K_OG=$3
}

# K_OM: the octal mode that ls shows as $1.
k_octal() {
    K_R=$1 K_V=0
    for K_D in 256:2048 128:0 64:2048 32:0 16:0 8:1024 4:0 2:0 1:512; do
        K_C=${K_R%"${K_R#?}"} K_R=${K_R#?}
        case $K_C in
        r | w | x) K_V=$((K_V + ${K_D%:*})) ;;
        s | t) K_V=$((K_V + ${K_D%:*} + ${K_D#*:})) ;;
        S | T) K_V=$((K_V + ${K_D#*:})) ;;
        esac
    done
    K_OM=$(printf %o "$K_V")
}

# The entries of $1: a letter for the kind, the name, a zero byte.
k_list() {
    [ -d "$1" ] || {
        [ -e "$1" ] && k_fail not-a-directory
        k_place "$1"
        k_fail missing
    }
    { [ -r "$1" ] && cd "$1"; } || k_fail denied
    for K_F in .* *; do
        case $K_F in . | ..) continue ;; esac
        if [ -L "$K_F" ]; then
            K_C=l
        elif [ -f "$K_F" ]; then
            K_C=f
        elif [ -d "$K_F" ]; then
            K_C=d
        elif [ -p "$K_F" ]; then
            K_C=p
        elif [ -S "$K_F" ]; then
            K_C=s
        elif [ -b "$K_F" ]; then
            K_C=b
        elif [ -c "$K_F" ]; then
            K_C=c
        else
            continue
        fi
        printf '%s%s\000' "$K_C" "$K_F"
    done
}

# At most $3 bytes of the regular file $1 from byte $2 on.
k_read() {
    [ -f "$1" ] || {
        [ -d "$1" ] && k_fail is-a-directory
        k_exists "$1" || {
            k_place "$1"
            k_fail missing
        }
        [ -L "$1" ] && k_fail missing
        k_fail not-a-file
    }
    [ -r "$1" ] || k_fail denied
    if [ "$2" = 0 ]; then
        dd if="$1" bs="$3" count=1 2>/dev/null
    elif [ $(($2 % $3)) = 0 ]; then
        dd if="$1" bs="$3" skip=$(($2 / $3)) count=1 2>/dev/null
    else
        tail -c +$(($2 + 1)) "$1" | dd bs="$3" count=1 2>/dev/null
    fi
}

# The text of the link $1.
k_read_link() {
    [ -L "$1" ] || {
        k_exists "$1" || k_fail missing
        k_fail not-a-link
    }
    if command -v readlink >/dev/null; then
        readlink -n "$1"
    else
        K_R=$(ls -ld "$1" && echo x)
        K_R=${K_R#*"$1 -> "}
        printf %s "${K_R%?x}"
    fi
}

# $1 without links; the last part need not exist.
k_real() {
    K_R=$1 K_I=0
    while [ "$K_I" -lt 40 ]; do
        case $K_R in
        / | */. | */.. | . | ..) K_B=. K_D=$K_R ;;
        */*) K_B=${K_R##*/} K_D=${K_R%/*}/ ;;
        *) K_B=$K_R K_D=. ;;
        esac
        [ -d "$K_D" ] || {
            K_R=$K_D
            k_place "${K_D%/}/x"
        }
        cd -P "$K_D" || exit
        if [ -L "$K_B" ]; then
            K_R=$(k_read_link "./$K_B" && echo x)
            K_R=${K_R%x}
            K_I=$((K_I + 1))
        elif [ -d "$K_B" ]; then
            cd -P "./$K_B" || exit
            pwd -P
            return
        else
            K_D=$(pwd -P && echo x)
            K_D=${K_D%?x}
            printf '%s/%s\n' "${K_D%/}" "$K_B"
            return
        fi
    done
    k_fail loop
}

# The digest of $2 by the algorithm $1 (md5, sha1, ...); "read" when there is no tool for it.
k_checksum() {
    k_read "$2" 0 1 >/dev/null
    if command -v "$1sum" >/dev/null; then
        "$1sum" <"$2"
    elif command -v openssl >/dev/null; then
        openssl dgst -"$1" -r <"$2"
    elif [ "$1" != md5 ] && command -v shasum >/dev/null; then
        shasum -a "${1#sha}" <"$2"
    else
        echo read
    fi
}

# The full path of the command $1.
k_which() {
    case $1 in
    */*)
        [ -f "$1" ] && [ -x "$1" ] && printf %s "$1"
        return 0
        ;;
    esac
    K_R=$PATH:$K_PATH
    IFS=:
    set -f
    for K_D in $K_R; do
        case $K_D in
        /*)
            if [ -f "$K_D/$1" ] && [ -x "$K_D/$1" ]; then
                printf %s "$K_D/$1"
                return 0
            fi
            ;;
        esac
    done
}

# K_X: a new empty file called $2 beside $1, to be filled and put in the place of $1.
k_begin() {
    k_place "$1"
    k_is_dir "$1" && k_fail is-a-directory
    K_X=${K_P%/}/$2
    (umask 077 && set -C && : >"$K_X") || exit 1
}

k_drop() {
    rm -f "$K_X"
    exit 1
}

# Gives K_X its mode $2, owner $3, group $4 (each may be empty: as $1 has it, else as new files have it) and times $5, $6, and puts it
# in the place of $1.
k_finish() {
    if [ -f "$1" ] && [ ! -L "$1" ]; then
        k_attributes "$1"
        K_OM=${2:-$K_OM}
        K_O=${3:-$K_OU}:${4:-$K_OG}
        if [ "$K_O" != "$K_U:$K_G" ] || [ -g "$K_P" ]; then
            if [ -n "$3$4" ]; then
                chown "$K_O" "$K_X" || k_drop
            elif ! chown "$K_O" "$K_X" 2>/dev/null; then
                chgrp "${K_O#*:}" "$K_X" 2>/dev/null
                [ -n "$2" ] || K_OM=$(printf %o $((0$K_OM & 01777)))
            fi
        fi
    else
        K_OM=${2:-$(printf %o $((0666 & ~0$(umask))))}
        if [ -n "$3$4" ]; then k_own "" "$K_X" "$3" "$4" || k_drop; fi
    fi
    chmod "0$K_OM" "$K_X" || k_drop
    k_times "" "$K_X" "$5" "$6" || k_drop
    k_move "$K_X" "$1" || k_drop
}

# Owner $3 and group $4 of $2; $1 is -h for a link itself.
k_own() {
    if [ -n "$3" ]; then
        chown $1 "$3${4:+:$4}" "$2"
    elif [ -n "$4" ]; then
        chgrp $1 "$4" "$2"
    fi
}

# Times of last access $3 and change $4 of $2, in words of touch; $1 is -h for a link itself.
k_times() {
    if [ -n "$3" ]; then TZ=UTC0 touch $1 -c -a $3 "$2" || return; fi
    if [ -n "$4" ]; then TZ=UTC0 touch $1 -c -m $4 "$2" || return; fi
}

# Renames $1 to $2, which is no directory (but may be a link to one).
k_move() {
    # A link and what it leads to are one file to mv, and not every mv can replace a link that leads to itself.
    if [ -L "$1" ] && [ "$1" -ef "$2" ] 2>/dev/null || { [ -L "$2" ] && [ ! -e "$2" ]; }; then rm -f "$2" || return; fi
    if [ -n "$K_M" ]; then
        mv -fT "$1" "$2"
    else
        if [ -L "$2" ] && [ -d "$2" ]; then rm -f "$2" || return; fi
        mv -f "$1" "$2"
    fi
}

k_set() {
    k_exists "$2" || {
        k_place "$2"
        k_fail missing
    }
    [ -n "$1" ] || [ -e "$2" ] || k_fail missing
    K_H=
    if [ -n "$1" ] && [ -L "$2" ]; then
        K_H=-h
        [ -z "$3" ] || k_fail link-mode
    fi
    k_own "$K_H" "$2" "$4" "$5" || exit 1
    if [ -n "$3" ]; then chmod "0$3" "$2" || exit 1; fi
    k_times "$K_H" "$2" "$6" "$7" || exit 1
}

k_make_dir() {
    k_place "$1"
    k_exists "$1" && k_fail exists
    (umask 077 && mkdir "$1") || exit 1
    if [ -g "$1" ]; then
        chmod "$(printf %05o $((0$2 | 02000)))" "$1"
    else
        chmod "$(printf %05o "0$2")" "$1"
    fi
}

# A link called $3 beside $2, then put in its place; $1 is what ln makes it of.
k_symlink() {
    k_place "$2"
    k_is_dir "$2" && k_fail is-a-directory
    K_X=${K_P%/}/$3
    ln -s -- "$1" "$K_X" || exit 1
    k_move "$K_X" "$2" || k_drop
}

k_hard_link() {
    k_exists "$1" || {
        k_place "$1"
        k_fail missing
    }
    k_is_dir "$1" && k_fail link-directory
    k_place "$2"
    k_is_dir "$2" && k_fail is-a-directory
    if k_exists "$2" && [ "$(k_inode "$1")" = "$(k_inode "$2")" ]; then return; fi
    K_X=${K_P%/}/$3
    ln -- "$1" "$K_X" || exit 1
    k_move "$K_X" "$2" || k_drop
}

k_inode() {
    K_D=$(ls -di "$1")
    K_D=${K_D#"${K_D%%[0-9]*}"}
    printf %s "${K_D%%[!0-9]*}"
}

k_rename() {
    k_exists "$1" || {
        k_place "$1"
        k_fail missing
    }
    if [ "$1" = "$2" ]; then return; fi
    K_D=
    k_is_dir "$1" && K_D=1
    k_place "$2"
    if k_is_dir "$2"; then
        [ -n "$K_D" ] || k_fail is-a-directory
        case $2 in
        "${1%/}"/*)
            echo "Invalid argument" >&2
            exit 1
            ;;
        esac
        if [ -z "$K_M" ]; then rmdir "$2" || exit 1; fi
    elif k_exists "$2"; then
        [ -z "$K_D" ] || k_fail not-a-directory
    fi
    k_move "$1" "$2"
}

k_remove() {
    k_exists "$1" || {
        # Nothing there is fine; not to be able to look is not.
        K_W=$(ls -d "$1" 2>&1)
        case $K_W in
        *"No such file"* | *"Not a directory"*) return 0 ;;
        esac
        printf '%s\n' "$K_W" >&2
        exit 1
    }
    rm -rf "$1"
}

k_temporary() {
    [ -d "$2" ] || {
        k_exists "$2" && k_fail not-a-directory
        k_fail no-directory
    }
    umask 077
    if [ "$1" = d ]; then
        mkdir "${2%/}/$3"
    else
        set -C
        : >"${2%/}/$3"
    fi
}

# K_E: what to start for the program $1.
k_program() {
    K_E=$1
    case $1 in
    */*)
        k_exists "$1" || k_fail no-program
        [ ! -d "$1" ] && [ -x "$1" ] || k_fail denied
        ;;
    *)
        K_E=$(k_which "$1")
        [ -n "$K_E" ] || k_fail no-program
        ;;
    esac
}

k_cd() {
    k_exists "$1" || k_fail no-cwd
    [ -d "$1" ] || k_fail cwd
    cd "$1" || k_fail cwd-denied
}

# Runs a command for at most $1 seconds where there is no tool for that.
k_limited() {
    K_W=$1
    shift
    exec 3<&0
    "$@" <&3 &
    K_C=$!
    (
        while [ "$K_W" -gt 0 ]; do
            sleep 1
            K_W=$((K_W - 1))
        done
        kill -TERM "$K_C"
        sleep 2
        kill -KILL "$K_C"
    ) >/dev/null 2>&1 &
    K_W=$!
    wait "$K_C"
    K_C=$?
    kill "$K_W" 2>/dev/null
    exit "$K_C"
}

# What comes before this is data: $image, $candidates and candidate(), files(), $initrds; to measure, $small and $report.
# docs/boot.md explains the variables GSLB_*. For BusyBox ash, and any other shell of POSIX.
set -uf
: "${GSLB_DIR:=/tmp/gslb-boot}" "${GSLB_WGET:=wget}" "${GSLB_KEXEC:=kexec}" "${GSLB_DRY:=}" "${GSLB_APPEND:=}"
: "${GSLB_STALL:=10}" "${GSLB_MEASURE:=2}" "${GSLB_ROUNDS:=3}" "${GSLB_PAUSE:=2}"

say() {
    echo "gslb: $*"
}

# fetch URL FILE SECONDS: given up where next to nothing comes for so long. Not every BusyBox has the -T of wget.
fetch() {
    rm -f "$2"
    $GSLB_WGET -q -O "$2" "$1" </dev/null &
    fetching=$!
    watch "$fetching" "$2" "$3" </dev/null >/dev/null 2>&1 &
    watching=$!
    wait "$fetching" 2>/dev/null
    ended=$?
    kill "$watching" 2>/dev/null
    wait "$watching" 2>/dev/null
    return "$ended"
}

# watch PROCESS FILE SECONDS: ends the process when the file has not grown by a kilobyte for so long.
watch() {
    had=0 idle=0
    while [ "$idle" -lt "$3" ]; do
        sleep 1
        has=0
        [ ! -e "$2" ] || has=$(wc -c <"$2")
        if [ "$has" -ge $((had + 1024)) ]; then had=$has idle=0; else idle=$((idle + 1)); fi
    done
    kill "$1"
}

# file NAME PATH SIZE SHA256 SHA1: one of files(), from the site at hand. What is not known of it is empty.
file() {
    fetch "$url$2" "$GSLB_DIR/$1" "$GSLB_STALL" || { say "$site: $1 can't be fetched: $url$2"; return 1; }
    [ -s "$GSLB_DIR/$1" ] || { say "$site: $1 is empty"; return 1; }
    if [ -n "$3" ] && [ "$(wc -c <"$GSLB_DIR/$1")" -ne "$3" ]; then
        say "$site: $1 has not the size that it should have"
        return 1
    fi
    if [ -n "$4" ] && command -v sha256sum >/dev/null; then
        hash_is "$4" "$(sha256sum <"$GSLB_DIR/$1")" "$1"
    elif [ -n "$5" ] && command -v sha1sum >/dev/null; then
        hash_is "$5" "$(sha1sum <"$GSLB_DIR/$1")" "$1"
    elif [ -n "$4$5" ]; then
        say "$1 is not checked: there is no sha256sum and no sha1sum here"
    fi
}

hash_is() {
    [ "$1" = "${2%% *}" ] || { say "$site: $3 is not what it should be, by its hash"; return 1; }
}

# The parts of a RAM disk, one after the other, each from a multiple of four on (initramfs buffer format).
join() {
    rm -f "$GSLB_DIR/initrd"
    for part in $initrds; do
        if [ -e "$GSLB_DIR/initrd" ]; then
            over=$(($(wc -c <"$GSLB_DIR/initrd") % 4))
            [ "$over" -eq 0 ] || head -c $((4 - over)) /dev/zero >>"$GSLB_DIR/initrd" || return 1
            cat "$GSLB_DIR/$part" >>"$GSLB_DIR/initrd" && rm "$GSLB_DIR/$part" || return 1
        else
            mv "$GSLB_DIR/$part" "$GSLB_DIR/initrd" || return 1
        fi
    done
}

# Returns only where the kernel can't be started.
start() {
    set -- -l "$GSLB_DIR/kernel" "--append=$line${GSLB_APPEND:+ $GSLB_APPEND}"
    [ -z "$initrds" ] || set -- "$@" "--initrd=$GSLB_DIR/initrd"
    if [ -n "$GSLB_DRY" ]; then
        printf '%s\n' "$GSLB_KEXEC" "$@"
        exit 0
    fi
    $GSLB_KEXEC "$@" && $GSLB_KEXEC -e && exit 0
    say "$site: the kernel can't be started"
    return 1
}

# Milliseconds since the machine was started, in steps of ten: BusyBox' date has none.
clock() {
    read -r up _ </proc/uptime
    ticks=1${up#*.}
    echo $((${up%.*} * 1000 + (ticks - 100) * 10))
}

# The time in which the small file comes from the site at hand, the better one of two, in $took.
time_it() {
    took=
    for _ in 1 2; do
        began=$(clock)
        fetch "$url$small" "$GSLB_DIR/small" "$GSLB_MEASURE" || return 1
        ms=$(($(clock) - began))
        [ "$ms" -gt 0 ] || ms=1
        [ -n "$took" ] && [ "$took" -le "$ms" ] || took=$ms
    done
}

# Puts the fastest first and those that don't answer last, and tells the redirector, which need not hear it.
measure() {
    fastest='' least='' others='' silent='' told=''
    for number in $candidates; do
        candidate "$number"
        if time_it; then
            say "$site: $took ms"
            told="$told${told:+,}$site:$took"
            if [ -z "$fastest" ] || [ "$took" -lt "$least" ]; then
                others="$fastest $others" fastest=$number least=$took
            else
                others="$others $number"
            fi
        else
            say "$site: no answer"
            silent="$silent $number"
        fi
    done
    candidates="$fastest $others $silent"
    [ -n "$report" ] && [ -n "$told" ] || return 0
    fetch "$report&ms=$told" "$GSLB_DIR/report" "$GSLB_MEASURE" || say "the measurement is kept to ourselves"
}

if [ -z "$GSLB_DRY" ] && ! command -v "${GSLB_KEXEC%% *}" >/dev/null; then
    say "there is no ${GSLB_KEXEC%% *} here to start a kernel with"
    exit 1
fi
mkdir -p "$GSLB_DIR" || exit 1
[ -z "$small" ] || measure
round=0
while [ "$round" -lt "$GSLB_ROUNDS" ]; do
    [ "$round" -eq 0 ] || sleep "$GSLB_PAUSE"
    for number in $candidates; do
        candidate "$number"
        say "$image from $site"
        files && join && start
    done
    round=$((round + 1))
done
say "$image can't be booted from any site"
exit 1

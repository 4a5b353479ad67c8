# Sourced by the scripts beside it: an apt of our own, in $WORK/apt, that leaves the machine's lists, cache and packages alone.
# No root is needed, and nothing is installed: packages are unpacked where they are wanted, and no daemon is started by them.

# Point apt at one Debian suite; later words are more lines of the list. Usage: use_suite bookworm [deb-src]
use_suite() {
    local suite=$1 mirror=${DEBIAN_MIRROR:-} home=$WORK/apt/$1 kind
    if [ -z "$mirror" ]; then
        mirror=$(sed 's/#.*//' /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} 2>/dev/null |
            grep -oE '[a-z]+://[^ ]*/debian/?( |$)' | sed -n '1s#/* *$##p' || true)
        mirror=${mirror:-http://deb.debian.org/debian}
    fi
    mkdir -p "$home/lists/partial" "$home/cache/archives/partial"
    : >"$home/source.list"
    : >"$home/installed"
    for kind in deb "${@:2}"; do
        echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >>"$home/source.list"
    done
    # What the machine has installed must not count: apt would look for that very version.
    # An index of sid can be weeks old on a mirror that follows slowly, and apt would call it expired.
    APT=(apt-get -q -o "Dir::Etc::sourcelist=$home/source.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$home/lists"
        -o "Dir::State::status=$home/installed" -o "Dir::Cache=$home/cache" -o "APT::Sandbox::User=$(id -un)"
        -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3 -o Acquire::Languages=none -o Acquire::http::Timeout=60)
    "${APT[@]}" update
}

# Unpack Debian packages below a folder. Usage: unpack FOLDER PACKAGE...
unpack() {
    local folder=$1 debs
    shift
    debs=$(mktemp -d "$WORK/debs.XXXXXX")
    (cd "$debs" && "${APT[@]}" download "$@")
    mkdir -p "$folder"
    for deb in "$debs"/*.deb; do dpkg -x "$deb" "$folder"; done
    rm -rf "$debs"
}

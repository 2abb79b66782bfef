# Sourced by the scripts that install what they need: Debian's packages, by apt.
build_packages=(build-essential autoconf automake pkg-config libevent-dev libssl-dev libyaml-dev libsystemd-dev
                libc-ares-dev libexpat1-dev libjansson-dev libcmocka-dev libseccomp-dev)

# Node.js as Debian packages it, unless this machine has another: the two exclude each other.
node_packages=()
command -v node >/dev/null && command -v npm >/dev/null || node_packages=(nodejs npm)

# install_packages NAME...: those that are missing, saying so; with sudo where that is needed.
install_packages() {
    local missing=() root=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || root=(sudo)
    echo "Installing ${missing[*]}"
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
}

# build_sagegate FOLDER [CONFIGURE-OPTION...] [-- MAKE-TARGET...]: out of tree.
build_sagegate() {
    local folder=$1 options=()
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    [ -d build-aux ] && [ configure -nt configure.ac ] || autoreconf -fi 2>/dev/null
    mkdir -p "$folder"
    [ -f "$folder/Makefile" ] || (cd "$folder" && "$OLDPWD/configure" --quiet "${options[@]}")
    echo "Building in $folder"
    make -s -C "$folder" -j"$(nproc)" "${@:2}"
}

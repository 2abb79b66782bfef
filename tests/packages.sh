# Sourced by the scripts that install what they need: Debian's packages, by apt.
build_packages=(build-essential autoconf automake pkg-config libevent-dev libssl-dev libyaml-dev libsystemd-dev
                libc-ares-dev libjansson-dev libcmocka-dev)

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

# build_sagegate FOLDER [CONFIGURE-OPTION...]: out of tree.
build_sagegate() {
    local folder=$1
    shift
    [ -x configure ] && [ configure -nt configure.ac ] || autoreconf -fi 2>/dev/null
    mkdir -p "$folder"
    [ -f "$folder/Makefile" ] || (cd "$folder" && "$OLDPWD/configure" --quiet "$@")
    echo "Building in $folder"
    make -s -C "$folder" -j"$(nproc)"
}

# The programs of the guides. Those of this service are real, and so is what speaks to it; what needs another machine, an account
# or hours is looked at as far as it can be without, and told as looked at (`tests/it/guides.rs` says why).
#
# BIN is the folder of the programs, LOOKED_AT a file of names.
set -euo pipefail

fault() {
    echo "in a guide: $*" >&2
    exit 1
}

looked_at() {
    echo "$1" >>"$LOOKED_AT"
}

# Whether all options after the words of a command are in its `--help`.
options() {
    local command=() help word
    while [ $# -gt 0 ] && [[ $1 != -* ]]; do
        command+=("$1")
        shift
    done
    help=$("${command[@]}" --help 2>&1) || fault "there is no command ${command[*]}"
    for word; do
        [[ $word != --* ]] || grep -qE -- "(^|[ ,])${word%%=*}([ =,[]|$)" <<<"$help" || fault "${command[*]} has no $word"
    done
}

# Whether what stands after an option is a file or a folder.
files() {
    local option=$1
    shift
    while [ $# -gt 0 ]; do
        [ "$1" != "$option" ] || [ -e "${2:-}" ] || fault "there is no ${2:-} for $option"
        shift
    done
}

curl() {
    command curl --fail-with-body "$@"
}

ai-evolution() {
    case ${1:-} in
    dev)
        looked_at ai-evolution-dev
        options "$BIN/ai-evolution" dev "${@:2}"
        ;;
    *) "$BIN/ai-evolution" "$@" ;;
    esac
}

ai-evolution-api() {
    case ${1:-} in
    key) "$BIN/ai-evolution-api" "$@" ;;
    *)
        looked_at ai-evolution-api
        options "$BIN/ai-evolution-api" "$@"
        ;;
    esac
}

ai-evolution-worker() {
    looked_at ai-evolution-worker
    options "$BIN/ai-evolution-worker" "$@"
}

cargo() {
    local word
    if [ "$1" = run ]; then
        shift $(($# > 1 ? 2 : 1))
        ai-evolution "${@:-dev}"
        return
    fi
    looked_at cargo
    while [ $# -gt 0 ]; do
        [ "$1" != -p ] || grep -rqx "name = \"$2\"" --include=Cargo.toml "$REPOSITORY"/{,crates/,tests/}*/Cargo.toml ||
            fault "there is no package $2"
        shift
    done
}

docker() {
    looked_at docker
    files -f "$@"
    local word previous=
    for word; do
        case $previous in
        --target) grep -q " AS $word\$" Dockerfile || fault "the Dockerfile has no $word" ;;
        --scale) grep -q "^  ${word%%=*}:\$" deploy/compose.yaml || fault "there is no service ${word%%=*}" ;;
        esac
        previous=$word
    done
}

kubectl() {
    looked_at kubectl
    files --filename "$@"
    files --kustomize "$@"
    local word
    for word; do
        case $word in
        deployment/*)
            grep -A3 "^kind: Deployment\$" deploy/kubernetes/*.yaml | grep -q "  name: ${word#*/}\$" || fault "there is no $word"
            ;;
        esac
    done
}

temporal() {
    looked_at temporal
    options "$("$BIN/ai-evolution" temporal-path)" "$@"
}

tcld() {
    looked_at tcld
}

pip() {
    looked_at pip
}

phoenix() {
    looked_at phoenix
}

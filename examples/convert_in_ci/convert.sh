#!/usr/bin/env bash
# Keep converted rules beside their sources.
#
#   convert.sh update RULES OUTPUT [TARGET...]    write OUTPUT/TARGET/...
#   convert.sh check  RULES OUTPUT [TARGET...]    write nothing; end with 1 if a rule is broken or loses something that
#                                                 ALLOW does not name, or if OUTPUT is not what `update` would write
#
# TARGET is sigma if none is named. ALLOW may hold losses to accept, such as "wider,L002".
set -euo pipefail

if [ $# -lt 3 ] || [[ $1 != update && $1 != check ]]; then
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
mode=$1 rules=$2 output=$3
shift 3
if [ $# -eq 0 ]; then set -- sigma; fi

# Always into a fresh folder, so that a file whose rule has gone is found, too.
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

status=0
for target in "$@"; do
    echo "== $target" >&2
    mkdir "$fresh/$target"
    sigma-kql convert "$rules" --to "$target" --output "$fresh/$target" ${ALLOW:+--allow "$ALLOW"} || status=1
    if [ "$mode" = check ]; then
        mkdir -p "$fresh/empty"
        committed=$output/$target
        if [ ! -d "$committed" ]; then committed=$fresh/empty; fi
        diff -ruN "$committed" "$fresh/$target" || status=1
    elif [ $status -eq 0 ]; then
        rm -rf "${output:?}/$target"
        mkdir -p "$output"
        mv "$fresh/$target" "$output/$target"
    fi
done
exit $status

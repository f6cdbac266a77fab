#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the built executables: install.sh, with PREFIX (/usr/local), LIBEXEC (PREFIX/libexec/understudy), UNITS (PREFIX/lib/systemd/system) and
# DESTDIR (none). The executables are in LIBEXEC, because other programs have names like `logger`; only `understudy` is on the path. They
# contain the Swift runtime, so the machine needs no toolchain. `install.sh uninstall` removes what was installed.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr/local}
libexec=${LIBEXEC:-$prefix/libexec/understudy}
units=${UNITS:-$prefix/lib/systemd/system}
root=${DESTDIR:-}
share=$root$prefix/share
executables="orchestrator imagegen clipper stitcher logger agent5 dashboard understudy"
built=.build/release

if [ "${1:-}" = uninstall ]; then
    rm -rf "$root$libexec"
    rm -f "$root$prefix/bin/understudy" "$share"/man/man1/understudy.1.gz "$share"/man/man1/understudy-*.1.gz \
        "$share/bash-completion/completions/understudy" "$share/zsh/vendor-completions/_understudy" \
        "$share/fish/vendor_completions.d/understudy.fish" \
        "$root$units"/understudy.target "$root$units"/understudy-*.service "$root$units/understudy-.service.d/10-common.conf"
    rmdir "$root$units/understudy-.service.d" 2>/dev/null || true
    exit 0
fi

for each in $executables; do
    [ -x "$built/$each" ] || { echo "install: $built/$each is missing: run make build" >&2; exit 1; }
done

install -d "$root$libexec" "$root$prefix/bin" "$root$units/understudy-.service.d" "$share/man/man1" \
    "$share/bash-completion/completions" "$share/zsh/vendor-completions" "$share/fish/vendor_completions.d"

for each in $executables; do
    install -m 755 -s "$built/$each" "$root$libexec/$each"
done
install -d "$root$libexec/understudy_Understudy.resources/Sample"
install -m 644 services/understudy/Sample/* "$root$libexec/understudy_Understudy.resources/Sample/"
ln -sfr "$root$libexec/understudy" "$root$prefix/bin/understudy"

for unit in compose/systemd/*.service compose/systemd/*.target; do
    sed "s|@libexec@|$libexec|" "$unit" > "$root$units/$(basename "$unit")"
    chmod 644 "$root$units/$(basename "$unit")"
done
install -m 644 compose/systemd/understudy-.service.d/10-common.conf "$root$units/understudy-.service.d/"

manual=$(mktemp -d)
trap 'rm -rf "$manual"' EXIT
python3 scripts/manual.py "$built/understudy" "$manual"
gzip -9n "$manual"/*.1
install -m 644 "$manual"/*.gz "$share/man/man1/"
"$built/understudy" --generate-completion-script bash | sed '1{/^#!/d}' > "$share/bash-completion/completions/understudy"
"$built/understudy" --generate-completion-script zsh > "$share/zsh/vendor-completions/_understudy"
"$built/understudy" --generate-completion-script fish > "$share/fish/vendor_completions.d/understudy.fish"

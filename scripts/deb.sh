#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a Debian package of the built executables: deb.sh [FOLDER]. The same build gives the same bytes. Prints the path of the package.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:-.build/deb}
version=$(.build/release/understudy --version | awk '{ print $NF }')
architecture=$(dpkg --print-architecture)
# Files in the package have the time of the last commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1767225600)}
export SOURCE_DATE_EPOCH LC_ALL=C.UTF-8

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
umask 022
install -d "$root/DEBIAN" "$root/etc/understudy" "$root/usr/share/doc/understudy" "$work/debian"
DESTDIR=$root PREFIX=/usr LIBEXEC=/usr/lib/understudy UNITS=/usr/lib/systemd/system scripts/install.sh
install -m 644 compose/systemd/understudy.env "$root/etc/understudy/understudy.env"
echo /etc/understudy/understudy.env > "$root/DEBIAN/conffiles"

cat > "$root/usr/share/doc/understudy/copyright" <<COPYRIGHT
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Understudy

Files: *
Copyright: 2026 The Understudy authors
 2014-2026 Apple Inc. and the Swift project authors
 Unicode, Inc.
License: Apache-2.0
 On Debian systems, the text of the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.
Comment:
 The executables contain the Swift runtime and its libraries, which are under the same license with the Runtime Library Exception,
 and the data of ICU, which is under the Unicode license.
COPYRIGHT
{
    echo "understudy ($version) unstable; urgency=medium"
    printf '\n  * Built from its sources.\n\n'
    echo " -- The Understudy authors <understudy@localhost>  $(date -uRd "@$SOURCE_DATE_EPOCH")"
} | gzip -9n > "$root/usr/share/doc/understudy/changelog.gz"

# The packages of the shared libraries that the executables are linked to.
printf 'Source: understudy\n\nPackage: understudy\nArchitecture: any\n' > "$work/debian/control"
libraries=$(cd "$work" && find root/usr/lib/understudy -maxdepth 1 -type f -printf '-e%p ' |
    xargs dpkg-shlibdeps -O 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
# In KiB, each file rounded up, as dpkg-gencontrol does. The blocks on disk that `du` counts are not the same for each copy.
installed=$(find "$root" -path "$root/DEBIAN" -prune -o -type f -printf '%s\n' -o -printf '1\n' |
    awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
cat > "$root/DEBIAN/control" <<CONTROL
Package: understudy
Version: $version
Architecture: $architecture
Maintainer: The Understudy authors <understudy@localhost>
Installed-Size: $installed
Depends: $libraries, fontconfig, fonts-noto-core
Recommends: fonts-noto-cjk, ca-certificates
Suggests: socat
Section: video
Priority: optional
Description: makes sure that the video gets made
 A pipeline asks its lead, an AI video generator, for a film of a storyboard.
 If the lead fails, hangs, runs out of credit or delivers a broken file,
 Understudy takes over in the same job: it draws a still for every segment,
 turns the stills into clips, adds the narration and stitches the film. Its
 services speak JSON-RPC over Unix domain sockets; systemd runs them as
 understudy.target.
CONTROL

(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
find "$root" -exec touch -hcd "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$out"
dpkg-deb --build --root-owner-group -Zzstd -z"${DPKG_DEB_COMPRESSOR_LEVEL:-9}" "$root" "$out/understudy_${version}_$architecture.deb" >/dev/null
echo "$out/understudy_${version}_$architecture.deb"

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs Debian packages into an image and removes everything else that this creates, but for apt's caches, which are mounts that all images
# of a build share. Changed files get the time SOURCE_DATE_EPOCH, so that the same packages make the same layer.
set -eu
touch /tmp/began
# Once for all images of a build.
if [ -z "$(find /var/cache/apt -name updated -mmin -30)" ]; then
    apt-get update -qq
    touch /var/cache/apt/updated
fi
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
rm -rf /var/lib/dpkg/*-old /var/cache/debconf/* /var/cache/fontconfig/* /var/cache/ldconfig /var/log/* \
    /usr/share/doc /usr/share/man
# The font cache contains the times of the font folders, so they are set before and after it is made.
settle() { find / -xdev -newer /tmp/began ! -path '/dev*' ! -path '/proc*' ! -path '/sys*' -exec touch -hcd "@$SOURCE_DATE_EPOCH" {} + || true; }
settle
if command -v fc-cache >/dev/null; then fc-cache -sf; fi
settle
rm /tmp/began
touch -hcd "@$SOURCE_DATE_EPOCH" /tmp

# SPDX-FileCopyrightText: The Strata authors
# SPDX-License-Identifier: Apache-2.0
#
# "image.sh DIR ARCH" writes DIR.tar, an image with the files of DIR, as docker
# saves it.
set -e
mkdir -p "$1"
tar --sort=name --owner=0 --group=0 --mode=u=rwX,go=rX --mtime=@0 -C "$1" -cf layer.tar .
id=$(sha256sum layer.tar | cut -d' ' -f1)
echo '{"architecture":"'"$2"'","os":"linux","config":{"Cmd":["/app"]},"rootfs":{"type":"layers","diff_ids":["sha256:'"$id"'"]}}' >config.json
echo '[{"Config":"config.json","RepoTags":["app:1"],"Layers":["layer.tar"]}]' >manifest.json
tar --mtime=@0 -cf "$1.tar" manifest.json config.json layer.tar
rm layer.tar config.json manifest.json

#!/bin/sh
# Builds the image for real, without Docker and without an image registry: buildah, on a base that is
# made here from this machine's Debian mirror and the node and npm that are installed.
#   sh test/image/build.sh <empty directory>
# leaves there: rootfs/ (the image, unpacked), config.json (its configuration), size
set -eu
cd "$(dirname "$0")/../.."
out=$1
base=$out/base
isolated() { buildah --root "$out/storage" --runroot "$out/run" --storage-driver vfs "$@"; }

# What the official image has, as far as the Dockerfile uses it.
echo "nstats: making the base"
. /etc/os-release
mirror=$(apt-get indextargets --format '$(SITE)' "Codename: $VERSION_CODENAME" | head -n 1)
debootstrap --variant=minbase --include=libatomic1 "$VERSION_CODENAME" "$base" "$mirror" \
  >"$out/debootstrap.log" || { tail -n 20 "$out/debootstrap.log" >&2; exit 1; }
install -D "$(realpath node_modules/.bin/node)" "$base/usr/local/bin/node"
mkdir -p "$base/usr/local/lib/node_modules"
cp -r "$(realpath "$(command -v npm)" | sed 's,/bin/npm-cli.js$,,')" "$base/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$base/usr/local/bin/npm"

# The build has the network that this machine has: its mirrors, its registry, whom it trusts.
cp -r /etc/apt/sources.list.d "$base/etc/apt/"
[ ! -e /etc/apt/sources.list ] || cp /etc/apt/sources.list "$base/etc/apt/"
cp -rn /etc/apt/apt.conf.d "$base/etc/apt/"
rm -f "$base"/etc/apt/apt.conf.d/*packagekit*
cp -rn /usr/share/keyrings "$base/usr/share/"
authorities=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
install -D "$authorities" "$base/etc/ssl/certs/ca-certificates.crt"
mkdir -p "$base/usr/local/etc"
printf 'registry=%s\ncafile=/etc/ssl/certs/ca-certificates.crt\nomit-lockfile-registry-resolved=true\n' \
  "$(npm config get registry 2>/dev/null)" >"$base/usr/local/etc/npmrc"

container=$(isolated from scratch)
isolated add --quiet "$container" "$base" / >/dev/null
isolated config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
isolated commit --quiet --rm "$container" localhost/base >/dev/null
rm -rf "$base"

echo "nstats: building the image"
version=$(node -p 'require("./package.json").version')
isolated build --isolation chroot --build-arg BASE=localhost/base --build-arg "VERSION=$version" \
  --tag "localhost/nstats:$version" . >"$out/build.log" 2>&1 ||
  { tail -n 40 "$out/build.log" >&2; exit 1; }
isolated inspect --type image "localhost/nstats:$version" >"$out/config.json"
isolated push --quiet "localhost/nstats:$version" "oci-archive:$out/image.tar"
container=$(isolated from "localhost/nstats:$version")
cp -a "$(isolated mount "$container")" "$out/rootfs"
isolated umount --all >/dev/null
rm -rf "$out/storage" "$out/run"
du -sm "$out/rootfs" | cut -f 1 >"$out/size"
echo "nstats: the image has $(cat "$out/size") MB, $(du -m "$out/image.tar" | cut -f 1) MB to pull"

#!/bin/sh
# Installs what is missing: npm packages from the lock file, and Debian packages where root may.
# Compiles lib/bpf, but not for unit tests, which go without, nor for the image, which has its own.
#   sh test/setup.sh unit|bpf|demo|test|bench|image
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/sbin:/sbin"

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "nstats: installing npm packages"
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

programs="clang:clang iftop:iftop ip:iproute2 nft:nftables openssl:openssl influxd:influxdb nsenter:util-linux setpriv:util-linux"
case "${1:-}" in
  unit) programs="openssl:openssl kubectl:kubernetes-client tmux:tmux" ;;
  bpf) programs="clang:clang" ;;
  test) programs="$programs bpftool:bpftool chromium:chromium kubectl:kubernetes-client tmux:tmux victoria-metrics:victoria-metrics" ;;
  bench) programs="$programs curl:curl iperf3:iperf3 python3:python3 bpftool:bpftool" ;;
  image) programs="$programs kubectl:kubernetes-client buildah:buildah crun:crun debootstrap:debootstrap" ;;
esac
packages=""
for entry in $programs; do
  command -v "${entry%%:*}" >/dev/null || packages="$packages ${entry#*:}"
done
if [ -n "$packages" ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "nstats: these Debian packages are missing:$packages" >&2
    echo "nstats: install them as root (apt-get install$packages) and try again" >&2
    exit 1
  fi
  echo "nstats: installing Debian packages:$packages"
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  # shellcheck disable=SC2086 # a list of packages
  if ! { apt-get update && apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "nstats: these Debian packages could not be installed:$packages" >&2
    exit 1
  fi
  rm -f "$log"
fi

# What Debian 12 has is too old for components and labels.
case "${1:-}" in
  unit | test | image)
    minor=$(kubectl version --client -o yaml | sed -n 's/.*gitVersion: v1\.\([0-9]*\).*/\1/p' | head -n 1)
    if [ "${minor:-0}" -lt 22 ]; then
      echo "nstats: the manifests need kubectl 1.22 or newer, this one is 1.${minor:-?}" >&2
      exit 1
    fi
    ;;
esac

case "${1:-}" in
  unit | image) ;;
  *) sh lib/bpf/build.sh ;;
esac

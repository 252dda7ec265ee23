#!/bin/sh
# Builds the image and tries it out; takes three to four minutes and 1 GB of disk. Needs root.
set -eu
cd "$(dirname "$0")/../.."
sh test/setup.sh image
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT INT TERM
sh test/image/build.sh "$out"
node test/lab/enter.ts test/image/run.ts "$out"

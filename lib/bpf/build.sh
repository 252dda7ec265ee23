#!/bin/sh
# Compiles the eBPF program and the helper that has it in it to lib/bpf/nstats-bpf, unless it is newer than its
# sources. Needs Debian's clang. CFLAGS are for the helper, as in CFLAGS=-fsanitize=address.
set -eu
cd "$(dirname "$0")"
if [ -e nstats-bpf ] && [ -z "$(find ./*.c ./*.h build.sh -newer nstats-bpf)" ]; then exit; fi
# asm/types.h is of the machine, and clang's target bpf knows of none.
clang -target bpf -O2 -Wall -Wextra -idirafter "/usr/include/$(uname -m)-linux-gnu" -c counter.bpf.c -o counter.bpf.o
# shellcheck disable=SC2086 # a list of flags
clang -O2 -Wall -Wextra -s ${CFLAGS:-} helper.c flows.c pods.c frames.c loader.c -o nstats-bpf

#!/bin/sh
# Compiles the eBPF program and the helper that has it in it to lib/bpf/nstats-bpf, unless it is newer than its
# sources. Needs Debian's clang.
set -eu
cd "$(dirname "$0")"
if [ -e nstats-bpf ] && [ -z "$(find ./*.c ./*.h build.sh -newer nstats-bpf)" ]; then exit; fi
# asm/types.h is of the machine, and clang's target bpf knows of none.
clang -target bpf -O2 -Wall -Wextra -idirafter "/usr/include/$(uname -m)-linux-gnu" -c counter.bpf.c -o counter.bpf.o
clang -O2 -Wall -Wextra -s helper.c flows.c pods.c frames.c loader.c -o nstats-bpf

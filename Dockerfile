# The image of nstats: node, iftop, the few programs that start it, the helper of lib/bpf, and the daemon,
# bundled. Nothing else: no package manager, no compiler, no shell tools but sh itself.
#
#   docker build -t nstats .
#   docker run --rm nstats --help

# Any image of Debian with node and npm in /usr/local/bin; for every platform that it is there for.
ARG BASE=node:26-trixie-slim

FROM ${BASE} AS bundle
WORKDIR /nstats
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY lib lib
COPY daemon daemon
COPY manifests/image manifests/image
RUN npm run bundle

FROM ${BASE} AS programs
RUN apt-get update && apt-get install -y --no-install-recommends binutils iftop
# The programs, the libraries they are linked with, and the licence and package entry of each, by
# which scanners of vulnerabilities know what is in the image.
RUN set -eu; \
    mkdir -p /image/usr/bin /image/usr/sbin /image/usr/lib /image/usr/lib64 /image/etc \
      /image/var/lib/dpkg/status.d; \
    install -d -m 1777 /image/tmp; \
    for directory in bin sbin lib lib64; do ln -s "usr/$directory" "/image/$directory"; done; \
    programs=$(dpkg -L coreutils | grep 'libstdbuf\.so$'); \
    for name in node iftop nice nsenter setpriv stdbuf sh; do \
      program=$(command -v "$name"); \
      programs="$programs $program"; \
    done; \
    ldd $programs >/tmp/ldd; \
    if grep 'not found' /tmp/ldd; then exit 1; fi; \
    for file in $programs $(grep -o '/[^ :]* (0x' /tmp/ldd | cut -d ' ' -f 1 | sort -u); do \
      cp -L --parents "$file" /image; \
      package=$(dpkg -S "$(realpath "$file")" "$file" 2>/dev/null | head -n 1 | cut -d : -f 1); \
      [ -n "$package" ] || continue; \
      dpkg-query -s "$package" >"/image/var/lib/dpkg/status.d/$package"; \
      cp -L --parents "/usr/share/doc/$package/copyright" /image; \
    done; \
    cp -L --parents /etc/passwd /etc/group /etc/nsswitch.conf /etc/os-release /image; \
    strip "/image$(command -v node)"

FROM ${BASE} AS bpf
# libc6-dev has the headers of the kernel too.
RUN apt-get update && apt-get install -y --no-install-recommends clang libc6-dev
COPY lib/bpf /bpf
RUN sh /bpf/build.sh

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="nstats" \
      org.opencontainers.image.description="Where is this pod's bandwidth going? Per-pod, per-peer traffic of a Kubernetes cluster, written to InfluxDB." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# DEP0169: the InfluxDB client calls url.parse(), of which Node would warn outside of node_modules.
# The others save memory (docs/decisions/memory.md).
ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin NODE_ENV=production \
    NODE_OPTIONS="--disable-warning=DEP0169 --expose-gc --max-semi-space-size=2"
WORKDIR /nstats
COPY --from=programs /image /
COPY --from=bundle /nstats/dist .
# It needs libc only, which node brings.
COPY --from=bpf /bpf/nstats-bpf .
COPY LICENSE package.json ./
# Entering namespaces takes root and capabilities, which the manifests ask for by name. Whoever runs
# the image without them has no rights at all.
USER 65534:65534
EXPOSE 9790
ENTRYPOINT ["node", "nstats.js"]

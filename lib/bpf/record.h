/* What the program counts and the helper prints: a record is a key and a count, 72 bytes, little-endian. */
#ifndef RECORD_H
#define RECORD_H

#include <linux/types.h>

enum kind {
	/* Packets between two addresses. */
	FLOW,
	/* Packets that are neither IPv4 nor IPv6, or end within their header. */
	NOT_IP,
	/* Packets of flows for which there was no room. */
	FULL,
	/* How many flows the pod has, in sent_packets, or ALL_PODS have. */
	FLOWS,
	KINDS
};

#define ALL_PODS 0xffffffff

struct key {
	__u32 pod;
	/* Both are 0 unless ports are counted, and of a kind other than FLOW. */
	__u16 port;
	__u8 protocol;
	__u8 kind;
	/* In network byte order, IPv4 as ::ffff:a.b.c.d; 0 in a kind other than FLOW. */
	__u8 local[16];
	__u8 remote[16];
};

/* Bytes are those of the packet from its IP header on. */
struct count {
	__u64 sent_bytes;
	__u64 sent_packets;
	__u64 received_bytes;
	__u64 received_packets;
};

/* The bitmap of declared ports: a bit for each port of TCP, UDP and SCTP, in words of 64. */
#define PORT_WORDS 1024
#define PORT_PROTOCOLS 3

#endif

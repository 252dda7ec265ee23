/*
 * Counts the packets of one pod by local and remote address. A filter of a packet socket: it sees what passes the
 * interface that the socket is bound to, in both directions, and keeps nothing of it for the socket.
 *
 * Each packet is counted once: in its flow, or as FULL if the flow has no room, or as NOT_IP. All records are in the
 * map that `flows` holds at the moment; the helper puts an empty one in its place and reads the other at rest.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/in6.h>
#include "record.h"

#define INLINE static inline __attribute__((always_inline))

/* Linux gives clients ports from here on (net.ipv4.ip_local_port_range). */
#define FIRST_EPHEMERAL 32768

static void *(*const lookup)(const void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static long (*const update)(const void *map, const void *key, const void *value, __u64 flags) =
	(void *)BPF_FUNC_map_update_elem;
static long (*const load)(const void *skb, __u32 offset, void *to, __u32 size) = (void *)BPF_FUNC_skb_load_bytes;

/* The helper links these: two maps, and numbers that are the addresses of their symbols. */
extern char flows, declared;
extern char POD, MAX_FLOWS, FLOWS_PER_POD, PORTS;

INLINE __u64 number(const char *symbol)
{
	/* Otherwise the compiler takes for granted that an address is not 0. */
	asm volatile("" : "+r"(symbol));
	return (__u64)symbol;
}

INLINE int is_declared(int protocol, __u16 port)
{
	__u32 at = protocol == IPPROTO_TCP ? 0 : protocol == IPPROTO_UDP ? PORT_WORDS : 2 * PORT_WORDS;
	__u64 *word;

	at += port / 64;
	word = lookup(&declared, &at);
	return word && *word >> port % 64 & 1;
}

/*
 * The port that tells what the traffic is for, of the two that a packet has: the declared one, or else the lower one.
 * 0 if that is one of those that clients get: otherwise each connection would be a flow of its own.
 */
INLINE __u16 listening(int protocol, __u16 a, __u16 b)
{
	int a_declared = is_declared(protocol, a), b_declared = is_declared(protocol, b);
	__u16 lower = a < b ? a : b;

	if (a_declared != b_declared)
		return a_declared ? a : b;
	return a_declared || lower < FIRST_EPHEMERAL ? lower : 0;
}

INLINE void add_port(struct __sk_buff *skb, struct key *key, __u32 offset)
{
	__u16 ports[2];

	if (key->protocol != IPPROTO_TCP && key->protocol != IPPROTO_UDP && key->protocol != IPPROTO_SCTP)
		return;
	if (load(skb, offset, ports, sizeof(ports)) == 0)
		key->port = listening(key->protocol, __builtin_bswap16(ports[0]), __builtin_bswap16(ports[1]));
}

/* All fragments of a packet have port 0, as only the first has the ports. */
INLINE void add_port4(struct __sk_buff *skb, struct key *key, const __u8 *header)
{
	key->protocol = header[9];
	if (((header[6] & 0x3f) | header[7]) == 0)
		add_port(skb, key, (header[0] & 15) * 4);
}

INLINE void add_port6(struct __sk_buff *skb, struct key *key, const __u8 *header)
{
	key->protocol = header[6];
	if (key->protocol == IPPROTO_FRAGMENT)
		load(skb, 40, &key->protocol, 1);
	else
		add_port(skb, key, 40);
}

/* `from` is the source, with the destination behind it. */
INLINE void add_addresses(struct key *key, int is_sent, const __u8 *from, __u32 size)
{
	__u8 *local = key->local + 16 - size, *remote = key->remote + 16 - size;
	const __u8 *to = from + size;

	__builtin_memcpy(local, is_sent ? from : to, size);
	__builtin_memcpy(remote, is_sent ? to : from, size);
}

INLINE int add_ip(struct __sk_buff *skb, struct key *key, int is_sent)
{
	/* Of words, so that addresses can be copied as such. */
	__u64 words[5];
	const __u8 *header = (const __u8 *)words;

	switch (__builtin_bswap16(skb->protocol)) {
	case ETH_P_IP:
		if (load(skb, 0, words, 20) < 0)
			return -1;
		key->local[10] = key->local[11] = key->remote[10] = key->remote[11] = 0xff;
		add_addresses(key, is_sent, header + 12, 4);
		if (number(&PORTS))
			add_port4(skb, key, header);
		return 0;
	case ETH_P_IPV6:
		if (load(skb, 0, words, 40) < 0)
			return -1;
		add_addresses(key, is_sent, header + 8, 16);
		if (number(&PORTS))
			add_port6(skb, key, header);
		return 0;
	default:
		return -1;
	}
}

INLINE struct count *find_reserved(void *map, __u32 pod, int kind)
{
	struct key key = { .pod = pod, .kind = kind };

	return lookup(map, &key);
}

/* Makes room for a flow, unless the pod has as many as it may have, or all of them have. */
INLINE struct count *create_flow(void *map, const struct key *key)
{
	struct count *of_pod = find_reserved(map, number(&POD), FLOWS);
	struct count *of_all = find_reserved(map, ALL_PODS, FLOWS), zero = {};

	if (!of_pod || of_pod->sent_packets >= number(&FLOWS_PER_POD))
		return 0;
	if (!of_all || of_all->sent_packets >= number(&MAX_FLOWS))
		return 0;
	/* Another CPU may create it at the same time. */
	if (update(map, key, &zero, BPF_NOEXIST) == 0) {
		__sync_fetch_and_add(&of_pod->sent_packets, 1);
		__sync_fetch_and_add(&of_all->sent_packets, 1);
	}
	return lookup(map, key);
}

__attribute__((section("socket"), used)) int count_packet(struct __sk_buff *skb)
{
	struct key key = { .pod = number(&POD) };
	int is_sent = skb->pkt_type == PACKET_OUTGOING;
	struct count *count;
	__u32 zero = 0;
	void *map = lookup(&flows, &zero);

	if (!map)
		return 0;
	if (add_ip(skb, &key, is_sent) < 0) {
		count = find_reserved(map, number(&POD), NOT_IP);
	} else {
		count = lookup(map, &key);
		if (!count)
			count = create_flow(map, &key);
		if (!count)
			count = find_reserved(map, number(&POD), FULL);
	}
	if (!count)
		return 0;
	if (is_sent) {
		__sync_fetch_and_add(&count->sent_bytes, skb->len);
		__sync_fetch_and_add(&count->sent_packets, 1);
	} else {
		__sync_fetch_and_add(&count->received_bytes, skb->len);
		__sync_fetch_and_add(&count->received_packets, 1);
	}
	return 0;
}

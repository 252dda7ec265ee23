#include "flows.h"
#include <errno.h>
#include <time.h>
#include "frames.h"
#include "kernel.h"
#include "loader.h"
#include "record.h"

/* More entries than any bucket of a map can have. */
#define BATCH 4096

struct record {
	struct key key;
	struct count count;
};

static struct flow_options options;
/* Programs count into one of the two, which is the only entry of `flows`; the other one is empty. */
static int maps[2], current, flows, declared;
static unsigned char is_reserved[MAX_PODS];

int load_counter(__u32 pod)
{
	const struct symbol symbols[] = {
		{ "flows", 1, flows },
		{ "declared", 1, declared },
		{ "POD", 0, pod },
		{ "MAX_FLOWS", 0, options.flows },
		{ "FLOWS_PER_POD", 0, options.flows_per_pod },
		{ "PORTS", 0, options.has_ports },
		{ NULL, 0, 0 },
	};

	return load_program(symbols);
}

static int set_zero(int map, __u32 pod, int kind)
{
	struct key key = { .pod = pod, .kind = kind };
	struct count zero = { 0 };

	return update_map(map, &key, &zero);
}

static int reserve_in(int map, __u32 pod)
{
	for (int kind = NOT_IP; kind < KINDS; kind++)
		if (set_zero(map, pod, kind) < 0)
			return -1;
	return 0;
}

int reserve(__u32 pod)
{
	is_reserved[pod] = 1;
	return reserve_in(maps[0], pod) < 0 ? -1 : reserve_in(maps[1], pod);
}

void release(__u32 pod)
{
	is_reserved[pod] = 0;
}

/* Puts into an empty map what programs expect to find there. */
static void prepare(int map)
{
	if (set_zero(map, ALL_PODS, FLOWS) < 0)
		die("prepare a flow map");
	for (__u32 pod = 0; pod < MAX_PODS; pod++)
		if (is_reserved[pod] && reserve_in(map, pod) < 0)
			die("prepare a flow map");
}

/* Prints all records of a map that no program counts into, and removes them. */
static void empty(int map)
{
	static struct key keys[BATCH];
	static struct count counts[BATCH];
	static struct record records[BATCH];
	int begun = 0, result;
	__u64 at = 0;

	do {
		__u32 count = BATCH, used = 0;

		result = take_batch(map, &at, &begun, keys, counts, &count);
		/* The last entries come with ENOENT. */
		if (result < 0 && errno != ENOENT)
			die("read the flows");
		for (__u32 nth = 0; nth < count; nth++)
			if (counts[nth].sent_packets | counts[nth].received_packets)
				records[used++] = (struct record){ keys[nth], counts[nth] };
		if (used > 0)
			send_frame(RECORDS, records, used * sizeof(*records));
	} while (result == 0);
}

void drain_flows(void)
{
	int full = maps[current];
	struct timespec now;
	__u64 nanoseconds;
	__u32 zero = 0;

	current = !current;
	clock_gettime(CLOCK_MONOTONIC, &now);
	/* Returns when no program counts into the other one any more. */
	if (update_map(flows, &zero, &maps[current]) < 0)
		die("replace the flow map");
	empty(full);
	prepare(full);
	nanoseconds = now.tv_sec * 1000000000ull + now.tv_nsec;
	send_frame(DRAINED, &nanoseconds, sizeof(nanoseconds));
}

int declare_port(int protocol, __u16 port, int is_on)
{
	static __u64 words[PORT_PROTOCOLS * PORT_WORDS];
	__u32 at = protocol * PORT_WORDS + port / 64;
	__u64 bit = 1ull << port % 64;

	words[at] = is_on ? words[at] | bit : words[at] & ~bit;
	return update_map(declared, &at, &words[at]);
}

/* What is not allowed here is known at once. */
static void try_all(void)
{
	int program = load_counter(0);

	if (program < 0)
		die(*verifier_log ? verifier_log : "load the program");
	close(program);
	empty(maps[0]);
}

void create_flows(const struct flow_options *wanted)
{
	/* What is reserved comes on top. */
	int entries = wanted->flows + MAX_PODS * (KINDS - NOT_IP) + 1;

	options = *wanted;
	for (int nth = 0; nth < 2; nth++) {
		maps[nth] = create_map(BPF_MAP_TYPE_HASH, sizeof(struct key), sizeof(struct count), entries, 0);
		if (maps[nth] < 0)
			die("create a flow map");
	}
	flows = create_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, sizeof(__u32), sizeof(__u32), 1, maps[0]);
	declared = create_map(BPF_MAP_TYPE_ARRAY, sizeof(__u32), sizeof(__u64), PORT_PROTOCOLS * PORT_WORDS, 0);
	if (flows < 0 || declared < 0)
		die("create a map");
	try_all();
	for (int nth = 0; nth < 2; nth++)
		prepare(maps[nth]);
	if (update_map(flows, &(__u32){ 0 }, &maps[current]) < 0)
		die("set the flow map");
}

/* The maps that the programs count into. */
#ifndef FLOWS_H
#define FLOWS_H

#include <linux/types.h>

#define MAX_PODS 1024
#define MOST_FLOWS (1 << 20)

struct flow_options {
	/* Of all pods together, and of one of them, in the time between two drains. */
	__u64 flows, flows_per_pod;
	__u64 has_ports;
};

/* Creates the maps, and tries whether programs can be loaded and flows be read, or dies. */
void create_flows(const struct flow_options *options);
/* Loads the program that counts for a pod: returns its descriptor, or -1 with errno. */
int load_counter(__u32 pod);
/* Keeps room for what is not a flow of a pod, from before it is counted until after it has ended. */
int reserve(__u32 pod);
void release(__u32 pod);
/* `protocol` is the place of its ports in the bitmap. */
int declare_port(int protocol, __u16 port, int is_on);
/* Prints all that was counted since the last time. */
void drain_flows(void);

#endif

/* bpf(2), as far as the helper needs it. Each function returns -1 and sets errno if the kernel refuses. */
#ifndef KERNEL_H
#define KERNEL_H

#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ADDRESS(pointer) ((__u64)(unsigned long)(pointer))

static inline long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* `inner` is the model of the maps in it for an array of maps, otherwise it is ignored. */
static inline int create_map(int type, int key_size, int value_size, int entries, int inner)
{
	union bpf_attr attr = { 0 };

	attr.map_type = type;
	attr.key_size = key_size;
	attr.value_size = value_size;
	attr.max_entries = entries;
	attr.inner_map_fd = type == BPF_MAP_TYPE_ARRAY_OF_MAPS ? inner : 0;
	return bpf(BPF_MAP_CREATE, &attr);
}

static inline int update_map(int map, const void *key, const void *value)
{
	union bpf_attr attr = { 0 };

	attr.map_fd = map;
	attr.key = ADDRESS(key);
	attr.value = ADDRESS(value);
	return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

/*
 * Moves up to `*count` entries out of a map and sets `*count`. `at` is where to go on: 0 in `*begun` for the first call.
 * ENOENT says that these were the last ones.
 */
static inline int take_batch(int map, __u64 *at, int *begun, void *keys, void *values, __u32 *count)
{
	union bpf_attr attr = { 0 };
	long result;

	attr.batch.map_fd = map;
	attr.batch.in_batch = *begun ? ADDRESS(at) : 0;
	attr.batch.out_batch = ADDRESS(at);
	attr.batch.keys = ADDRESS(keys);
	attr.batch.values = ADDRESS(values);
	attr.batch.count = *count;
	result = bpf(BPF_MAP_LOOKUP_AND_DELETE_BATCH, &attr);
	*begun = 1;
	*count = attr.batch.count;
	return result;
}

#endif

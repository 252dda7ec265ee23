/* Loads the compiled counter.bpf.c, which is part of the helper. */
#ifndef LOADER_H
#define LOADER_H

#include <linux/types.h>

/* What the program declares as extern: a map by its descriptor, or a number. The last one has no name. */
struct symbol {
	const char *name;
	int is_map;
	__u64 value;
};

/* What the kernel's verifier says of a program that it refuses. */
extern char verifier_log[4096];

/* Returns the program's descriptor, or -1 with errno. */
int load_program(const struct symbol *symbols);

#endif

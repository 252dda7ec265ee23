/* The pods whose packets are counted, by numbers below MAX_PODS: each by a packet socket in its network namespace. */
#ifndef PODS_H
#define PODS_H

#include <linux/types.h>

/* Readable when an interface has gone: then `end_failed` is to be called. */
int open_pods(void);
/* `process` is a number or `self`, whose namespace is the helper's own. Prints ATTACHED or ENDED. */
void attach(__u32 pod, const char *process, __u64 inode, const char *interface);
/* Prints ENDED, unless it has ended. */
void detach(__u32 pod);
void end_failed(void);
/* The ended ones have been drained: their numbers are free again. */
void forget_ended(void);

#endif

/* What the helper prints: frames of a type, the length of what follows, and that. */
#ifndef FRAMES_H
#define FRAMES_H

#include <linux/types.h>

enum frame {
	/* Commands are obeyed from now on. Empty. */
	READY = 1,
	/* The number of a pod whose packets are counted from now on, and its /proc/net/dev just before. */
	ATTACHED,
	/* The number of a pod whose packets are counted no more, errno (0: as it was told), the step that failed. */
	ENDED,
	/* Records, as in record.h. */
	RECORDS,
	/* The end of the records of a drain: when they were closed, in nanoseconds of CLOCK_MONOTONIC. */
	DRAINED,
	/* The helper's end: 0, errno (0: what it was told made no sense), the step that failed. */
	FATAL
};

void send_frame(enum frame type, const void *data, __u32 size);
void send_end(enum frame type, __u32 pod, int error, const char *step);

/* The helper cannot go on: says so, by errno, and exits. */
void die(const char *step) __attribute__((noreturn));
/* The same for a command that makes no sense. */
void refuse(const char *what) __attribute__((noreturn));

#endif

#define _GNU_SOURCE
#include "pods.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "flows.h"
#include "frames.h"

static struct {
	enum { FREE, COUNTED, OVER } state;
	int socket;
} pods[MAX_PODS];
static int own_namespace, events;

int open_pods(void)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("open a packet socket");
	close(fd);
	own_namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	events = epoll_create1(EPOLL_CLOEXEC);
	if (own_namespace < 0 || events < 0)
		die("open its own network namespace");
	return events;
}

/* Returns a descriptor, or -1 with errno. */
static int open_namespace(const char *process, __u64 inode)
{
	struct stat status;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/ns/net", process);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (fstat(fd, &status) == 0 && status.st_ino == inode))
		return fd;
	close(fd);
	errno = ESRCH;
	return -1;
}

/* What is printed of a pod that is attached. */
static struct {
	__u32 pod;
	char counters[64 * 1024];
} attached;
static size_t counters_size;

/* The counters of the namespace's interfaces at this moment; none if they cannot be read. */
static void read_counters(void)
{
	int fd = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
	ssize_t count = 0;

	counters_size = 0;
	do
		counters_size += count;
	while ((count = read(fd, attached.counters + counters_size,
			     sizeof(attached.counters) - counters_size)) > 0);
	close(fd);
}

/*
 * Returns the step that failed. The socket sees nothing before it is bound, and from then on the program sees all: what
 * the counters have by then is not counted.
 */
static const char *count_at(const char *interface, int fd, int program)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)) < 0)
		return "attach the program";
	address.sll_ifindex = if_nametoindex(interface);
	if (address.sll_ifindex == 0)
		return "find the interface";
	read_counters();
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? "bind to the interface" : NULL;
}

/* Opens a socket in a network namespace, or in the helper's own if that is -1. Returns the step that failed. */
static const char *open_socket(__u32 pod, int namespace, const char *interface)
{
	struct epoll_event event = { .events = 0, .data.u32 = pod };
	int program = load_counter(pod), error;
	const char *failed = NULL;

	if (program < 0)
		return "load the program";
	if (namespace >= 0 && setns(namespace, CLONE_NEWNET) < 0) {
		failed = "enter the network namespace";
	} else {
		pods[pod].socket = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		failed = pods[pod].socket < 0 ? "open a packet socket"
					      : count_at(interface, pods[pod].socket, program);
	}
	error = errno;
	if (namespace >= 0 && setns(own_namespace, CLONE_NEWNET) < 0)
		die("return to its own network namespace");
	/* The socket holds it. */
	close(program);
	errno = error;
	/* It is told of errors without asking. */
	if (!failed && epoll_ctl(events, EPOLL_CTL_ADD, pods[pod].socket, &event) < 0)
		failed = "wait for the interface's end";
	return failed;
}

/* What was counted until then comes with the next drain. */
static void end(__u32 pod, int error, const char *step)
{
	/* Waits until the program does not run any more. The socket would keep the namespace alive. */
	if (pods[pod].socket >= 0)
		close(pods[pod].socket);
	pods[pod].state = OVER;
	release(pod);
	send_end(ENDED, pod, error, step);
}

void attach(__u32 pod, const char *process, __u64 inode, const char *interface)
{
	int is_own = strcmp(process, "self") == 0;
	int namespace = is_own ? -1 : open_namespace(process, inode);
	const char *failed;

	if (pods[pod].state != FREE)
		refuse("the number of the pod is in use");
	pods[pod].socket = -1;
	if (!is_own && namespace < 0)
		failed = "open the network namespace";
	else if (reserve(pod) < 0)
		failed = "reserve its records";
	else
		failed = open_socket(pod, namespace, interface);
	if (failed)
		end(pod, errno, failed);
	if (namespace >= 0)
		close(namespace);
	if (failed)
		return;
	pods[pod].state = COUNTED;
	attached.pod = pod;
	send_frame(ATTACHED, &attached, sizeof(attached.pod) + counters_size);
}

void detach(__u32 pod)
{
	if (pods[pod].state == COUNTED)
		end(pod, 0, "detach");
}

void end_failed(void)
{
	struct epoll_event failed[64];
	int count = epoll_wait(events, failed, 64, 0);

	for (int nth = 0; nth < count; nth++) {
		__u32 pod = failed[nth].data.u32;
		socklen_t size = sizeof(int);
		int error = 0;

		getsockopt(pods[pod].socket, SOL_SOCKET, SO_ERROR, &error, &size);
		end(pod, error, "count at the interface");
	}
}

void forget_ended(void)
{
	for (int pod = 0; pod < MAX_PODS; pod++)
		if (pods[pod].state == OVER)
			pods[pod].state = FREE;
}

/*
 * Counts the traffic of pods in the kernel: nstats-bpf <flows> <flows of one pod> <ports|no-ports>
 *
 * Commands come on stdin, a line each; what is printed is in frames.h.
 *
 *   attach <pod> <process> <inode> <interface>   counts an interface in the network namespace of a process, which must
 *                                                have this inode; `self 0` is the helper's own.  => ATTACHED or ENDED
 *   detach <pod>                                 => ENDED, unless it has ended
 *   port <tcp|udp|sctp> <port> <on|off>          something is declared to listen there
 *   drain                                        what was counted since the last drain  => RECORDS, ..., DRAINED
 *
 * <pod> is a number below MAX_PODS, which is free again after the first drain behind ENDED. The helper ends with its
 * stdin, with its parent, and with FATAL: a command that it does not understand is no command of the agent.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "flows.h"
#include "frames.h"
#include "pods.h"

#define MAX_LINE 128
#define MAX_WORDS 6
/* The helper's user and group where it begins as root: the first one behind those of lib/linux/netns-exec.ts. */
#define USER 65520

/* Gives up all rights but those to enter namespaces, to open packet sockets there, and to load programs. */
static void drop_rights(void)
{
	const __u64 kept = 1ull << CAP_SYS_ADMIN | 1ull << CAP_SYS_PTRACE | 1ull << CAP_NET_RAW |
			   1ull << CAP_BPF | 1ull << CAP_PERFMON;
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	/* Where the agent may not change its user, as in a sidecar, the helper keeps it. */
	if (setgroups(0, NULL) == 0 && setresgid(USER, USER, USER) == 0)
		(void)!setresuid(USER, USER, USER);
	if (syscall(SYS_capget, &header, data) < 0)
		die("read its capabilities");
	for (int nth = 0; nth < 2; nth++) {
		data[nth].permitted &= kept >> 32 * nth;
		data[nth].effective = data[nth].permitted;
		data[nth].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die("give up capabilities");
	/* A change of the user undoes this, so it comes last. A parent that has died before shows by the end of stdin. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

static __u64 number_in(const char *word, __u64 below)
{
	__u64 number = 0;

	if (!*word)
		refuse("malformed number");
	for (; *word; word++) {
		if (*word < '0' || *word > '9')
			refuse("malformed number");
		number = number * 10 + (*word - '0');
		if (number >= below)
			refuse("number out of range");
	}
	return number;
}

/* The place of a word in a list that ends with NULL. */
static int place_of(const char *word, const char *const *list)
{
	for (int nth = 0; list[nth]; nth++)
		if (strcmp(word, list[nth]) == 0)
			return nth;
	refuse("unknown word");
}

static void obey_attach(char *const *words)
{
	__u32 pod = number_in(words[1], MAX_PODS);
	__u64 inode = number_in(words[3], UINT64_MAX / 16);

	if (strcmp(words[2], "self") != 0)
		number_in(words[2], INT32_MAX);
	if (!*words[4] || strlen(words[4]) >= IFNAMSIZ)
		refuse("malformed interface");
	attach(pod, words[2], inode, words[4]);
}

static void obey_port(char *const *words)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp", NULL };
	static const char *const states[] = { "off", "on", NULL };
	int protocol = place_of(words[1], protocols);
	__u16 port = number_in(words[2], UINT16_MAX + 1);

	if (declare_port(protocol, port, place_of(words[3], states)) < 0)
		die("declare a port");
}

static void obey(char *line)
{
	char *words[MAX_WORDS];
	int count = 0;

	while (count < MAX_WORDS && (words[count] = strsep(&line, " ")))
		count++;
	if (strcmp(words[0], "attach") == 0 && count == 5) {
		obey_attach(words);
	} else if (strcmp(words[0], "detach") == 0 && count == 2) {
		detach(number_in(words[1], MAX_PODS));
	} else if (strcmp(words[0], "port") == 0 && count == 4) {
		obey_port(words);
	} else if (strcmp(words[0], "drain") == 0 && count == 1) {
		drain_flows();
		forget_ended();
	} else {
		refuse("malformed command");
	}
}

/* Reads what is there of stdin, and obeys its whole lines. */
static void read_commands(void)
{
	static char text[16 * MAX_LINE];
	static size_t used;
	ssize_t count = read(STDIN_FILENO, text + used, sizeof(text) - used);
	char *line = text, *end;

	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (count <= 0)
		exit(0);
	used += count;
	while ((end = memchr(line, '\n', text + used - line))) {
		*end = 0;
		if (end - line >= MAX_LINE || strlen(line) != (size_t)(end - line))
			refuse("malformed command");
		obey(line);
		line = end + 1;
	}
	used -= line - text;
	if (used >= MAX_LINE)
		refuse("malformed command");
	memmove(text, line, used);
}

int main(int argc, char **argv)
{
	static const char *const ports[] = { "no-ports", "ports", NULL };
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY }, files;
	struct pollfd waited[2] = { { STDIN_FILENO, POLLIN, 0 }, { -1, POLLIN, 0 } };
	struct flow_options options;

	if (argc != 4)
		refuse("malformed command line");
	options.flows = number_in(argv[1], MOST_FLOWS + 1);
	options.flows_per_pod = number_in(argv[2], MOST_FLOWS + 1);
	options.has_ports = place_of(argv[3], ports);
	/* A signal to the agent and all that it started is for the agent, which drains before it ends. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	/* Before Linux 5.11 maps are locked memory. Where the limit may not be raised it may be enough. */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	/* A socket for each pod. */
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	drop_rights();
	create_flows(&options);
	waited[1].fd = open_pods();
	send_frame(READY, NULL, 0);
	for (;;) {
		if (poll(waited, 2, -1) < 0 && errno != EINTR)
			die("wait for commands");
		if (waited[1].revents)
			end_failed();
		if (waited[0].revents)
			read_commands();
	}
}

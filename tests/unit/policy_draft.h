/* SPDX-License-Identifier: ISC */
#ifndef TG_POLICY_DRAFT_H
#define TG_POLICY_DRAFT_H

/*
 * Policies made of a few words each, so that their rules meet, from a seed that
 * is always the same; and calls for them.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MAX_LINES = 12, LINE = 512 };

static uint64_t seed;

static unsigned
pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

#define PICK(array)	(array)[pick(sizeof(array) / sizeof((array)[0]))]

/* Small enough that rules meet. */
static const char *const actions[] = { "allow", "allow", "allow", "allow", "ask", "deny", "deny ENOENT", "trap", "kill" };
static const char *const gifts[] = { "allow" };
static const char *const refusals[] = { "ask", "deny", "deny ENOENT", "trap", "kill" };
static const char *const flags[] = { "", "", "", " log", " quiet" };
static const char *const path_rights[] = { "read", "write", "read,write", "stat", "exec", "create,delete" };
static const char *const paths[] = {
	"/**", "/a/**", "/a/*", "/a", "/a/b", "/a/?", "/a/[a-m]", "/a/{b,c}", "/a/b/**", "/a/**/c", "/lib/**", "/l*",
};
static const char *const addr_rights[] = { "connect", "send", "connect,bind" };
static const char *const addrs[] = {
	"any", "unix", "inet", "unix:/a/**", "unix:/a/b", "abstract:*", "abstract:x", "inet:10.0.0.0/8", "inet:*:80",
	"inet:10.1.0.0/16:1-100", "inet:10.1.2.3:80", "inet6", "inet6:[fd00::]/8",
};
static const char *const families[] = { "any", "inet", "unix", "inet6" };
static const char *const procs[] = { "self", "tree", "any" };
static const char *const calls[] = {
	"getpid", "close", "close if fd == 1", "close if fd > 0", "close if fd > 0 and fd < 3", "fcntl",
	"fcntl if cmd == 1", "fcntl64", "openat", "openat if flags has O_CREAT", "connect", "kill if sig in 9, 15",
	"close if not (fd == 1 or fd == 2)",
};
static const char *const conditions[] = {
	"", "", "", " if process.uid == 0", " if process.uid == 0 and process.gid != 7", " if not process.uid == 0",
	" if caller in \"libx.so\", \"/lib/*\"", " if caller \"lib{x,y}.so:f*\"", " if caller file", " if not caller file",
	" if exe == \"/bin/a\"", " if exe != \"/bin/{a,b}\" or argv[0] in \"a\"", " if process.egid in 1, 2",
};
static const char *const programs[] = { "/**", "/a/**", "/a/b", "/a/c", "/lib/*", "/usr/lib/x", "/a/{b,c}" };
static const char *const targets[] = { "", "", " -> inherit", " -> drop", " -> \"first\"", " -> \"mirror\"" };
static const char *const triggers[] = {
	"exec", "open /a/**", "open /lib/*, /a/{b,c}", "mark m", "after 1s", "close", "close if fd == 1",
	"exec or connect if process.uid == 0",
};
static const char *const settings[] = {
	"default allow", "default deny EPERM", "default kill", "unknown allow", "unknown deny EPERM", "unsafe ptrace",
	"children deny",
};
/* Which of them stand once at most, by the first that says the same. */
static const unsigned setting_of[] = { 0, 0, 0, 3, 3, 5, 6 };
enum { NSETTINGS = sizeof(settings) / sizeof(settings[0]) };

/* Who makes the calls, in turn. */
static const char *const callers[] = {
	"caller=/usr/lib/libx.so:fun exe=/bin/a argv0=a", "caller=memory exe=/bin/b argv0=b uid=1 gid=7 egid=1",
	"caller=/opt/liby.so:f exe=/bin/c argv0=/bin/c gid=7", "caller=/lib/z exe=/bin/b argv0=a uid=1000 egid=2", "",
};

static const char *const events[] = {
	"getpid", "none", "ptrace", "close fd=1", "close fd=2", "close fd=7", "fcntl cmd=1", "fcntl64 cmd=1", "fcntl64 cmd=2",
	"openat; read /a", "openat; read /a/b", "openat; read /a/z", "openat; read,write /a/b", "openat; write /a/b/c",
	"openat flags=O_CREAT; write,create /a/b", "openat; read /usr/lib/x", "openat; read /lib/x", "openat; read pipe:[1]",
	"newfstatat; stat /a/b", "execve; exec /a/c", "renameat; create,delete /a/b; create /q", "openat; read /a/q/r/c",
	"connect; connect unix:/a/b", "connect; connect abstract:x", "connect; connect unix", "connect; connect inet:10.1.2.3:80",
	"connect; connect inet:10.2.2.3:80", "connect; connect inet:8.8.8.8:53", "connect; connect inet6:[fd00::1]:80",
	"sendto; send unspec", "sendto; send inet:10.1.0.0:9", "bind; bind inet:10.1.2.3:80", "bind; bind netlink",
	"socket; socket inet", "socket; socket unix", "socket; socket packet",
	"kill sig=9; signal self", "kill sig=1; signal tree", "kill sig=15; signal outside", "kill; signal supervisor",
	"ptrace; trace tree", "getpid foreign", "openat; write /proc/1/mem", "execve; exec /a/b; exec /lib/x",
	"execve; exec /usr/lib/x", "fork", "vfork", "clone flags=17", "clone flags=0x10f00",
	"rename; read,write,delete /a/b; create,write /a/c", "renameat; read,write,delete /a/b; create,write,delete /usr/lib/x",
	"link; read,write /a/z; create /a/b", "linkat; read,write /lib/x; create /a/q",
	"rename; read,write,delete tree:/a; create,write tree:/usr/lib", "rename; read,write,delete tree:/a/b; create,write tree:/a/c",
	"renameat2 flags=2; read,write,create,delete /a/b; read,write,create,delete /a/z",
};
enum { NEVENTS = sizeof(events) / sizeof(events[0]) };

struct draft {
	char line[MAX_LINES + 1][LINE];
	unsigned n;
};

/* One line, behind what there is. */
static void
draft_rule(char *line, const char *action)
{
	char *end = line + strlen(line);
	size_t size = LINE - (size_t)(end - line);

	switch (pick(7)) {
	case 0:
		snprintf(end, size, "%s %s %s, %s%s%s", action, PICK(path_rights), PICK(paths), PICK(paths), PICK(conditions), PICK(flags));
		return;
	case 1:
		snprintf(end, size, "%s %s %s%s%s", action, PICK(addr_rights), PICK(addrs), PICK(conditions), PICK(flags));
		return;
	case 2:
		snprintf(end, size, "%s socket %s%s%s", action, PICK(families), PICK(conditions), PICK(flags));
		return;
	case 3:
		snprintf(end, size, "%s %s %s%s%s", action, pick(2) ? "signal" : "trace", PICK(procs), PICK(conditions), PICK(flags));
		return;
	case 4:
	case 5:
		snprintf(end, size, "%s exec %s%s%s%s", action, PICK(programs), strcmp(action, "allow") ? "" : PICK(targets),
		    pick(3) ? "" : PICK(conditions), PICK(flags));
		return;
	}
	snprintf(end, size, "%s syscall %s%s", action, PICK(calls), PICK(flags));
}

/* Lines between braces. */
static void
draft_rules(char *line, const char *const *from, unsigned n)
{
	for (unsigned k = 1 + pick(2); k; k--) {
		draft_rule(line, from[pick(n)]);
		strcat(line, "\n");
	}
}

/* A block that is used at the top. */
static void
draft_block(char *line, unsigned n)
{
	snprintf(line, LINE, "use b%u\nblock b%u {\n", n, n);
	draft_rules(line, actions, sizeof(actions) / sizeof(actions[0]));
	strcat(line, "}");
}

/* A phase, with a block that can refuse things. */
static void
draft_phase(char *line, unsigned n)
{
	snprintf(line, LINE, "phase p%u until %s {\n", n, PICK(triggers));
	draft_rules(line, gifts, 1);
	if (pick(2)) {
		snprintf(line + strlen(line), LINE - strlen(line), "use c%u\n}\nblock c%u {\n", n, n);
		draft_rules(line, actions, sizeof(actions) / sizeof(actions[0]));
	}
	strcat(line, "}");
}

static void
draft_policy(struct draft *d)
{
	bool used[NSETTINGS] = { false };

	d->n = 1 + pick(MAX_LINES);
	for (unsigned i = 0; i < d->n; i++) {
		unsigned s = pick(5 * NSETTINGS);

		d->line[i][0] = '\0';
		if (s < NSETTINGS && !used[setting_of[s]]) {
			used[setting_of[s]] = true;
			strcpy(d->line[i], settings[s]);
		} else if (pick(6) == 0) {
			draft_phase(d->line[i], i);
		} else if (pick(8) == 0) {
			draft_block(d->line[i], i);
		} else {
			draft_rule(d->line[i], PICK(actions));
		}
	}
}

#endif

/* SPDX-License-Identifier: ISC */
/*
 * drops CALL: gives up a right by that call, does not look whether it has
 * succeeded, and tries to use it: "kept" when it can, "lost" when it cannot.
 * Begun as root, where closed/secret is.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534, OWN = 20 };

static long
caps(int call, struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };

	return syscall(call, &header, data);
}

static void
drop_caps(void)
{
	struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	caps(SYS_capset, none);
}

static bool
has_caps(void)
{
	struct __user_cap_data_struct now[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	return caps(SYS_capget, now) == 0 && (now[0].effective || now[0].permitted);
}

static bool
has_groups(void)
{
	return getgroups(0, NULL) > 0;
}

static bool
can_open_many(void)
{
	return dup2(0, OWN + 10) >= 0;
}

static void
few_files(void)
{
	syscall(SYS_setrlimit, RLIMIT_NOFILE, &(struct rlimit){ OWN, OWN });
}

static void drop_user(void) { syscall(SYS_setuid, NOBODY); }
static void drop_users(void) { syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY); }
static void drop_group(void) { syscall(SYS_setgid, NOBODY); }
static void drop_groups(void) { syscall(SYS_setgroups, 0, NULL); }
static void drop_descriptor(void) { close(OWN); }
static void leave(void) { (void)!chdir("/"); }
static bool is_root(void) { return open("closed/secret", O_RDONLY) >= 0; }
static bool is_root_group(void) { return getegid() == 0; }
static bool has_descriptor(void) { return fcntl(OWN, F_GETFD) >= 0; }
static bool is_here(void) { return access("closed", F_OK) == 0; }

static const struct {
	const char *name;
	void (*drop)(void);
	bool (*keeps)(void);
} ways[] = {
	{ "setuid", drop_user, is_root }, { "setresuid", drop_users, is_root }, { "setgid", drop_group, is_root_group },
	{ "setgroups", drop_groups, has_groups }, { "capset", drop_caps, has_caps }, { "close", drop_descriptor, has_descriptor },
	{ "chdir", leave, is_here }, { "setrlimit", few_files, can_open_many },
};

int
main(int argc, char **argv)
{
	dup2(0, OWN);
	for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(*ways); i++) {
		if (strcmp(ways[i].name, argv[1]))
			continue;
		ways[i].drop();
		puts(ways[i].keeps() ? "kept" : "lost");
		return 0;
	}
	return 2;
}

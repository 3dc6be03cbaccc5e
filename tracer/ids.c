/* SPDX-License-Identifier: ISC */
#include "tracer/ids.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/cleanup.h"

#ifndef SYS_setfsuid32
#define SYS_setfsuid32	SYS_setfsuid
#define SYS_setfsgid32	SYS_setfsgid
#define SYS_setgroups32	SYS_setgroups
#endif

enum { DAC_CAPS = 1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH };

static struct file_ids own;
static const struct file_ids *lent_to;
static uint64_t withheld;	/* what was effective, when `withholds` */
static bool borrowed, withholds;
static uid_t user;

static void
read_groups(const char *list, struct file_ids *ids)
{
	char *end;

	for (ids->ngroups = 0; ids->ngroups < MAX_GROUPS; ids->ngroups++) {
		unsigned long g = strtoul(list, &end, 10);

		if (end == list)
			break;
		ids->group[ids->ngroups] = (gid_t)g;
		list = end;
	}
}

/*
 * In which user name space is it?  0: in ours; before Linux 3.8 there is no other.
 * Who may trace everybody can see all of them, and nobody else has rights to lend.
 */
static ino_t
name_space(pid_t tid)
{
	static struct stat ours;
	struct stat its;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", tid);
	if ((!ours.st_ino && stat("/proc/self/ns/user", &ours) < 0) || stat(path, &its) < 0)
		return 0;
	return its.st_ino == ours.st_ino ? 0 : its.st_ino;
}

void
ids_read(pid_t tid, struct file_ids *ids)
{
	cleanup_file FILE *f = NULL;
	char path[48], line[8192];
	unsigned found = 0;

	memset(ids, 0, sizeof(*ids));
	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Uid: %u %u %u %u", &ids->uids[0], &ids->uids[1], &ids->uids[2], &ids->uids[3]) == 4)
			found |= 1;
		else if (sscanf(line, "Gid: %u %u %u %u", &ids->gids[0], &ids->gids[1], &ids->gids[2], &ids->gids[3]) == 4)
			found |= 2;
		else if (sscanf(line, "CapPrm: %" SCNx64, &ids->permitted) == 1)
			continue;
		else if (sscanf(line, "CapEff: %" SCNx64, &ids->effective) == 1)
			continue;
		else if (!strncmp(line, "Groups:", 7))
			read_groups(line + 7, ids);
	}
	ids->elsewhere = name_space(tid);
	if (ids->elsewhere)		/* they mean nothing here */
		ids->permitted = ids->effective = 0;
	ids->searches_all = (ids->effective & DAC_CAPS) == DAC_CAPS;
	ids->uid = ids->uids[3];
	ids->gid = ids->gids[3];
	ids->known = found == 3;
}

static bool
same(const struct file_ids *a, const struct file_ids *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->searches_all == b->searches_all && a->ngroups == b->ngroups &&
	    !memcmp(a->group, b->group, (size_t)a->ngroups * sizeof(a->group[0]));
}

/* Of this thread alone: the C library's setgroups is for all of them.  Who may not do that has changed nothing. */
static int
take_groups(const struct file_ids *ids)
{
	return syscall(SYS_setgroups32, (size_t)ids->ngroups, ids->group) < 0 ? -errno : 0;
}

static int
take_users(const struct file_ids *ids)
{
	syscall(SYS_setfsgid32, ids->gid);
	syscall(SYS_setfsuid32, ids->uid);	/* away from 0 this drops the capabilities on files, and back it raises them */
	user = ids->uid;
	return (uid_t)syscall(SYS_setfsuid32, -1) == ids->uid && (gid_t)syscall(SYS_setfsgid32, -1) == ids->gid ? 0 : -EPERM;
}

/* Some of the effective capabilities are kept, others come back, as far as they are permitted; *before: what they were. */
static int
change_effective(uint64_t keep, uint64_t add, uint64_t *before)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*before = data[0].effective | (uint64_t)data[1].effective << 32;
	for (unsigned i = 0; i < 2; i++)
		data[i].effective = (data[i].effective & (uint32_t)(keep >> 32 * i)) | (data[i].permitted & (uint32_t)(add >> 32 * i));
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int
set_search(bool all)
{
	uint64_t before;

	return change_effective(all ? UINT64_MAX : ~(uint64_t)DAC_CAPS, all ? DAC_CAPS : 0, &before);
}

int
ids_drop_capabilities(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

int
ids_lend_nothing(void)
{
	int err;

	if (!lent_to || !(own.effective & ~lent_to->effective))
		return 0;
	err = change_effective(lent_to->effective, 0, &withheld);
	withholds = !err;
	return err;
}

void
ids_lend_again(void)
{
	uint64_t before;

	if (withholds && change_effective(0, withheld, &before))
		abort();
	withholds = false;
}

int
ids_borrow(const struct file_ids *ids)
{
	int err;

	if (!own.known) {
		ids_read((pid_t)syscall(SYS_gettid), &own);
		user = own.uid;
	}
	if (!ids->known || !own.known)
		return -ESRCH;
	lent_to = ids;
	if (same(ids, &own))
		return 0;
	err = take_groups(ids);
	if (err)
		return err;
	borrowed = true;
	err = take_users(ids);
	return err ? err : set_search(ids->searches_all);
}

void
ids_return(void)
{
	lent_to = NULL;
	if (!borrowed)
		return;
	borrowed = false;
	if (take_groups(&own) || take_users(&own) || set_search(own.searches_all))
		abort();		/* with somebody else's rights nothing can be decided any more */
}

uid_t
ids_user(void)
{
	return own.known ? user : geteuid();
}

/* SPDX-License-Identifier: ISC */
#ifndef TG_IDS_H
#define TG_IDS_H

/*
 * Whose rights a task has on files.  Where they are not tollgate's own, names
 * are looked up with the task's: or it would be shown what it may not search.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { MAX_GROUPS = 64 };

struct file_ids {
	bool known;
	uid_t uid;
	gid_t gid;
	int ngroups;
	gid_t group[MAX_GROUPS];
	bool searches_all;	/* CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH */
	uid_t uids[4];		/* real, effective, saved, on files: for what an exec gives */
	gid_t gids[4];
	uint64_t permitted, effective;
	ino_t elsewhere;	/* its user name space, where it may have capabilities that mean nothing in ours; 0: that is ours */
};

/* Reads them anew.  ids->known tells whether that could be done; who has more groups than fit keeps those that do. */
void ids_read(pid_t tid, struct file_ids *);

/* Between the two this thread looks up files with these rights.  0 or -errno: then it must not look. */
int ids_borrow(const struct file_ids *);
void ids_return(void);

/*
 * Between ids_borrow() and ids_return() this thread keeps capabilities that the
 * task may not have, to read what is the task's own.  Between these two it has
 * none of them: what another process has in /proc is shown to whom the kernel
 * would show it.  0 or -errno.
 */
int ids_lend_nothing(void);
void ids_lend_again(void);

/* This thread's, all of them, for good.  0 or -errno. */
int ids_drop_capabilities(void);

/* The user whose rights count at this moment. */
uid_t ids_user(void);

#endif

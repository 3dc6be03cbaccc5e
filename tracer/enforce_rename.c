/* SPDX-License-Identifier: ISC */
/*
 * What is renamed is the name in the directory that is held, whatever has come
 * to be there since it was looked at.  Two things that makes must not happen
 * unasked: a directory moves, with all that it holds, to names that no rule was
 * asked about; and something that has come to the new name goes away.
 */
#include "tracer/enforce_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* renameat2(2), in the order of its arguments. */
enum { OLD_DIR, OLD, NEW_DIR, NEW, FLAGS };

static char *
name_of(const struct object *o)
{
	return strndup(o->last, strcspn(o->last, "/"));
}

/* To be looked at again when it is done: the directories are held until then. */
static int
note_files(const struct draft *d, struct hold *h)
{
	const struct resolved *r = d->in->found;
	int i = sysdesc_arg(&sysdesc_table[d->in->id], "flags");

	if (r->access[0].tree)
		return 0;
	h->swaps = i >= 0 && d->in->ev->arg[i].val & RENAME_EXCHANGE;
	h->moved[0] = name_of(&r->object[0]);
	h->moved[1] = name_of(&r->object[1]);
	return h->moved[0] && h->moved[1] ? 0 : -ENOMEM;
}

/* The same call by another name, which fails where something is. */
static int
draft_no_replace(struct draft *d, struct hold *h)
{
	const struct pins *p = d->in->pins;
	int i = sysdesc_arg(&sysdesc_table[d->in->id], "flags"), old = sysdesc_arg(&sysdesc_table[d->in->id], "oldpath"),
	    new = sysdesc_arg(&sysdesc_table[d->in->id], "newpath"), err;
	uint64_t flags = (i < 0 ? 0 : d->in->ev->arg[i].val) | RENAME_NOREPLACE;

	d->nr = abi_call_nr(d->in->raw->abi, "renameat2");
	if (d->nr < 0 || p->of[old] < 0 || p->of[new] < 0)
		return -EPERM;
	d->pin[p->of[old]].pointer = (struct place){ IN_REGISTER, OLD };
	d->pin[p->of[new]].pointer = (struct place){ IN_REGISTER, NEW };
	h->redo = EEXIST;
	err = draft_change(d, (struct place){ IN_REGISTER, OLD_DIR }, (uint64_t)(int64_t)AT_FDCWD, sizeof(uint32_t));
	err = err ? err : draft_change(d, (struct place){ IN_REGISTER, NEW_DIR }, (uint64_t)(int64_t)AT_FDCWD, sizeof(uint32_t));
	return err ? err : draft_change(d, (struct place){ IN_REGISTER, FLAGS }, flags, sizeof(uint32_t));
}

int
draft_rename(struct draft *d, struct hold *h)
{
	const struct resolved *r = d->in->found;
	int err = r->n == 2 && h->nfds == 2 && r->object[0].entry && r->object[1].entry ? note_files(d, h) : 0;

	return err || !d->in->no_replace ? err : draft_no_replace(d, h);
}

static bool
is_directory(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* And is put back, unless somebody is quicker again. */
bool
enforce_moved_directory(const struct tracee *t)
{
	const struct hold *h = &t->hold;
	bool moved = h->moved[0] && (is_directory(h->fd[1], h->moved[1]) || (h->swaps && is_directory(h->fd[0], h->moved[0])));

	if (moved)
		syscall(SYS_renameat2, h->fd[1], h->moved[1], h->fd[0], h->moved[0], h->swaps ? RENAME_EXCHANGE : RENAME_NOREPLACE);
	return moved;
}

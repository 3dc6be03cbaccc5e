/* SPDX-License-Identifier: ISC */
#include "tracer/cradle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "lib/xalloc.h"
#include "tracer/registers.h"

/* One for all programs of this tollgate. */
static int segment = -1;
static struct mapped_file file;

/* There is code for each kind of code that can run. */
static uint64_t
offset_of(const struct arch *arch, const struct regset *set)
{
	return (uint64_t)(set - arch->regsets) * CRADLE_SIZE;
}

static int
write_code(const struct arch *arch, int id)
{
	char *mem = shmat(id, NULL, 0);

	if (mem == (char *)-1)
		return -errno;
	for (const struct regset *set = arch->regsets; set < arch->regsets + arch->nregsets; set++)
		if (set->cradle)
			memcpy(mem + offset_of(arch, set), set->cradle->code, CRADLE_SIZE);
	return maps_own_file(mem, &file);	/* it stays attached, and is there for as long as tollgate is */
}

/* Anybody may execute it, and nobody write it any more. */
static int
close_to_writers(int id)
{
	struct shmid_ds ds;
	void *mem;

	if (shmctl(id, IPC_STAT, &ds) < 0)
		return -errno;
	ds.shm_perm.mode = 0555;
	if (shmctl(id, IPC_SET, &ds) < 0)
		return -errno;
	mem = shmat(id, NULL, SHM_RDONLY | SHM_EXEC);
	return mem == (void *)-1 ? -errno : shmdt(mem);
}

/* By its size it is known as a segment that no program may touch (window_is_segment). */
int
cradle_make(const struct arch *arch)
{
	int id, err;

	if (!arch->regsets[0].cradle)
		return 0;
	id = shmget(IPC_PRIVATE, WINDOW_SIZE, IPC_CREAT | 0600);
	if (id < 0)
		return -errno;
	err = write_code(arch, id);
	err = err ? err : close_to_writers(id);
	shmctl(id, IPC_RMID, NULL);
	if (!err)
		segment = id;
	return err;
}

int
cradle_segment(void)
{
	return segment;
}

const struct mapped_file *
cradle_file(void)
{
	return &file;
}

int
cradle_prepare(const struct arch *arch, struct tracee *t)
{
	const struct window *w = t->group->window;
	struct registers r;
	int err;

	if (!t->forking || t->skipped || t->by_filter || !w || !w->cradle)
		return 0;
	err = registers_load(arch, t->tid, &r);
	if (err)
		return err;
	if (!registers_are_flat(&r))
		return -EPERM;
	if (!t->birth)
		t->birth = xmalloc(sizeof(*t->birth));
	*t->birth = r;
	registers_put(&r, r.set->ip, (int64_t)(w->cradle + offset_of(arch, arch_regset_of(arch, registers_code(&r)))));
	return registers_store(t->tid, &r);
}

int
cradle_leave(const struct arch *arch, struct tracee *t)
{
	struct registers r;
	int err;

	if (!t->birth)
		return 0;
	err = registers_load(arch, t->tid, &r);
	if (err)
		return err;
	registers_put(&r, r.set->ip, (int64_t)registers_get(t->birth, r.set->ip));
	return registers_store(t->tid, &r);
}

void
cradle_hand_on(struct tracee *maker, struct tracee *child)
{
	free(child ? child->birth : maker->birth);
	if (child)
		child->birth = maker->birth;
	maker->birth = NULL;
}

static bool
lies_in(const struct window *w, uint64_t ip)
{
	return w && w->cradle && ip >= w->cradle && ip < w->cradle + WINDOW_SIZE;
}

int
cradle_rise(const struct arch *arch, struct tracee *child)
{
	const struct registers *was = child->birth;
	const struct cradle *c;
	struct registers r;
	int err;

	if (!was)
		return 0;
	err = registers_load(arch, child->tid, &r);
	if (err)
		return err;
	if (r.set != was->set || !registers_are_flat(&r) || !lies_in(child->group->window, registers_get(&r, r.set->ip)))
		return -EFAULT;
	c = r.set->cradle;
	for (unsigned i = 0; i < c->nchanges; i++)
		registers_put(&r, c->changes[i], (int64_t)registers_get(was, c->changes[i]));
	registers_put(&r, r.set->ret, 0);
	registers_put(&r, r.set->ip, (int64_t)registers_get(was, r.set->ip));
	free(child->birth);
	child->birth = NULL;
	return registers_store(child->tid, &r);
}

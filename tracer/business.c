/* SPDX-License-Identifier: ISC */
#include "tracer/business.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/xalloc.h"
#include "tracer/abi_calls.h"
#include "tracer/advance.h"
#include "tracer/turns.h"

#define ALWAYS(id)		{ SYS_ID_##id, { { 0 } } }
#define WHEN(id, arg, bit)	{ SYS_ID_##id, { { arg, bit, bit, false } } }
#define WHEN_IS(id, arg, value)	{ SYS_ID_##id, { { arg, UINT32_MAX, value, false } } }
#define UNLESS_IS(id, arg, value)	{ SYS_ID_##id, { { arg, UINT64_MAX, value, true } } }
/* Of a range that begins above them no part is in the first 4 GiB, where windows are, or it has no end.  Higher up are tags. */
#define HIGH			(UINT64_C(0xffffff) << 32)
#define LOW(id, arg)		{ SYS_ID_##id, { { arg, HIGH, 0, false } } }
#define GIVEN_LOW(id, arg)	{ SYS_ID_##id, { { arg, UINT64_MAX, 0, true }, { arg, HIGH, 0, false } } }
#define WHEN_LOW(id, arg, bit)	{ SYS_ID_##id, { { arg, bit, bit, false }, { 0, HIGH, 0, false } } }

/* Beside what others say below.  By families: old and wide forms of a call are meant, too. */
static const struct plan_look looks[] = {
	/* what is answered by tollgate, or guarded */
	ALWAYS(prctl), ALWAYS(setrlimit), ALWAYS(prlimit64), ALWAYS(seccomp), ALWAYS(ptrace), ALWAYS(uselib),
	WHEN_IS(fcntl, 1, F_SETOWN), WHEN_IS(fcntl, 1, 15 /* F_SETOWN_EX */),
	/* ranges of addresses (ranges.c) */
	LOW(munmap, 0), LOW(mprotect, 0), LOW(pkey_mprotect, 0), LOW(madvise, 0), LOW(mremap, 0), WHEN(mremap, 3, MREMAP_FIXED),
	WHEN_LOW(mmap, 3, MAP_FIXED), ALWAYS(old_mmap), ALWAYS(mseal),
	GIVEN_LOW(brk, 0), ALWAYS(io_destroy), ALWAYS(remap_file_pages), ALWAYS(mbind), ALWAYS(shmdt), ALWAYS(shmat), ALWAYS(shmctl), ALWAYS(process_madvise),
	/* addresses: where none is given there is nothing to look at */
	UNLESS_IS(sendto, 4, 0), ALWAYS(listen),
	/* processes that are told of by more than one argument */
	ALWAYS(pidfd_getfd), ALWAYS(process_vm_readv), ALWAYS(process_vm_writev), ALWAYS(process_mrelease), ALWAYS(kcmp),
	ALWAYS(rt_sigqueueinfo), ALWAYS(rt_tgsigqueueinfo),
};

enum { NLOOKS = sizeof(looks) / sizeof(looks[0]) };

/* A call whose end, or whose beginning, others of tollgate's wait for.  sendto(2) is on a name only where one is given. */
static bool
is_waited_for(enum sys_id id)
{
	return advance_follows(id) || (turn_of(id) != TURN_NONE && id != SYS_ID_sendto && !turn_only_looks(id));
}

/* Where windows are anywhere, any range may touch one. */
static size_t
make_looks(const struct arch *arch, struct plan_look *l)
{
	size_t n = NLOOKS;

	memcpy(l, looks, sizeof(looks));
	for (size_t i = 0; !arch->abis[0].map_low && i < NLOOKS; i++)
		for (size_t k = 0; k < PLAN_TESTS; k++)
			if (l[i].when[k].mask == HIGH)
				l[i].when[k].mask = 0;
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++)
		if (is_waited_for((enum sys_id)id))
			l[n++].id = (enum sys_id)id;
	return n;
}

void
business_init(struct business *b, const struct arch *arch, const struct policy *floor, const struct layer *layer,
    size_t nlayers, bool spares)
{
	struct plan_input in = { .floor = floor, .layer = layer, .nlayers = nlayers, .spares = spares };

	b->look = xcalloc(NLOOKS + SYS_IDS, sizeof(*b->look));
	in.look = b->look;
	in.nlook = make_looks(arch, b->look);
	b->arch = arch;
	b->abi = xcalloc(arch->nabis, sizeof(*b->abi));
	b->nabis = arch->nabis;
	for (size_t i = 0; i < arch->nabis; i++)
		abi_calls(arch, &arch->abis[i], xcalloc(arch->abis[i].ncalls, sizeof(struct export_call)), &b->abi[i]);
	in.abi = b->abi;
	in.nabis = b->nabis;
	b->plan = plan_new(&in);
}

void
business_free(struct business *b)
{
	plan_free(b->plan);
	for (size_t i = 0; i < b->nabis; i++)
		free((void *)b->abi[i].call);
	free(b->abi);
	free(b->look);
	memset(b, 0, sizeof(*b));
}

bool
business_is_planned(const struct abi *abi, const struct window *w)
{
	return !w || !abi->map_low || ((w->at + WINDOW_SIZE - 1) >> 32 == 0 && !w->cradle);
}

bool
business_passes(const struct business *b, const struct abi *abi, uint32_t nr, const uint64_t args[6])
{
	return abi->supported && plan_find(b->plan, (size_t)(abi - b->arch->abis), nr, args)->class == ANSWER_PASS;
}

size_t
business_filter(struct business *b, const struct abi *abi, uint32_t look, const struct export_insn **out)
{
	return abi->supported ? plan_filter(b->plan, (size_t)(abi - b->arch->abis), look, out) : 0;
}

/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"

static int
compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Prefixes of one length never begin the same path: their order is free, and keeps the same ones together. */
static int
compare_prefixes(const struct rule *a, const struct rule *b)
{
	int r = compare(b->path.prefix_len, a->path.prefix_len);

	return r ? r : memcmp(a->path.prefix, b->path.prefix, a->path.prefix_len);
}

static struct addr_level
level_of(const struct addrpat *a)
{
	struct addr_level l = { .shape = a->shape > ADDR_FAMILY ? a->shape : ADDR_ANY };

	if (a->shape == ADDR_IP) {
		l.family = a->family;
		l.len = a->bits;
	} else if (a->shape > ADDR_FAMILY) {
		l.len = a->name.prefix_len;
	}
	return l;
}

/* What says a family or nothing comes last, the longest first among the others. */
static int
compare_levels(struct addr_level a, struct addr_level b)
{
	int r = compare(b.shape > ADDR_FAMILY, a.shape > ADDR_FAMILY);

	r = r ? r : compare(b.shape, a.shape);
	r = r ? r : compare(a.family, b.family);
	return r ? r : compare(b.len, a.len);
}

/* Of one level: which of two beginnings comes first is free, as long as the same ones are together. */
static int
compare_addrs(const struct rule *a, const struct rule *b)
{
	struct addr_level l = level_of(&a->addr);
	int r = compare_levels(l, level_of(&b->addr));

	if (r || l.shape <= ADDR_FAMILY)
		return r;
	if (l.shape == ADDR_IP)
		return memcmp(a->addr.ip, b->addr.ip, sizeof(a->addr.ip));
	return memcmp(a->addr.name.prefix, b->addr.name.prefix, l.len);
}

static int
compare_objects(const struct rule *a, const struct rule *b)
{
	switch (a->kind) {
	case OBJ_PATH:
		return compare_prefixes(a, b);
	case OBJ_ADDR:
		return compare_addrs(a, b);
	case OBJ_CALL:
		return compare(a->id, b->id);
	}
	return 0;
}

/*
 * The first that matches decides: the more specific first, among equals the
 * stricter, then whatever makes the result independent of the lines' order.
 */
static int
compare_weights(const void *va, const void *vb)
{
	const struct rule *a = *(const struct rule *const *)va, *b = *(const struct rule *const *)vb;
	int r = compare(b->rank, a->rank);

	r = r ? r : compare(b->terms, a->terms);
	r = r ? r : compare(a->action, b->action);
	r = r ? r : compare((unsigned)a->err, (unsigned)b->err);
	r = r ? r : compare(b->log, a->log);
	r = r ? r : compare(a->implied, b->implied);	/* what nobody wrote is not logged */
	r = r ? r : compare(a->quiet, b->quiet);
	return r ? r : compare(a->seq, b->seq);
}

/* Of rules that one object can have.  What no object has two of may come in any order, the same ones together. */
static int
compare_rules(const void *va, const void *vb)
{
	int r = compare_objects(*(const struct rule *const *)va, *(const struct rule *const *)vb);

	return r ? r : compare_weights(va, vb);
}

static void
sort_kind(struct loader *l, enum object_kind kind)
{
	const struct rule **list = pool_alloc(l->keep, l->rules.n, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < l->rules.n; i++) {
		const struct rule *r = l->rules.item[i];

		if (r->kind == kind)
			list[n++] = r;
	}
	qsort(list, n, sizeof(*list), compare_rules);
	l->policy->sorted[kind] = list;
	l->policy->nsorted[kind] = n;
}

/* What lies below a directory has many beginnings: rules of any of them can be about the same tree. */
static void
sort_trees(struct loader *l)
{
	struct policy *p = l->policy;
	const struct rule **list = pool_copy(l->keep, p->sorted[OBJ_PATH], p->nsorted[OBJ_PATH], sizeof(*list));

	qsort(list, p->nsorted[OBJ_PATH], sizeof(*list), compare_weights);
	p->trees = list;
}

static uint32_t
hash_prefix(const struct pattern *p)
{
	uint32_t hash = HASH_START;

	for (unsigned i = 0; i < p->prefix_len; i++)
		hash = hash_byte(hash, (unsigned char)p->prefix[i]);
	return hash;
}

/* One entry for each run of rules with the same prefix. */
static size_t
find_prefixes(const struct policy *p, struct prefix *out)
{
	size_t n = 0;

	for (uint32_t i = 0; i < p->nsorted[OBJ_PATH]; i++) {
		const struct rule *r = p->sorted[OBJ_PATH][i];

		if (!i || compare_prefixes(r, p->sorted[OBJ_PATH][i - 1]))
			out[n++] = (struct prefix){ .hash = hash_prefix(&r->path), .first = i, .len = r->path.prefix_len };
		out[n - 1].n++;
	}
	return n;
}

static void
index_prefixes(struct loader *l)
{
	struct policy *p = l->policy;
	struct prefix *prefix = pool_alloc(l->keep, p->nsorted[OBJ_PATH], sizeof(*prefix));
	size_t n = find_prefixes(p, prefix), size = 1;
	uint16_t *len = pool_alloc(l->keep, n, sizeof(*len));
	uint32_t *bucket;

	while (size < 2 * n)
		size *= 2;
	bucket = pool_alloc(l->keep, size, sizeof(*bucket));
	/* They are sorted by length, longest first. */
	for (size_t i = n; i-- > 0;) {
		uint32_t *b = &bucket[prefix[i].hash & (size - 1)];

		prefix[i].sieve = sieve_build(l, OBJ_PATH, prefix[i].first, prefix[i].n);
		prefix[i].next = *b;
		*b = (uint32_t)i + 1;
		if (!p->prefixes.nlens || len[p->prefixes.nlens - 1] != prefix[i].len)
			len[p->prefixes.nlens++] = prefix[i].len;
	}
	p->prefixes.prefix = prefix;
	p->prefixes.bucket = bucket;
	p->prefixes.mask = (uint32_t)size - 1;
	p->prefixes.len = len;
}

/* Both as they are sorted: a run for each beginning, a level for each length of one. */
static size_t
find_runs(const struct policy *p, struct prefix *run, struct addr_level *level, size_t *nlevels)
{
	size_t n = 0;

	for (uint32_t i = 0; i < p->nsorted[OBJ_ADDR]; i++) {
		const struct rule *r = p->sorted[OBJ_ADDR][i], *before = i ? p->sorted[OBJ_ADDR][i - 1] : NULL;
		struct addr_level l = level_of(&r->addr);

		if (!before || compare_levels(l, level_of(&before->addr)))
			level[(*nlevels)++] = l;
		if (!before || compare_addrs(before, r))
			run[n++] = (struct prefix){
				.hash = hash_addr(&l, r->addr.ip, r->addr.name.prefix), .first = i, .len = (uint16_t)(*nlevels - 1),
			};
		run[n - 1].n++;
	}
	return n;
}

static void
index_addrs(struct loader *l)
{
	struct policy *p = l->policy;
	struct prefix *run = pool_alloc(l->keep, p->nsorted[OBJ_ADDR], sizeof(*run));
	struct addr_level *level = pool_alloc(l->keep, p->nsorted[OBJ_ADDR], sizeof(*level));
	size_t n = find_runs(p, run, level, &p->addrs.nlevels), size = 1;
	uint32_t *bucket;

	while (size < 2 * n)
		size *= 2;
	bucket = pool_alloc(l->keep, size, sizeof(*bucket));
	for (size_t i = n; i-- > 0;) {
		uint32_t *b = &bucket[run[i].hash & (size - 1)];

		run[i].sieve = sieve_build(l, OBJ_ADDR, run[i].first, run[i].n);
		run[i].next = *b;
		*b = (uint32_t)i + 1;
	}
	p->addrs.level = level;
	p->addrs.run = run;
	p->addrs.bucket = bucket;
	p->addrs.mask = (uint32_t)size - 1;
}

/* What rules want to know: those about a call of that call, those about objects of every call that has such. */
static const uint8_t *
find_needs(struct loader *l)
{
	uint8_t *needs = pool_alloc(l->keep, SYS_IDS, sizeof(*needs));

	for (size_t i = 0; i < l->rules.n; i++) {
		const struct rule *r = l->rules.item[i];

		*(r->kind == OBJ_CALL ? &needs[r->id] : &l->policy->object_needs[r->kind]) |= (uint8_t)r->cond.needs;
	}
	for (unsigned i = 0; i < l->policy->nphases; i++)
		for (unsigned k = 0; k < l->policy->phase[i].ntriggers; k++)
			needs[l->policy->phase[i].trigger[k].id] |= (uint8_t)l->policy->phase[i].trigger[k].cond.needs;
	return needs;
}

void
compile_sort(struct loader *l)
{
	struct policy *p = l->policy;
	uint32_t *at = pool_alloc(l->keep, SYS_IDS + 1, sizeof(*at));
	const struct sieve **sieve = pool_alloc(l->keep, SYS_IDS, sizeof(*sieve));
	uint32_t n = 0;

	for (unsigned kind = 0; kind < OBJ_KINDS; kind++)
		sort_kind(l, kind);
	sort_trees(l);
	index_prefixes(l);
	index_addrs(l);
	for (unsigned id = 0; id <= SYS_IDS; id++) {
		while (n < p->nsorted[OBJ_CALL] && p->sorted[OBJ_CALL][n]->id < id)
			n++;
		at[id] = n;
	}
	for (unsigned id = 0; id < SYS_IDS; id++)
		sieve[id] = sieve_build(l, OBJ_CALL, at[id], at[id + 1] - at[id]);
	p->proc_sieve = sieve_build(l, OBJ_PROC, 0, (uint32_t)p->nsorted[OBJ_PROC]);
	p->call_at = at;
	p->call_sieve = sieve;
	p->needs = find_needs(l);
	p->rule = pool_copy(l->keep, l->rules.item, l->rules.n, sizeof(*l->rules.item));
	p->nrules = l->rules.n;
}

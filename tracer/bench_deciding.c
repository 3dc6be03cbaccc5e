/* SPDX-License-Identifier: ISC */
#include "tracer/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "engine/policy.h"
#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "tracer/host.h"

/*
 * Policies that grow in one direction, loaded as any policy is, and calls that
 * their rules are about: some for which there is a rule, spread over all rules,
 * and some for which there is none.
 */

enum { PROBES = 64, LONGEST = 4096, LENGTH_RULES = 1000 };

/* A call, with all that its event borrows. */
struct probe {
	struct sysevent ev;
	struct access access;
	struct caller caller;
	char text[LONGEST + 64];
};

struct kind {
	const char *name;
	const char *rule;		/* the n-th: '#' is n, '@' is n as two bytes of an address */
	void (*fill)(struct probe *, const struct kind *, unsigned n);
	uint16_t rights;
	const char *begin, *end;	/* of the text that the call is about; in between there is room */
};

static void path_fill(struct probe *, const struct kind *, unsigned n);
static void unix_fill(struct probe *, const struct kind *, unsigned n);
static void network_fill(struct probe *, const struct kind *, unsigned n);
static void port_fill(struct probe *, const struct kind *, unsigned n);
static void argument_fill(struct probe *, const struct kind *, unsigned n);
static void caller_fill(struct probe *, const struct kind *, unsigned n);
static void opened_by_fill(struct probe *, const struct kind *, unsigned n);

static const struct kind kinds[] = {
	{ "folders", "allow read /srv/d#/**", path_fill, R_READ, "/srv/d#/", "" },
	{ "files", "allow read /srv/data/f#", path_fill, R_READ, "/srv/data/f#", "" },
	{ "wildcards, endings differ", "allow read /srv/*.f#", path_fill, R_READ, "/srv/", ".f#" },
	{ "wildcards, middles differ", "allow read /srv/*d#/*.log", path_fill, R_READ, "/srv/", "d#/a.log" },
	{ "wildcards, folders anywhere", "allow read /srv/**/d#/**", path_fill, R_READ, "/srv/", "/d#/a" },
	{ "sockets with names", "allow connect unix:/run/*/s#", unix_fill, R_CONNECT, "/run/a", "/s#" },
	{ "networks", "allow connect inet:10.@.0/24:443", network_fill, R_CONNECT, NULL, NULL },
	{ "ports", "allow connect inet:10.0.0.1:#", port_fill, R_CONNECT, NULL, NULL },
	{ "arguments of one call", "allow syscall ioctl if cmd == 0x#", argument_fill, 0, NULL, NULL },
	{ "arguments, two terms", "allow syscall ioctl if fd >= 0 and cmd in 0x#, 0xf#", argument_fill, 0, NULL, NULL },
	{ "callers of one call", "allow syscall getpid if caller in \"lib#.so*\"", caller_fill, 0, "/usr/lib/lib#.so", ".1" },
	{ "callers of one file", "allow read /etc/x if caller in \"/usr/lib/lib#.so\"", opened_by_fill, R_READ, "/usr/lib/lib#.so", "" },
};

/* Kinds whose text can be of any length, and one rule that keeps the matcher busy. */
static const struct long_kind {
	struct kind kind;
	bool matches;
} long_kinds[] = {
	{ { "a long path: folders", "allow read /srv/d#/**", path_fill, R_READ, "/srv/d#/", "" }, true },
	{ { "a long path: wildcards", "allow read /srv/*d#/*.log", path_fill, R_READ, "/srv/", "d#/a.log" }, true },
	{ { "a long path: many wildcards", "allow read /srv/#/**/x*x*x*x*x*x*x*x*y?", path_fill, R_READ, "/srv/#/xy", "x" }, false },
};

/* Text of a policy, and of calls */

static void
put_numbered(struct strbuf *b, const char *template, unsigned n)
{
	for (; *template; template++) {
		if (*template == '#')
			strbuf_addf(b, "%05u", n);
		else if (*template == '@')
			strbuf_addf(b, "%u.%u", n >> 8 & 255, n & 255);
		else
			strbuf_addc(b, *template);
	}
}

/* begin, as much text as brings it to that length, end. */
static void
text_fill(struct probe *p, const struct kind *k, unsigned n, size_t length)
{
	struct strbuf b = STRBUF(p->text);

	put_numbered(&b, k->begin, n);
	while (b.len + strlen(k->end) < length)
		strbuf_addc(&b, 'x');
	put_numbered(&b, k->end, n);
}

static void
probe_init(struct probe *p, const struct kind *k, enum sys_id id, enum access_kind kind)
{
	memset(p, 0, sizeof(*p));
	p->ev.id = id;
	p->ev.abi = arch_native()->abis[0].name;
	p->ev.wordsize = arch_native()->abis[0].wordsize;
	p->access.kind = kind;
	p->access.rights = k->rights;
	p->ev.access = &p->access;
	p->ev.naccess = k->rights != 0;
}

static void
path_fill(struct probe *p, const struct kind *k, unsigned n)
{
	probe_init(p, k, SYS_ID_openat, ACC_PATH);
	text_fill(p, k, n, 0);
	p->access.path = p->text;
}

static void
unix_fill(struct probe *p, const struct kind *k, unsigned n)
{
	probe_init(p, k, SYS_ID_connect, ACC_ADDR);
	text_fill(p, k, n, 0);
	p->access.addr.family = NA_UNIX;
	p->access.path = p->text;
}

static void
inet_fill(struct probe *p, const struct kind *k, unsigned network, unsigned port)
{
	probe_init(p, k, SYS_ID_connect, ACC_ADDR);
	p->access.addr.family = NA_INET;
	p->access.addr.ip[0] = 10;
	p->access.addr.ip[1] = (uint8_t)(network >> 8);
	p->access.addr.ip[2] = (uint8_t)network;
	p->access.addr.ip[3] = 1;
	p->access.addr.port = (uint16_t)port;
}

static void
network_fill(struct probe *p, const struct kind *k, unsigned n)
{
	inet_fill(p, k, n, 443);
}

static void
port_fill(struct probe *p, const struct kind *k, unsigned n)
{
	inet_fill(p, k, 0, n);
}

/* The digits of a rule are read as hexadecimal ones. */
static void
argument_fill(struct probe *p, const struct kind *k, unsigned n)
{
	char digits[16];

	probe_init(p, k, SYS_ID_ioctl, 0);
	snprintf(digits, sizeof(digits), "%05u", n);
	p->ev.arg[1].val = strtoul(digits, NULL, 16);
}

static void
caller_fill(struct probe *p, const struct kind *k, unsigned n)
{
	probe_init(p, k, SYS_ID_getpid, 0);
	text_fill(p, k, n, 0);
	p->caller.module = p->text;
	p->caller.file = true;
	p->ev.caller = &p->caller;
}

static void
opened_by_fill(struct probe *p, const struct kind *k, unsigned n)
{
	caller_fill(p, k, n);
	p->ev.id = SYS_ID_openat;
	p->access.kind = ACC_PATH;
	p->access.path = "/etc/x";
	p->access.rights = k->rights;
	p->ev.naccess = 1;
}

/* Policies */

static int
bench_read(void *ctx, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	if (from)
		return -ENOENT;
	*text = ctx;
	*len = strlen(*text);
	*shown = name;
	return 0;
}

/* A policy of so many rules; its text lives as long as the policy. */
struct subject {
	char *text;
	struct policy *policy;
};

static bool
subject_load(struct subject *s, const struct kind *k, unsigned nrules)
{
	static struct policy_errors errors;
	size_t size = 64 + nrules * (strlen(k->rule) + 32);
	struct policy_host host = { .read = bench_read };
	struct strbuf b;

	s->text = xmalloc(size);
	strbuf_init(&b, s->text, size);
	strbuf_add(&b, "policy 1\n");
	for (unsigned i = 0; i < nrules; i++) {
		put_numbered(&b, k->rule, i);
		strbuf_addc(&b, '\n');
	}
	host.ctx = s->text;
	s->policy = policy_load(&host, "bench", NULL, &errors);
	if (!s->policy)
		fprintf(stderr, "%s", errors.text);
	return s->policy != NULL;
}

static void
subject_free(struct subject *s)
{
	policy_free(s->policy);
	free(s->text);
}

/* Measures */

/* What bench_time() calls: one decision, each time about the next call. */
struct deciding {
	const struct policy *floor;
	struct layer layer;
	struct probe *probe;
	unsigned next;
	unsigned allowed;
};

static void
decide_next(void *ctx)
{
	struct deciding *d = ctx;
	struct verdict v = policy_decide(d->floor, &d->layer, 1, &d->probe[d->next++ % PROBES].ev);

	d->allowed += v.action == ACT_ALLOW;
}

/* Is the policy about these calls what was meant?  A measure of something else is worth nothing. */
static bool
decides(struct deciding *d, unsigned wanted)
{
	d->allowed = 0;
	for (d->next = 0; d->next < PROBES;)
		decide_next(d);
	return d->allowed == wanted;
}

struct section {
	const struct bench_effort *effort;
	struct bench_report *report;
	const struct policy *floor;
	struct probe *probe;
	double first;			/* of the group */
};

static int
measure(struct section *s, struct deciding *d, unsigned allowed, struct bench_row *row)
{
	if (!decides(d, allowed)) {
		warn("bench: the policy \"%s\" does not decide as it should", row->group);
		return -1;
	}
	row->ns = bench_time(s->effort, decide_next, d);
	s->first = s->first > 0 ? s->first : row->ns;
	row->ratio = row->ns / s->first;
	s->report->row(s->report, row);
	return 0;
}

/* The i-th of so many calls is about this rule. */
static unsigned
spread(unsigned i, unsigned nrules)
{
	return (unsigned)((uint64_t)i * nrules / PROBES);
}

/* Calls that have a rule, from the first to the last; or such as have none. */
static void
fill_probes(struct deciding *d, const struct kind *k, unsigned nrules, bool found)
{
	for (unsigned i = 0; i < PROBES; i++)
		k->fill(&d->probe[i], k, found ? spread(i, nrules) : nrules + i);
}

static int
measure_rules(struct section *s, const struct kind *k, unsigned nrules, bool found)
{
	struct subject subject;
	struct deciding d = { .floor = s->floor, .probe = s->probe };
	char group[64];
	struct bench_row row = { .group = group, .what = "rules", .size = nrules };
	int r = -1;

	snprintf(group, sizeof(group), "%s: %s", k->name, found ? "one matches" : "none matches");
	fill_probes(&d, k, nrules, found);
	if (subject_load(&subject, k, nrules)) {
		d.layer.policy = subject.policy;
		r = measure(s, &d, found ? PROBES : 0, &row);
	}
	subject_free(&subject);
	return r;
}

static int
measure_kind(struct section *s, const struct kind *k, bool found)
{
	s->first = 0;
	for (unsigned n = 10; n <= s->effort->rules; n *= 10)
		if (measure_rules(s, k, n, found))
			return -1;
	return 0;
}

/* The same calls with more and more text in the middle. */
static int
measure_lengths(struct section *s, const struct long_kind *k)
{
	unsigned nrules = s->effort->rules < LENGTH_RULES ? s->effort->rules : LENGTH_RULES;
	struct deciding d = { .floor = s->floor, .probe = s->probe };
	struct subject subject;
	int r = subject_load(&subject, &k->kind, nrules) ? 0 : -1;

	s->first = 0;
	d.layer.policy = subject.policy;
	for (unsigned length = 64; !r && length <= LONGEST; length *= 4) {
		struct bench_row row = { .group = k->kind.name, .what = "bytes", .size = length };

		fill_probes(&d, &k->kind, nrules, true);
		for (unsigned i = 0; i < PROBES; i++)
			text_fill(&d.probe[i], &k->kind, spread(i, nrules), length);
		r = measure(s, &d, k->matches ? PROBES : 0, &row);
	}
	subject_free(&subject);
	return r;
}

int
bench_deciding(const struct bench_effort *e, struct bench_report *report)
{
	cleanup_free struct probe *probe = xcalloc(PROBES, sizeof(*probe));
	struct section s = { .effort = e, .report = report, .probe = probe };
	struct host host;
	int r = 0;

	host_init(&host, NULL);
	s.floor = host_floor(&host);
	if (!s.floor)
		r = -1;
	for (size_t i = 0; !r && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		r = measure_kind(&s, &kinds[i], true);
		r = r ? r : measure_kind(&s, &kinds[i], false);
	}
	for (size_t i = 0; !r && i < sizeof(long_kinds) / sizeof(long_kinds[0]); i++)
		r = measure_lengths(&s, &long_kinds[i]);
	host_free(&host);
	return r;
}

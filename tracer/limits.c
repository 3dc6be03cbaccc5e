/* SPDX-License-Identifier: ISC */
#include "tracer/limits.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/strbuf.h"

static const struct kind {
	const char *name;
	int resource;
	bool bytes;		/* takes k, m, g, t */
} kinds[] = {
	{ "as", RLIMIT_AS, true }, { "cpu", RLIMIT_CPU, false }, { "data", RLIMIT_DATA, true },
	{ "fsize", RLIMIT_FSIZE, true }, { "memlock", RLIMIT_MEMLOCK, true }, { "nofile", RLIMIT_NOFILE, false },
	{ "nproc", RLIMIT_NPROC, false }, { "stack", RLIMIT_STACK, true },
};
enum { NKINDS = sizeof(kinds) / sizeof(kinds[0]) };

static int
refuse(const char *text, size_t len, const char *why)
{
	char mem[160];
	struct strbuf b = STRBUF(mem);

	strbuf_quote(&b, text, len, 60);
	warn("--limit: %s: %s", b.s, why);
	return -EINVAL;
}

static const struct kind *
find(const char *name, size_t len)
{
	for (size_t i = 0; i < NKINDS; i++)
		if (strlen(kinds[i].name) == len && !memcmp(kinds[i].name, name, len))
			return &kinds[i];
	return NULL;
}

/* The shift of a letter behind a number of bytes; -1: there is no such letter. */
static int
shift_of(char letter)
{
	static const char letters[] = "kmgt";
	const char *at = letter ? strchr(letters, letter | 0x20) : NULL;

	return at ? (int)(at - letters + 1) * 10 : -1;
}

/* p to end: digits, and a letter where it counts bytes. */
static int
read_value(const struct kind *k, const char *p, const char *end, rlim_t *out)
{
	int shift = k->bytes && end > p ? shift_of(end[-1]) : -1;
	const char *stop = shift > 0 ? end - 1 : end;
	rlim_t n = 0;

	if (p == stop)
		return -EINVAL;
	for (; p < stop; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		if (n > (RLIM_INFINITY - 10) / 10)
			return -ERANGE;
		n = n * 10 + (rlim_t)(*p - '0');
	}
	if (shift > 0 && n > RLIM_INFINITY >> shift)
		return -ERANGE;
	*out = shift > 0 ? n << shift : n;
	return 0;
}

/* Who is not root cannot raise what he is limited to. */
static int
check_hard(const struct kind *k, rlim_t value, const char *text, size_t len)
{
	struct rlimit now;

	if (getrlimit(k->resource, &now) == 0 && now.rlim_max != RLIM_INFINITY && value > now.rlim_max)
		return refuse(text, len, "more than tollgate itself is limited to");
	return 0;
}

static int
parse_one(const char *text, size_t len, struct limits *l)
{
	const char *equal = memchr(text, '=', len);
	const struct kind *k = equal ? find(text, (size_t)(equal - text)) : NULL;
	rlim_t value;
	int err;

	if (!equal)
		return refuse(text, len, "it is written NAME=VALUE");
	if (!k)
		return refuse(text, (size_t)(equal - text), "not a limit: as, cpu, data, fsize, memlock, nofile, nproc or stack");
	err = read_value(k, equal + 1, text + len, &value);
	if (err)
		return refuse(text, len, err == -ERANGE ? "too large" :
		    k->bytes ? "not a number of bytes, or of k, m, g or t" : "not a number");
	if (l->n == MOST_LIMITS)
		return refuse(text, len, "too many limits");
	err = check_hard(k, value, text, len);
	if (err)
		return err;
	l->of[l->n].resource = k->resource;
	l->of[l->n].value = (struct rlimit){ value, value };
	/* The program hears of it first, by SIGXCPU. */
	if (k->resource == RLIMIT_CPU)
		l->of[l->n].value.rlim_max = value + 1;
	l->n++;
	return 0;
}

int
limits_parse(const struct opt_list *texts, struct limits *l)
{
	l->n = 0;
	for (size_t i = 0; i < texts->n; i++) {
		for (const char *p = texts->v[i];; p++) {
			size_t len = strcspn(p, ",");

			if (parse_one(p, len, l))
				return -EINVAL;
			p += len;
			if (!*p)
				break;
		}
	}
	return 0;
}

/* The C library asks for prlimit64, which came with 2.6.36. */
static int
set(int resource, const struct rlimit *value)
{
	if (setrlimit(resource, value) == 0)
		return 0;
#ifdef SYS_setrlimit
	if (errno == ENOSYS && sizeof(long) == sizeof(rlim_t) && syscall(SYS_setrlimit, resource, value) == 0)
		return 0;
#endif
	return -errno;
}

int
limits_apply(const struct limits *l)
{
	int err = set(RLIMIT_CORE, &(struct rlimit){ 0, 0 });

	for (size_t i = 0; !err && i < l->n; i++)
		err = set(l->of[i].resource, &l->of[i].value);
	return err;
}

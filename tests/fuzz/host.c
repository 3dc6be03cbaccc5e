/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "lib/strbuf.h"
#include "tests/fuzz/fuzz.h"

static struct policy_errors errors;

uint8_t
input_byte(struct input *in)
{
	if (!in->n)
		return 0;
	in->n--;
	return *in->p++;
}

struct input
input_part(struct input *in, uint8_t end)
{
	struct input part = *in;
	const uint8_t *stop = in->n ? memchr(in->p, end, in->n) : NULL;

	if (stop)
		part.n = (size_t)(stop - in->p);
	in->p += part.n + (stop != NULL);
	in->n -= part.n + (stop != NULL);
	return part;
}

/* Up to a line "%%", which is used up. */
static struct input
next_text(struct input *in)
{
	struct input text = *in;

	for (text.n = 0; in->n;) {
		struct input line = input_part(in, '\n');

		if (line.n == 2 && !memcmp(line.p, "%%", 2))
			break;
		text.n = (size_t)(in->p - text.p);
	}
	return text;
}

static int
give(const struct input *t, const char *name, const char **text, size_t *len, const char **shown)
{
	if (!t->n)
		return -ENOENT;
	*text = (const char *)t->p;
	*len = t->n;
	*shown = name;
	return 0;
}

static int
host_read(void *ctx, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	struct fuzz_host *h = ctx;
	const char *names = "mab", *found = name[0] && !name[1] ? strchr(names, name[0]) : NULL;

	(void)from;
	return found ? give(&h->text[found - names], name, text, len, shown) : -ENOENT;
}

static int
host_read_promise(void *ctx, const char *name, const char **text, size_t *len, const char **shown)
{
	struct fuzz_host *h = ctx;

	return strcmp(name, "stdio") ? -ENOENT : give(&h->text[3], "stdio", text, len, shown);
}

static int
host_read_local(void *ctx, const char *name, unsigned n, const char **text, size_t *len, const char **shown)
{
	struct fuzz_host *h = ctx;

	return strcmp(name, "a") || n ? -ENOENT : give(&h->text[4], "a.local", text, len, shown);
}

static const char *
host_variable(void *ctx, const char *name)
{
	static const struct {
		const char *name, *value;
	} values[] = {
		{ "HOME", "/home/u" }, { "SLASH", "/home/u/" }, { "ROOT", "/" }, { "EMPTY", "" },
		{ "GLOB", "/g/*[x]{a,b}" }, { "1", "/media/clip one.mkv" }, { "2", "/media/b" }, { "NUMBER", "17" },
	};

	(void)ctx;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (!strcmp(values[i].name, name))
			return values[i].value;
	return NULL;
}

/* What is canonical already stays as it is, as in a file system. */
static const char *
host_canonical(void *ctx, const char *path)
{
	static const struct {
		const char *from, *to;
	} links[] = {
		{ "/lib", "/usr/lib" }, { "/link", "/target" }, { "/toroot", "/" },
	};

	(void)ctx;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (!strcmp(links[i].from, path))
			return links[i].to;
	return NULL;
}

static const char *const *
host_promises(void *ctx)
{
	static const char *const names[] = { "stdio", NULL };

	(void)ctx;
	return names;
}

static const char *const *
host_guards(void *ctx)
{
	static const char *const names[] = { "ptrace", "mount", NULL };

	(void)ctx;
	return names;
}

void
fuzz_host_init(struct fuzz_host *h, const uint8_t *bytes, size_t n)
{
	struct input in = { .p = bytes, .n = n };

	h->iface = (struct policy_host){
		.ctx = h,
		.read = host_read,
		.read_promise = host_read_promise,
		.read_local = host_read_local,
		.variable = host_variable,
		.canonical = host_canonical,
		.promises = host_promises,
		.guards = host_guards,
	};
	for (unsigned i = 0; i < FUZZ_TEXTS; i++)
		h->text[i] = next_text(&in);
}

struct policy *
fuzz_load(struct fuzz_host *h, const char *text)
{
	struct policy *p;

	if (text)
		h->text[0] = (struct input){ .p = (const uint8_t *)text, .n = strlen(text) };
	p = policy_load(&h->iface, "m", NULL, &errors);
	MUST((p == NULL) == (errors.count > 0), "%u messages", errors.count);
	MUST(p || errors.text[0], "an error without a message");
	MUST(memchr(errors.text, '\0', sizeof(errors.text)), "messages without an end");
	return p;
}

static void
add_line(void *ctx, const char *text, const struct origin *o)
{
	(void)o;
	fprintf(ctx, "%s\n", text);
}

char *
fuzz_show(const struct policy *p)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	MUST(f, "no memory");
	policy_show(p, add_line, f);
	fclose(f);
	return text;
}

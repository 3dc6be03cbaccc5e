/* SPDX-License-Identifier: ISC */
#include "tracer/choice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/diag.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

void
choice_host(struct choice *c, struct host *h)
{
	static char none[] = "";

	c->argv = xcalloc(c->args.n + 2, sizeof(*c->argv));
	c->argv[0] = c->program ? (char *)c->program : none;
	for (size_t i = 0; i < c->args.n; i++)
		c->argv[i + 1] = (char *)c->args.v[i];
	host_init(h, c->argv);
}

void
choice_free(struct choice *c)
{
	free(c->argv);
	c->argv = NULL;
}

int
choice_complete(struct choice *c, struct host *h)
{
	const char *path = c->program ? host_find_program(h, c->program) : NULL;
	const char *name;
	char mem[256];
	struct strbuf b = STRBUF(mem);

	if (c->policies.n)
		return 0;
	if (!c->program) {
		warn("no policy: name one with -p, or its program with --program");
		return -ENOENT;
	}
	name = host_find_by_program(h, path ? path : c->program);
	if (name) {
		opt_list_add(&c->policies, name);
		return 0;
	}
	strbuf_quote(&b, c->program, strlen(c->program), 200);
	warn("no policy is for the program %s (see tollgate list policies)", b.s);
	return -ENOENT;
}

const char *
choice_grants(const struct choice *c, struct host *h)
{
	return host_grants(h, &c->ro, &c->rw, &c->connect);
}

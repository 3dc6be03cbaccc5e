/* SPDX-License-Identifier: ISC */
#include "tracer/check_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const exposure_levels[] = {
	[EXPOSURE_GRAVE] = "grave", [EXPOSURE_NOTABLE] = "notable", [EXPOSURE_PLAIN] = "plain",
};

#ifdef HAVE_JANSSON

#include <jansson.h>

#include "lib/strbuf.h"
#include "lib/xalloc.h"

struct check_json {
	json_t *policies;
	json_t *findings, *exposure;	/* of the last policy, which owns them */
};

struct check_json *
check_json_new(void)
{
	struct check_json *j = xcalloc(1, sizeof(*j));

	j->policies = json_array();
	return j;
}

void
check_json_free(struct check_json *j)
{
	if (j)
		json_decref(j->policies);
	free(j);
}

/* Names of files can be any bytes; JSON has text. */
static json_t *
escaped(const char *s)
{
	char text[4096];
	struct strbuf b = STRBUF(text);

	strbuf_escape(&b, s, strlen(s), "");
	return json_string(text);
}

static json_t *
place(const struct origin *o)
{
	if (!o || !o->file)
		return json_null();
	return json_pack("{s:o, s:i, s:o}", "file", escaped(o->file), "line", (int)o->line,
	    "via", o->via ? escaped(o->via) : json_null());
}

void
check_json_policy(struct check_json *j, const char *name, bool loads)
{
	j->findings = json_array();
	j->exposure = json_array();
	json_array_append_new(j->policies, json_pack("{s:o, s:b, s:o, s:o}", "policy", escaped(name), "loads", (int)loads,
	    "findings", j->findings, "exposure", j->exposure));
}

void
check_json_finding(struct check_json *j, const char *kind, const struct origin *o, const char *text)
{
	json_array_append_new(j->findings, json_pack("{s:s, s:o, s:o}",
	    "kind", kind, "where", place(o), "text", escaped(text)));
}

void
check_json_exposure(struct check_json *j, const struct exposure *e)
{
	json_t *where = json_array();

	for (size_t i = 0; i < e->nwhere; i++)
		json_array_append_new(where, place(e->where[i]));
	json_array_append_new(j->exposure, json_pack("{s:s, s:s, s:o, s:s?, s:o}", "level", exposure_levels[e->level],
	    "topic", e->topic, "text", escaped(e->text), "phase", e->phase, "where", where));
}

void
check_json_print(const struct check_json *j)
{
	json_t *all = json_pack("{s:i, s:O}", "version", 1, "policies", j->policies);

	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

#else

struct check_json *
check_json_new(void)
{
	return NULL;
}

void
check_json_free(struct check_json *j)
{
	(void)j;
}

void
check_json_policy(struct check_json *j, const char *name, bool loads)
{
	(void)j, (void)name, (void)loads;
}

void
check_json_finding(struct check_json *j, const char *kind, const struct origin *o, const char *text)
{
	(void)j, (void)kind, (void)o, (void)text;
}

void
check_json_exposure(struct check_json *j, const struct exposure *e)
{
	(void)j, (void)e;
}

void
check_json_print(const struct check_json *j)
{
	(void)j;
}

#endif

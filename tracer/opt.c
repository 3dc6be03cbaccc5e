/* SPDX-License-Identifier: ISC */
#include "tracer/opt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/policy.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

/* An option as it was written, for messages, and the value that goes with it. */
struct given {
	const struct option_row *row;
	const char *text;	/* "--policy", "-p" */
	size_t len;
	const char *value;
	struct opt_error *error;
};

static const struct option_row help_row = {
	"help", 'h', OPT_FLAG, 0, NULL, "show this text", NULL, 0, 0,
};

static int parse_long(const struct option_row *, void *, char **argv, int *i, struct opt_error *);
static int parse_letters(const struct option_row *, void *, char **argv, int *i, struct opt_error *);

int
options_parse(const struct option_row *rows, void *options, int argc, char **argv, struct opt_error *error)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char *word = argv[i];
		int r;

		if (word[0] != '-' || word[1] == '\0')
			break;
		if (!strcmp(word, "--"))
			return i + 1;
		r = (word[1] == '-' ? parse_long : parse_letters)(rows, options, argv, &i, error);
		if (r)
			return r;
	}
	return i;
}

void
opt_list_add(struct opt_list *list, const char *value)
{
	xgrow(&list->v, list->n, &list->cap, sizeof(*list->v));
	list->v[list->n++] = value;
}

void
opt_list_free(struct opt_list *list)
{
	free(list->v);
	memset(list, 0, sizeof(*list));
}

void
options_free(const struct option_row *rows, void *options)
{
	for (; rows->kind != OPT_END; rows++)
		if (rows->kind == OPT_LIST)
			opt_list_free((void *)((char *)options + rows->offset));
}

/* Errors */

/* Escapes n bytes of the user's into the caller's buffer. */
static const char *
quoted(char *mem, size_t size, const char *bytes, size_t n)
{
	struct strbuf b;

	strbuf_init(&b, mem, size);
	strbuf_escape(&b, bytes, n, "");
	return mem;
}

static int __attribute__((format(printf, 2, 3)))
wrong(struct opt_error *error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, ap);
	va_end(ap);
	return OPT_WRONG;
}

static int
wrong_value(const struct given *g, const char *wanted)
{
	char opt[128], value[128];

	return wrong(g->error, "option %s: \"%s\" is not %s",
	    quoted(opt, sizeof(opt), g->text, g->len),
	    quoted(value, sizeof(value), g->value, strlen(g->value)), wanted);
}

/* The one option that begins so; NULL when there is none or a choice. */
static const char *
beginning_with(const char *word, const char *const *words)
{
	const char *found = NULL;

	for (; *words; words++) {
		if (strncmp(*words, word, strlen(word)) != 0)
			continue;
		if (found)
			return NULL;
		found = *words;
	}
	return found;
}

const char *
option_near(const struct option_row *rows, const char *name, size_t len)
{
	const char *words[64] = { help_row.name }, *near;
	char word[128];
	size_t n = 1;

	for (; rows->kind != OPT_END; rows++)
		if (rows->name && n < sizeof(words) / sizeof(words[0]) - 1)
			words[n++] = rows->name;
	snprintf(word, sizeof(word), "%.*s", (int)len, name);
	near = *word ? beginning_with(word, words) : NULL;
	return near ? near : nearest_word(word, words);
}

static int
unknown_long(const struct option_row *rows, const char *name, size_t len, struct opt_error *error)
{
	const char *near = option_near(rows, name, len);
	char mem[128];

	quoted(mem, sizeof(mem), name, len);
	if (near)
		return wrong(error, "unknown option --%s; did you mean --%s?", mem, near);
	return wrong(error, "unknown option --%s", mem);
}

/* Values */

static int
take_flag(const struct given *g, void *target)
{
	(void)g;
	*(bool *)target = true;
	return 0;
}

static int
take_string(const struct given *g, void *target)
{
	*(const char **)target = g->value;
	return 0;
}

static int
take_list(const struct given *g, void *target)
{
	opt_list_add(target, g->value);
	return 0;
}

static int
take_int(const struct given *g, void *target)
{
	char wanted[80];
	char *end;
	long v;

	errno = 0;
	v = strtol(g->value, &end, 10);
	if (errno || end == g->value || *end || v < g->row->min || v > g->row->max) {
		snprintf(wanted, sizeof(wanted), "a number from %d to %d", g->row->min, g->row->max);
		return wrong_value(g, wanted);
	}
	*(int *)target = (int)v;
	return 0;
}

/* Decimal digits and one point; strtod(3) would also take "inf", "nan", hex and the locale's comma. */
static int
take_seconds(const struct given *g, void *target)
{
	double v = 0, unit = 1;
	bool digits = false, point = false;
	const char *p;

	for (p = g->value; *p; p++) {
		if (*p == '.' && !point) {
			point = true;
		} else if (*p >= '0' && *p <= '9') {
			digits = true;
			unit = point ? unit / 10 : 1;
			v = point ? v + (*p - '0') * unit : v * 10 + (*p - '0');
		} else {
			break;
		}
	}
	if (*p == 's' && p[1] == '\0')
		p++;
	if (*p || !digits || !(v > 0) || v > 1e9)
		return wrong_value(g, "a number of seconds above zero");
	*(double *)target = v;
	return 0;
}

static int
take_choice(const struct given *g, void *target)
{
	size_t len = strlen(g->value);
	const char *p = g->row->choices;
	char wanted[128];

	for (int i = 0; *p; i++) {
		size_t n = strcspn(p, "|");

		if (n == len && !memcmp(p, g->value, n)) {
			*(int *)target = i;
			return 0;
		}
		p += n + (p[n] == '|');
	}
	snprintf(wanted, sizeof(wanted), "one of %s", g->row->choices);
	return wrong_value(g, wanted);
}

static const struct {
	bool has_value;
	int (*take)(const struct given *, void *target);
} kinds[] = {
	[OPT_FLAG]	= { false, take_flag },
	[OPT_STRING]	= { true, take_string },
	[OPT_LIST]	= { true, take_list },
	[OPT_INT]	= { true, take_int },
	[OPT_SECONDS]	= { true, take_seconds },
	[OPT_CHOICE]	= { true, take_choice },
};

/* Syntax */

/* The value that stands in the next word.  "--" is no value: it is what a forgotten one looks like. */
static int
next_word(struct given *g, char **argv, int *i)
{
	char opt[128];

	if (!argv[*i + 1] || !strcmp(argv[*i + 1], "--"))
		return wrong(g->error, "option %s needs a value (%s)",
		    quoted(opt, sizeof(opt), g->text, g->len), g->row->arg);
	g->value = argv[++*i];
	return 0;
}

static int
take(const struct given *g, void *options)
{
	if (g->row == &help_row)
		return OPT_WANTS_HELP;
	return kinds[g->row->kind].take(g, (char *)options + g->row->offset);
}

static const struct option_row *
find_name(const struct option_row *rows, const char *name, size_t len)
{
	for (; rows->kind != OPT_END; rows++)
		if (rows->name && strlen(rows->name) == len && !memcmp(rows->name, name, len))
			return rows;
	return len == strlen(help_row.name) && !memcmp(name, help_row.name, len) ? &help_row : NULL;
}

static const struct option_row *
find_letter(const struct option_row *rows, char letter)
{
	for (; rows->kind != OPT_END; rows++)
		if (rows->letter == letter)
			return rows;
	return letter == help_row.letter ? &help_row : NULL;
}

/* --name, --name=VALUE, --name VALUE */
static int
parse_long(const struct option_row *rows, void *options, char **argv, int *i, struct opt_error *error)
{
	const char *word = argv[*i];
	size_t len = strcspn(word, "=");
	struct given g = { .text = word, .len = len, .error = error };
	char mem[128];
	int r;

	g.row = find_name(rows, word + 2, len - 2);
	if (!g.row)
		return unknown_long(rows, word + 2, len - 2, error);
	if (word[len] == '=')
		g.value = word + len + 1;
	if (!kinds[g.row->kind].has_value && g.value)
		return wrong(error, "option %s takes no value", quoted(mem, sizeof(mem), word, len));
	if (kinds[g.row->kind].has_value && !g.value) {
		r = next_word(&g, argv, i);
		if (r)
			return r;
	}
	return take(&g, options);
}

/* -x, -xy, -xVALUE, -x VALUE */
static int
parse_letters(const struct option_row *rows, void *options, char **argv, int *i, struct opt_error *error)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		const char text[] = { '-', *p, '\0' };
		struct given g = { .text = text, .len = 2, .error = error };
		char mem[16];
		int r;

		g.row = find_letter(rows, *p);
		if (!g.row)
			return wrong(error, "unknown option %s", quoted(mem, sizeof(mem), text, 2));
		if (!kinds[g.row->kind].has_value) {
			r = take(&g, options);
			if (r)
				return r;
			continue;
		}
		if (p[1])
			g.value = p + 1;
		r = g.value ? 0 : next_word(&g, argv, i);
		return r ? r : take(&g, options);
	}
	return 0;
}

/* Help */

enum { LINE = 80, LEFT_MAX = 30 };

static void
left_column(const struct option_row *row, struct strbuf *b)
{
	if (row->letter)
		strbuf_addf(b, "  -%c%s", row->letter, row->name ? ", " : "");
	else
		strbuf_add(b, "      ");
	if (row->name)
		strbuf_addf(b, "--%s", row->name);
	if (row->arg)
		strbuf_addf(b, " %s", row->arg);
}

void
help_line(FILE *f, const char *left, size_t column, const char *text)
{
	size_t at = (size_t)fprintf(f, "%s", left);

	if (at + 2 > column) {
		fprintf(f, "\n%*s", (int)column, "");
		at = column;
	}
	for (bool first = true; *text; first = false) {
		size_t n = strcspn(text, " ");

		if (!first && at + 1 + n >= LINE) {
			fprintf(f, "\n%*s", (int)column, "");
			at = column;
		} else if (!first || at < column) {
			size_t gap = at < column ? column - at : 1;

			fprintf(f, "%*s", (int)gap, "");
			at += gap;
		}
		fprintf(f, "%.*s", (int)n, text);
		at += n;
		text += n + (text[n] == ' ');
	}
	fputc('\n', f);
}

static void
help_row_line(const struct option_row *row, size_t column, FILE *f)
{
	char mem[80], text[256];
	struct strbuf left;

	strbuf_init(&left, mem, sizeof(mem));
	left_column(row, &left);
	if (row->choices)
		snprintf(text, sizeof(text), "%s: %s", row->help, row->choices);
	else
		snprintf(text, sizeof(text), "%s", row->help);
	help_line(f, left.s, column, text);
}

void
options_help(const struct option_row *rows, FILE *f)
{
	size_t column = 0;

	for (const struct option_row *row = rows; row->kind != OPT_END; row++) {
		char mem[80];
		struct strbuf left;

		strbuf_init(&left, mem, sizeof(mem));
		left_column(row, &left);
		if (left.len + 2 > column && left.len + 2 <= LEFT_MAX)
			column = left.len + 2;
	}
	if (column < sizeof("  -h, --help") + 1)
		column = sizeof("  -h, --help") + 1;
	for (const struct option_row *row = rows; row->kind != OPT_END; row++)
		help_row_line(row, column, f);
	help_row_line(&help_row, column, f);
}

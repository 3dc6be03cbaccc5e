/* SPDX-License-Identifier: ISC */
#ifndef TG_OPT_H
#define TG_OPT_H

#include <stddef.h>
#include <stdio.h>

/*
 * Options as rows of a table: parsing, validation and --help all come from
 * the row, the values go to a struct of the command's own.
 */
enum opt_kind {
	OPT_END,	/* of the table; the zero value */
	OPT_FLAG,	/* bool */
	OPT_STRING,	/* const char *, borrowed from argv */
	OPT_LIST,	/* struct opt_list: may be given again and again */
	OPT_INT,	/* int, min to max */
	OPT_SECONDS,	/* double, above zero, fractions allowed */
	OPT_CHOICE,	/* int: index of the word in choices */
};

struct option_row {
	const char *name;	/* "policy"; NULL when there is only a letter */
	char letter;		/* 'p'; 0 when there is only a name */
	enum opt_kind kind;
	size_t offset;		/* of the target in the command's options */
	const char *arg;	/* what --help calls the value; NULL for a flag */
	const char *help;
	const char *choices;	/* OPT_CHOICE: "text|json" */
	int min, max;		/* OPT_INT */
};

/* Everything a repeated option was given, in order; the text is borrowed from argv. */
struct opt_list {
	const char **v;
	size_t n, cap;
};
void opt_list_add(struct opt_list *, const char *value);
void opt_list_free(struct opt_list *);

/* What options_parse() returns when it is not an index. */
enum { OPT_WANTS_HELP = -1, OPT_WRONG = -2 };

struct opt_error {
	char text[512];		/* foreign bytes escaped */
};

/*
 * Parses argv[1] and on until "--" or the first operand, and stores into
 * *options, which holds the defaults.  The index of the first operand;
 * OPT_WANTS_HELP on -h or --help, which every table has; or OPT_WRONG and the
 * text of the error.
 */
int options_parse(const struct option_row *, void *options, int argc, char **argv, struct opt_error *);

/* The option that was meant by a name that is none: the one that begins so, or the nearest; NULL when there is none. */
const char *option_near(const struct option_row *, const char *name, size_t len);

/* Frees what options_parse() allocated inside *options. */
void options_free(const struct option_row *, void *options);

/* The rows as --help shows them, --help itself last. */
void options_help(const struct option_row *, FILE *);

/* Help text from a column on, behind what stands left of it; wrapped at 80 columns. */
void help_line(FILE *, const char *left, size_t column, const char *text);

#endif

/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tracer/profile.h"

/*
 * Profiles have unsigned words, jansson's integers have a sign: what is too
 * large for them becomes the negative number of the same bits.  That can be one
 * byte longer; a blank before it makes room, so that what follows stays in its
 * column.  Returns what was written.
 */
static size_t
fold_number(const char *digits, size_t n, char *out, bool blank)
{
	uint64_t v;
	int used;

	errno = 0;
	v = strtoull(digits, NULL, 10);
	if (errno || v <= INT64_MAX) {
		memcpy(out, digits, n);		/* what does not fit at all jansson refuses, with its place */
		return n;
	}
	used = sprintf(out, "%*lld", (int)n, (long long)v);
	if ((size_t)used > n && blank)
		memmove(out - 1, out, (size_t)used--);
	return (size_t)used;
}

/* strspn(3) in text that need not end. */
static size_t
span(const char *s, size_t len, const char *set)
{
	size_t n = 0;

	while (n < len && s[n] && strchr(set, s[n]))
		n++;
	return n;
}

char *
profile_fold_numbers(const char *text, size_t *len)
{
	char *out = xmalloc(2 * *len + 32);
	bool quoted = false;
	size_t used = 0;

	for (size_t i = 0; i < *len;) {
		size_t n = quoted ? 0 : span(text + i, *len - i, "0123456789+-.eE");

		if (n && span(text + i, n, "0123456789") == n) {
			used += fold_number(text + i, n, out + used, used && out[used - 1] == ' ');
			i += n;
			continue;
		}
		n = n ? n : quoted && text[i] == '\\' && i + 1 < *len ? 2 : 1;
		quoted ^= text[i] == '"';
		memcpy(out + used, text + i, n);
		used += n;
		i += n;
	}
	*len = used;
	return out;
}

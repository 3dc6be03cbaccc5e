/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "engine/policy.h"

enum { MAXWORD = 48 };

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Did two neighbours change places? */
static bool
swapped(const char *a, const char *b, size_t i, size_t j)
{
	return i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
}

/* Edits between two words: letters added, lost, changed, or neighbours swapped. */
static unsigned
distance(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned row[3][MAXWORD + 1];

	for (size_t j = 0; j <= blen; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= alen; i++) {
		unsigned *now = row[i % 3], *before = row[(i + 2) % 3], *older = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= blen; j++) {
			unsigned changed = before[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));

			now[j] = least(changed, least(before[j], now[j - 1]) + 1);
			if (swapped(a, b, i, j))
				now[j] = least(now[j], older[j - 2] + 1);
		}
	}
	return row[alen % 3][blen];
}

/* How far a word may be off: short ones hardly. */
static unsigned
tolerance(size_t len)
{
	return len < 4 ? 1 : len < 8 ? 2 : 3;
}

const char *
nearest_word(const char *word, const char *const *words)
{
	size_t len = strlen(word);
	unsigned best = tolerance(len) + 1;
	const char *nearest = NULL;

	if (!words || !len || len > MAXWORD)
		return NULL;
	for (; *words; words++) {
		size_t n = strlen(*words);
		unsigned d;

		if (n > MAXWORD || n + best <= len || len + best <= n)
			continue;
		d = distance(word, len, *words, n);
		if (d < best && d < len) {
			best = d;
			nearest = *words;
		}
	}
	return nearest;
}

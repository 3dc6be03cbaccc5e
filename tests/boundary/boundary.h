/* SPDX-License-Identifier: ISC */
#ifndef TG_BOUNDARY_H
#define TG_BOUNDARY_H

/*
 * What the driver and the program that it has attack share: a tally in memory,
 * and what secrets look like.  A secret can be told from any other text without
 * knowing it, so that the program has none in its memory that it did not read.
 *
 * Counters have 32 bits: the program is built for both widths.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { TALLY_FD = 200, TALLY_NRS = 1152, TALLY_LEAKS = 8, LEAK_TEXT = 160 };
enum { SECRET_HEAD = 3, SECRET_TEXT = 16, SECRET_CHECK = 8, SECRET_LEN = SECRET_HEAD + SECRET_TEXT + SECRET_CHECK };

enum abi { ABI_NATIVE, ABI_INT80, ABI_X32, ABIS };

struct abi_tally {
	uint32_t calls, allowed, refused;	/* the rest failed in another way */
	uint32_t seen[TALLY_NRS / 32];		/* a bit for each number */
	uint32_t wild;				/* calls with other numbers */
};

struct tally {
	struct abi_tally abi[ABIS];
	uint32_t turns;				/* that this moves says that it goes on */
	uint32_t workers, died, stuck, children, execs, repaired;
	uint32_t leaks, ran;
	char leak[TALLY_LEAKS][LEAK_TEXT];
	uint32_t good_port, bad_port, main_pid;
	uint32_t salt;				/* of this run's secrets */
	char box[256];
};

static inline void
count(uint32_t *n)
{
	__atomic_add_fetch(n, 1, __ATOMIC_RELAXED);
}

/* What a run before has found, and left somewhere, is no secret of this one's. */
static uint32_t secret_salt;

static inline uint32_t
salt_of(uint64_t seed)
{
	return (uint32_t)(seed >> 17);
}

/* The first mark of a secret; its bytes are not beside each other in the program. */
static inline bool
secret_begins(const char *s)
{
	return s[0] == 't' && s[1] == 'g' && s[2] == '!';
}

/* What the last digits of a secret must be. */
static inline uint32_t
secret_check(const char *text, unsigned len)
{
	uint32_t h = 2166136261u ^ secret_salt;

	for (unsigned i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619u;
	return h ^ 0x746f6c6cu;
}

static inline bool
secret_is(const char *s)
{
	uint32_t sum = 0;

	if (!secret_begins(s))
		return false;
	for (unsigned i = 0; i < SECRET_CHECK; i++) {
		char c = s[SECRET_HEAD + SECRET_TEXT + i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		sum = sum << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return sum == secret_check(s + SECRET_HEAD, SECRET_TEXT);
}

/* A size of a file that says the same: 2^55 and some, 20 bits of chance, 20 bits that go with them. */
static inline uint64_t
size_check(uint64_t chance)
{
	return ((chance ^ secret_salt) * 0x9e3779b97f4a7c15u) >> 44;
}

static inline uint64_t
size_secret(uint64_t chance)
{
	return (uint64_t)0x5ec3 << 40 | (chance & 0xfffff) << 20 | size_check(chance & 0xfffff);
}

static inline bool
size_is_secret(uint64_t v)
{
	return v >> 40 == 0x5ec3 && (v & 0xfffff) == size_check(v >> 20 & 0xfffff);
}

/* xorshift: numbers that a seed gives. */
static inline uint64_t
chance_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Seeds that are near each other become ones that are not; never 0. */
static inline uint64_t
chance_seed(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) | 1;
}

#endif

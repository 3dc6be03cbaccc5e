/* SPDX-License-Identifier: ISC */
#ifndef TG_FUZZ_H
#define TG_FUZZ_H

/*
 * What the harnesses share.  Each is one function from bytes to 0 that ends the
 * program when something that always holds does not: a fuzzer looks for bytes
 * for which it does, replay.c tries the bytes of tests/fuzz/corpus.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/policy_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Ends the program unless it holds; says what did not, and about what. */
#define MUST(holds, ...) do { \
	if (!(holds)) { \
		fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds); \
		fprintf(stderr, __VA_ARGS__); \
		fputc('\n', stderr); \
		abort(); \
	} \
} while (0)

/* Bytes that are used up one after the other; past their end they are zero. */
struct input {
	const uint8_t *p;
	size_t n;
};
uint8_t input_byte(struct input *);
/* What is left before the next byte `end`, which is used up with it. */
struct input input_part(struct input *, uint8_t end);

/*
 * Texts of policies: an input is cut at lines that are "%%".  The first text is
 * the policy, the others are what it can include ("a", "b"), the promise
 * "stdio", and what is added to "a".
 */
enum { FUZZ_TEXTS = 5, FUZZ_LONGEST = 1 << 14 };
struct fuzz_host {
	struct policy_host iface;	/* its ctx is this struct: it must not move */
	struct input text[FUZZ_TEXTS];
};
void fuzz_host_init(struct fuzz_host *, const uint8_t *, size_t n);
/* The first text, or the one given; NULL when it is wrong. */
struct policy *fuzz_load(struct fuzz_host *, const char *text);

/* All lines of policy_show(); free(3) it. */
char *fuzz_show(const struct policy *);

/*
 * Calls each(ctx, event) for events that the policy's rules are about: objects
 * that match their patterns and such as nearly do, arguments that their
 * conditions name, with callers and without.
 */
typedef void fuzz_event(void *ctx, const struct sysevent *);
void fuzz_events(const struct policy *, fuzz_event *each, void *ctx);

/* Ends the program unless both decide alike on all events of the first. */
void fuzz_must_decide_alike(const struct policy *, const struct policy *, const char *about);

#endif

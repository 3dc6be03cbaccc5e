/* SPDX-License-Identifier: ISC */
/*
 * Policies of any bytes in canonical form: that of a canonical form is itself,
 * and means what the text meant.
 */
#include "tests/fuzz/fuzz.h"

static struct policy_errors errors;

/* Both load, and show themselves alike; or neither does. */
static void
check_meaning(struct fuzz_host *h, const char *text)
{
	struct policy *p = fuzz_load(h, NULL), *q = fuzz_load(h, text);
	char *a = p ? fuzz_show(p) : NULL, *b = q ? fuzz_show(q) : NULL;

	MUST(!p == !q, "one is right, the other is wrong:\n%s", text);
	MUST(!p || !strcmp(a, b), "in canonical form\n%s\nit was\n%s\nand is\n%s", text, a, b);
	free(a);
	free(b);
	policy_free(p);
	policy_free(q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz_host host;
	char *once, *twice;
	size_t len, again;

	if (n > FUZZ_LONGEST)
		return 0;
	fuzz_host_init(&host, bytes, n);
	once = policy_fmt((const char *)host.text[0].p, host.text[0].n, "m", &len, &errors);
	if (!once) {
		MUST(errors.text[0], "refused without a message");
		return 0;
	}
	twice = policy_fmt(once, len, "m", &again, &errors);
	MUST(twice, "its own form is refused: %s\n%s", errors.text, once);
	MUST(len == again && !memcmp(once, twice, len), "first\n%s\nthen\n%s", once, twice);
	check_meaning(&host, once);
	free(once);
	free(twice);
	return 0;
}

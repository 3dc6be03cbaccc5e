/* SPDX-License-Identifier: ISC */
/*
 * Policies of any bytes in canonical form: that of a canonical form is itself,
 * and means what the text meant.
 */
#include "tests/fuzz/fuzz.h"

static struct policy_errors errors;

/* Both load, and show themselves alike; or neither does. */
static void
check_meaning(struct fuzz_host *h, struct policy *p, const char *text)
{
	struct policy *q = fuzz_load(h, text);
	char *a = p ? fuzz_show(p) : NULL, *b = q ? fuzz_show(q) : NULL;

	MUST(!p == !q, "one is right, the other is wrong:\n%s", text);
	MUST(!p || !strcmp(a, b), "in canonical form\n%s\nit was\n%s\nand is\n%s", text, a, b);
	free(a);
	free(b);
	policy_free(q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz_host host;
	struct policy *p;
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
	p = fuzz_load(&host, NULL);
	twice = policy_fmt(once, len, "m", &again, &errors);
	/* What no policy is can be right as far as syntax goes, and not be any more in another line. */
	MUST(twice || !p, "its own form is refused: %s\n%s", errors.text, once);
	MUST(!twice || (len == again && !memcmp(once, twice, len)), "first\n%s\nthen\n%s", once, twice);
	check_meaning(&host, p, once);
	policy_free(p);
	free(once);
	free(twice);
	return 0;
}

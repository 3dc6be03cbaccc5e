/* SPDX-License-Identifier: ISC */
/* Profiles for containers, of any bytes: an error with a message, or a policy that loads. */
#include "tests/fuzz/fuzz.h"
#include "tracer/profile.h"

static const char *
guard_of(void *ctx, enum sys_id id)
{
	(void)ctx;
	return id == SYS_ID_mount ? "mount" : id == SYS_ID_ptrace ? "ptrace" : NULL;
}

static void
check_written(const struct profile *p)
{
	struct fuzz_host host;
	struct policy *policy;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	MUST(f, "no memory");
	profile_write(p, "profile", "p", guard_of, NULL, f);
	fclose(f);
	fuzz_host_init(&host, NULL, 0);
	policy = fuzz_load(&host, text);
	MUST(policy, "what was written does not load:\n%s", text);
	policy_free(policy);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const arch[] = { "amd64", "x86", NULL };
	static const char *caps[] = { "CAP_SYS_ADMIN" };
	static const struct opt_list list = { .v = caps, .n = 1 };
	const struct profile_for who = { .arch = arch, .caps = &list };
	struct profile_error error = { .text = "" };
	struct profile p;
	int r;

	if (n > FUZZ_LONGEST)
		return 0;
	memset(&p, 0, sizeof(p));
	r = profile_read(&p, (const char *)bytes, n, &who, &error);
	MUST(!r || error.text[0], "refused without a message");
	if (!r)
		check_written(&p);
	profile_free(&p);
	return 0;
}

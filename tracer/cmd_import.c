/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "engine/policy.h"
#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "tracer/command.h"
#include "tracer/host.h"
#include "tracer/profile.h"

enum { FINE, WRONG = 2 };

struct import_options {
	const char *name;
	struct opt_list caps;
};

#define AT(member)	offsetof(struct import_options, member)

static const struct option_row rows[] = {
	{ .name = "name", .kind = OPT_STRING, .offset = AT(name), .arg = "PROGRAM",
	  .help = "write a policy that is for PROGRAM" },
	{ .name = "cap", .kind = OPT_LIST, .offset = AT(caps), .arg = "CAPABILITY",
	  .help = "pick the entries for who has CAPABILITY, such as CAP_SYS_CHROOT; without it, for who has none" },
	{ .kind = OPT_END },
};

static int exec_import(void *options, int argc, char **argv);

const struct command cmd_import = {
	.name = "import",
	.usage = "[OPTION]... FILE|-",
	.summary = "make a policy of a seccomp profile for containers",
	.examples =
	    "tollgate import /usr/share/containers/seccomp.json >mine.policy\n"
	    "tollgate import --cap CAP_SYS_CHROOT --name sshd default.json",
	.options = rows,
	.options_size = sizeof(struct import_options),
	.exec = exec_import,
	.usage_status = WRONG,
};

/* How profiles call the ABIs of a machine. */
static const struct {
	const char *abi, *name;
} arch_words[] = {
	{ "x86_64", "amd64" },
	{ "i386", "x86" },
	{ "aarch64", "arm64" },
	{ "arm", "arm" },
};
enum { NARCHES = sizeof(arch_words) / sizeof(arch_words[0]) };

static void
find_arch_words(const char *out[NARCHES + 1])
{
	const struct arch *arch = arch_native();
	size_t n = 0;

	for (size_t i = 0; i < arch->nabis; i++)
		for (size_t k = 0; k < NARCHES; k++)
			if (!strcmp(arch->abis[i].name, arch_words[k].abi))
				out[n++] = arch_words[k].name;
	out[n] = NULL;
}

/* A host whose only file is the text that was just made. */
struct made {
	const char *text;
	size_t len;
};

static int
read_made(void *ctx, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	const struct made *m = ctx;

	(void)from;
	*shown = name;
	*text = m->text;
	*len = m->len;
	return 0;
}

static const char *
no_value(void *ctx, const char *name)
{
	(void)ctx;
	(void)name;
	return NULL;
}

static const char *
same_path(void *ctx, const char *path)
{
	(void)ctx;
	(void)path;
	return NULL;
}

static struct policy *
load_text(const char *text, size_t len, struct policy_errors *errors)
{
	struct made m = { .text = text, .len = len };
	const struct policy_host host = {
		.ctx = &m, .read = read_made, .variable = no_value, .canonical = same_path,
	};

	return policy_load(&host, "the policy", NULL, errors);
}

/* Who would be refused by the floor alone. */
struct guarding {
	const struct policy *floor, *open;
};

static const char *
guard_of(void *ctx, enum sys_id id)
{
	const struct guarding *g = ctx;
	const struct layer layer = { .policy = g->open };
	struct sysevent ev = { .id = id, .abi = "", .wordsize = 8 };
	struct verdict v = policy_decide(g->floor, &layer, 1, &ev);

	return v.reason == WHY_FLOOR ? v.unsafe : NULL;
}

/* What was written must be a policy: else that is a fault of tollgate's, and nothing is printed. */
static int
put(const char *text, size_t len)
{
	struct policy_errors errors;
	struct policy *p = load_text(text, len, &errors);

	if (!p) {
		fprintf(stderr, "%s", errors.text);
		warn("the profile comes to no policy");
		return WRONG;
	}
	policy_free(p);
	fwrite(text, 1, len, stdout);
	return FINE;
}

static int
write_policy(const struct import_options *o, const char *file, const struct profile *p, struct host *h)
{
	static const char all[] = "policy 1\ndefault allow\n";
	struct policy_errors errors;
	struct guarding g = { host_floor(h), load_text(all, sizeof(all) - 1, &errors) };
	cleanup_free char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	unsigned lost;
	int status = WRONG;

	if (!f || !g.floor || !g.open)
		die(EXIT_SELF, "out of memory");
	lost = profile_write(p, file, o->name, guard_of, &g, f);
	policy_free(g.open);
	if (fclose(f) == 0)
		status = put(text, len);
	if (status == FINE && lost)
		warn("the comments of this policy say what it leaves out of the profile: %u thing%s",
		    lost, lost > 1 ? "s" : "");
	return status;
}

static int
import(const struct import_options *o, const char *file, struct host *h)
{
	const char *arch[NARCHES + 1];
	const struct profile_for want = { arch, &o->caps };
	bool standard_input = !strcmp(file, "-");
	struct profile_error error;
	struct profile profile;
	const char *text;
	char mem[256];
	struct strbuf b = STRBUF(mem);
	size_t len;
	int err = host_read_file(h, standard_input ? "/dev/stdin" : file, &text, &len);

	strbuf_escape(&b, standard_input ? "standard input" : file, standard_input ? 14 : strlen(file), "");
	if (err) {
		warn_err(-err, "cannot read %s:", b.s);
		return WRONG;
	}
	find_arch_words(arch);
	err = profile_read(&profile, text, len, &want, &error);
	if (err)
		fprintf(stderr, "%s:%s%s\n", b.s, error.text[0] >= '0' && error.text[0] <= '9' ? "" : " ", error.text);
	else
		err = write_policy(o, b.s, &profile, h);
	profile_free(&profile);
	return err ? WRONG : FINE;
}

static int
exec_import(void *options, int argc, char **argv)
{
	static char *const no_program[] = { NULL };
	struct import_options *o = options;
	struct host host;
	int status;

	if (argc != 1)
		return command_misused(&cmd_import, "one profile is imported: a file, or - for standard input");
	host_init(&host, no_program);
	status = import(o, argv[0], &host);
	host_free(&host);
	return status;
}

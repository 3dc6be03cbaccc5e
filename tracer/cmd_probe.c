/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "arch/arch.h"
#include "lib/diag.h"
#include "tracer/command.h"
#include "tracer/features.h"
#include "tracer/filter.h"
#include "tracer/pt.h"
#include "tracer/window.h"

#ifdef HAVE_JANSSON
#include <jansson.h>
#endif

enum { TEXT_COLUMN = 21 };

struct probe_options {
	struct opt_list without;
	bool json;
};

#define AT(member)	offsetof(struct probe_options, member)

static const struct option_row rows[] = {
	{ .name = "without", .kind = OPT_LIST, .offset = AT(without), .arg = "FEATURE",
	  .help = "as if the kernel had not this feature" },
	{ .name = "json", .kind = OPT_FLAG, .offset = AT(json),
	  .help = "print all of it as JSON" },
	{ .kind = OPT_END },
};

static int exec_probe(void *options, int argc, char **argv);

const struct command cmd_probe = {
	.name = "probe",
	.usage = "[OPTION]...",
	.summary = "say what this kernel has, and how tollgate does without the rest",
	.examples = "tollgate probe\ntollgate probe --without syscall-info",
	.options = rows,
	.options_size = sizeof(struct probe_options),
	.exec = exec_probe,
	.usage_status = EXIT_SELF,
};

static void
print_text(const struct utsname *u, const char *wrong)
{
	printf("%s %s, %s\n", u->sysname, u->release, arch_native()->name);
	if (wrong) {
		printf("Nothing can be traced here: %s\n", wrong);
		return;
	}
	for (size_t i = 0; i < nfeatures; i++) {
		const struct feature *f = &features[i];
		bool there = feature_is_there(f);
		char left[48];

		snprintf(left, sizeof(left), "  %-4s %s", there ? "yes" : "no", f->name);
		help_line(stdout, left, TEXT_COLUMN, there ? f->gives : f->without);
	}
}

#ifdef HAVE_JANSSON

static int
print_json(const struct utsname *u, const char *wrong)
{
	json_t *list = json_array(), *all;

	for (size_t i = 0; !wrong && i < nfeatures; i++) {
		const struct feature *f = &features[i];
		bool there = feature_is_there(f);

		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:s}", "name", f->name, "since", f->since,
		    "there", there, "means", there ? f->gives : f->without));
	}
	all = json_pack("{s:s, s:s, s:s?, s:o}", "kernel", u->release, "arch", arch_native()->name, "wrong", wrong, "features", list);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	return 0;
}

#else

static int
print_json(const struct utsname *u, const char *wrong)
{
	(void)u, (void)wrong;
	warn("this tollgate was built without jansson and cannot print JSON");
	return EXIT_SELF;
}

#endif

static int
exec_probe(void *options, int argc, char **argv)
{
	const struct probe_options *o = options;
	struct utsname u;
	const char *wrong;
	unsigned without;
	int status = 0;

	if (argc)
		return command_misused(&cmd_probe, "not an option: %s", argv[0]);
	if (features_named(&o->without, &without))
		return EXIT_SELF;
	uname(&u);
	wrong = pt_probe(without);
	if (!wrong)
		filter_probe(without);
	window_probe(without >> FEATURE_WINDOWS);
	if (o->json)
		status = print_json(&u, wrong);
	else
		print_text(&u, wrong);
	return status ? status : wrong != NULL;
}

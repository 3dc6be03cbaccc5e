/* SPDX-License-Identifier: ISC */
#include "tracer/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

void
profile_note(struct profile *p, char *text)
{
	xgrow(&p->note, p->nnotes, &p->notes_cap, sizeof(*p->note));
	p->note[p->nnotes++] = text;
}

#ifdef HAVE_JANSSON

#include <jansson.h>

/* What is being read, and where in it we are: "syscalls[3].args[0]". */
struct reading {
	struct profile *p;
	const struct profile_for *want;
	struct profile_error *error;
	char at[128];
};

static int wrong(struct reading *, const char *member, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int
wrong(struct reading *r, const char *member, const char *fmt, ...)
{
	struct strbuf b;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	strbuf_init(&b, r->error->text, sizeof(r->error->text));
	strbuf_addf(&b, "%s%s%s: %s", r->at, *r->at && *member ? "." : "", member, text);
	return -EINVAL;
}

/* A word of a closed list; what is none gets the nearest. */
static int
unknown_word(struct reading *r, const char *member, const char *word, const char *const *words)
{
	const char *near = nearest_word(word, words);
	char mem[80];
	struct strbuf b = STRBUF(mem);

	strbuf_quote(&b, word, strlen(word), 50);
	return wrong(r, member, "%s is not known%s%s%s", b.s, near ? "; did you mean \"" : "", near ? near : "",
	    near ? "\"?" : "");
}

/* The member, checked for its type; *out is NULL where it is absent or null. */
static int
member(struct reading *r, json_t *o, const char *name, json_type type, json_t **out)
{
	static const char *const types[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
		[JSON_STRING] = "a string", [JSON_INTEGER] = "a whole number",
	};
	json_t *v = json_object_get(o, name);

	*out = NULL;
	if (!v || json_is_null(v))
		return 0;
	if (json_typeof(v) != type)
		return wrong(r, name, "not %s", types[type]);
	*out = v;
	return 0;
}

static int
text_member(struct reading *r, json_t *o, const char *name, const char **out)
{
	json_t *v;
	int err = member(r, o, name, JSON_STRING, &v);

	*out = v ? json_string_value(v) : NULL;
	return err;
}

static int
number_member(struct reading *r, json_t *o, const char *name, uint64_t *out)
{
	json_t *v;
	int err = member(r, o, name, JSON_INTEGER, &v);

	*out = v ? (uint64_t)json_integer_value(v) : 0;
	return err;
}

static int
check_strings(struct reading *r, json_t *array, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(array, i, v)
		if (!json_is_string(v))
			return wrong(r, name, "element %zu is not a string", i);
	return 0;
}

static int
strings_member(struct reading *r, json_t *o, const char *name, json_t **out)
{
	int err = member(r, o, name, JSON_ARRAY, out);

	return err || !*out ? err : check_strings(r, *out, name);
}

/* A member that nobody knows may be a rule with a slip in its name. */
static int
check_members(struct reading *r, json_t *o, const char *const *known)
{
	const char *key;
	json_t *v;

	json_object_foreach(o, key, v) {
		size_t i = 0;

		while (known[i] && strcmp(known[i], key))
			i++;
		if (!known[i])
			return unknown_word(r, "member", key, known);
	}
	return 0;
}

/* Actions. */

static const char one_thread[] = "the profile kills one thread, tollgate the process";
static const char asks[] =
    "the profile asks another process; tollgate asks who watches, and without a debugger refuses";

static const struct {
	const char *name;
	struct profile_action action;
} actions[] = {
	{ "SCMP_ACT_ALLOW", { .action = ACT_ALLOW } },
	{ "SCMP_ACT_ERRNO", { .action = ACT_DENY } },
	{ "SCMP_ACT_KILL", { .action = ACT_KILL, .note = one_thread } },
	{ "SCMP_ACT_KILL_PROCESS", { .action = ACT_KILL } },
	{ "SCMP_ACT_KILL_THREAD", { .action = ACT_KILL, .note = one_thread } },
	{ "SCMP_ACT_LOG", { .action = ACT_ALLOW, .log = true } },
	{ "SCMP_ACT_NOTIFY", { .action = ACT_ASK, .note = asks } },
	{ "SCMP_ACT_TRACE", { .action = ACT_ASK, .note = asks } },
	{ "SCMP_ACT_TRAP", { .action = ACT_TRAP } },
};
enum { NACTIONS = sizeof(actions) / sizeof(actions[0]) };

static int
find_action(struct reading *r, const char *key, const char *name, struct profile_action *out)
{
	const char *names[NACTIONS + 1] = { NULL };

	for (unsigned i = 0; i < NACTIONS; i++) {
		names[i] = actions[i].name;
		if (strcmp(name, actions[i].name))
			continue;
		*out = actions[i].action;
		return 0;
	}
	return unknown_word(r, key, name, names);
}

/* The keys by which an action and its error go: those of the profile, and those of an entry. */
struct action_keys {
	const char *action, *number, *name;
};

/* EPERM is what the specification says an error is when nothing says which. */
static int
read_error(struct reading *r, json_t *o, const struct action_keys *keys, struct profile_action *a)
{
	const char *name;
	json_t *number;
	int err = text_member(r, o, keys->name, &name);

	if (!err)
		err = member(r, o, keys->number, JSON_INTEGER, &number);
	if (err)
		return err;
	a->err = number ? (int)json_integer_value(number) : name && *name ? errno_find(name) : EPERM;
	if (number && json_integer_value(number) == a->err && errno_name(a->err))
		return 0;
	if (!number && a->err)
		return 0;
	return wrong(r, number ? keys->number : keys->name, "no error that tollgate knows");
}

static int
read_action(struct reading *r, json_t *o, const struct action_keys *keys, struct profile_action *a)
{
	const char *name;
	int err = text_member(r, o, keys->action, &name);

	if (err)
		return err;
	if (!name)
		return wrong(r, keys->action, "missing");
	err = find_action(r, keys->action, name, a);
	return err || a->action != ACT_DENY ? err : read_error(r, o, keys, a);
}

/* Conditions. */

static const char *const ops[] = {
	[OP_NE] = "SCMP_CMP_NE", [OP_LT] = "SCMP_CMP_LT", [OP_LE] = "SCMP_CMP_LE", [OP_EQ] = "SCMP_CMP_EQ",
	[OP_GE] = "SCMP_CMP_GE", [OP_GT] = "SCMP_CMP_GT", [OP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ", NULL
};

static int
read_op(struct reading *r, json_t *o, enum profile_op *out)
{
	const char *name;
	int err = text_member(r, o, "op", &name);

	if (err)
		return err;
	if (!name)
		return wrong(r, "op", "missing");
	for (unsigned i = 0; ops[i]; i++) {
		if (!strcmp(ops[i], name)) {
			*out = (enum profile_op)i;
			return 0;
		}
	}
	return unknown_word(r, "op", name, ops);
}

static int
read_arg(struct reading *r, json_t *o, struct profile_arg *a)
{
	static const char *const known[] = { "index", "value", "valueTwo", "op", NULL };
	uint64_t index = 0;
	int err = json_is_object(o) ? check_members(r, o, known) : wrong(r, "", "not an object");

	if (!err && !json_object_get(o, "index"))
		err = wrong(r, "index", "missing");
	if (!err)
		err = number_member(r, o, "index", &index);
	if (!err && index >= PROFILE_ARGS)
		err = wrong(r, "index", "a call has arguments 0 to 5");
	if (!err)
		err = number_member(r, o, "value", &a->value);
	if (!err)
		err = number_member(r, o, "valueTwo", &a->two);
	a->index = (unsigned)index;
	return err ? err : read_op(r, o, &a->op);
}

/* Entries. */

/* The place that messages name goes one step down; what it was is returned. */
static size_t
step_into(struct reading *r, const char *name, size_t i)
{
	size_t was = strlen(r->at);

	snprintf(r->at + was, sizeof(r->at) - was, "%s%s[%zu]", was ? "." : "", name, i);
	return was;
}

static struct profile_rule *
add_rule(struct profile *p)
{
	xgrow(&p->rule, p->nrules, &p->cap, sizeof(*p->rule));
	memset(&p->rule[p->nrules], 0, sizeof(*p->rule));
	return &p->rule[p->nrules++];
}

static void
add_name(struct profile_rule *rule, const char *name)
{
	xgrow(&rule->name, rule->nnames, &rule->cap, sizeof(*rule->name));
	rule->name[rule->nnames++] = name;
}

static bool
repeats(const struct profile_arg *args, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i; k++)
			if (args[i].index == args[k].index)
				return true;
	return false;
}

/*
 * All of an entry's conditions must hold; but container engines take two on one
 * argument, which libseccomp has no form for, as one or the other.
 */
static void
add_entry(struct profile *p, const struct profile_rule *entry, const struct profile_arg *args, unsigned n)
{
	bool apart = repeats(args, n);

	for (unsigned i = 0; i < (apart ? n : 1); i++) {
		struct profile_rule *rule = add_rule(p);

		*rule = *entry;
		rule->name = NULL;
		rule->nnames = rule->cap = 0;
		for (size_t k = 0; k < entry->nnames; k++)
			add_name(rule, entry->name[k]);
		rule->nargs = apart ? 1 : n;
		for (unsigned k = 0; k < rule->nargs; k++)
			rule->arg[k] = args[i + k];
	}
}

static bool
lists(json_t *array, const char *word)
{
	json_t *v;
	size_t i;

	json_array_foreach(array, i, v)
		if (!strcmp(json_string_value(v), word))
			return true;
	return false;
}

static bool
lists_any_arch(const struct reading *r, json_t *arches)
{
	for (unsigned i = 0; r->want->arch[i]; i++)
		if (lists(arches, r->want->arch[i]))
			return true;
	return false;
}

static bool
has_cap(const struct reading *r, const char *cap)
{
	for (size_t i = 0; i < r->want->caps->n; i++)
		if (!strcmp(r->want->caps->v[i], cap))
			return true;
	return false;
}

/* Some of the capabilities, or every one of them. */
static bool
has_caps(const struct reading *r, json_t *caps, bool every)
{
	json_t *v;
	size_t i;

	json_array_foreach(caps, i, v)
		if (has_cap(r, json_string_value(v)) != every)
			return !every;
	return every;
}

/* `includes` or `excludes` of an entry. */
struct limits {
	json_t *arches, *caps;
	const char *kernel;
};

static int
read_limits(struct reading *r, json_t *o, const char *name, struct limits *l)
{
	static const char *const known[] = { "arches", "caps", "minKernel", NULL };
	json_t *v;
	int err = member(r, o, name, JSON_OBJECT, &v);

	memset(l, 0, sizeof(*l));
	if (err || !v)
		return err;
	err = check_members(r, v, known);
	if (!err)
		err = strings_member(r, v, "arches", &l->arches);
	if (!err)
		err = strings_member(r, v, "caps", &l->caps);
	return err ? err : text_member(r, v, "minKernel", &l->kernel);
}

/* An entry that is for others is left out; a kernel is taken to be as new as is asked. */
static bool
is_for_us(const struct reading *r, const struct limits *in, const struct limits *out)
{
	if (json_array_size(in->arches) && !lists_any_arch(r, in->arches))
		return false;
	if (json_array_size(out->arches) && lists_any_arch(r, out->arches))
		return false;
	if (json_array_size(in->caps) && !has_caps(r, in->caps, true))
		return false;
	if (json_array_size(out->caps) && has_caps(r, out->caps, false))
		return false;
	return !out->kernel || !*out->kernel;
}

static void
print_limit(struct strbuf *b, const char *what, json_t *words)
{
	json_t *v;
	size_t i;

	json_array_foreach(words, i, v) {
		strbuf_add(b, i ? " " : what);
		strbuf_escape(b, json_string_value(v), json_string_length(v), "");
	}
}

static void
note_left_out(struct reading *r, const struct profile_rule *rule, const struct limits *in, const struct limits *out)
{
	char mem[300];
	struct strbuf b = STRBUF(mem);

	strbuf_addf(&b, "%s left out: ", r->at);
	for (size_t i = 0; i < rule->nnames && i < 3; i++) {
		strbuf_add(&b, i ? ", " : "");
		strbuf_escape(&b, rule->name[i], strnlen(rule->name[i], 40), "");
	}
	if (rule->nnames > 3)
		strbuf_addf(&b, " and %zu more", rule->nnames - 3);
	print_limit(&b, "; only for ", in->arches);
	print_limit(&b, "; only with ", in->caps);
	print_limit(&b, "; not for ", out->arches);
	print_limit(&b, "; not with ", out->caps);
	if (out->kernel && *out->kernel) {
		strbuf_add(&b, "; only for kernels before ");
		strbuf_escape(&b, out->kernel, strnlen(out->kernel, 20), "");
	}
	profile_note(r->p, xstrdup(b.s));
}

/* `names`, or the `name` of older profiles. */
static int
read_names(struct reading *r, json_t *o, struct profile_rule *rule)
{
	const char *one;
	json_t *names, *v;
	size_t i;
	int err = strings_member(r, o, "names", &names);

	if (!err)
		err = text_member(r, o, "name", &one);
	if (err)
		return err;
	if (one)
		add_name(rule, one);
	json_array_foreach(names, i, v)
		add_name(rule, json_string_value(v));
	return rule->nnames ? 0 : wrong(r, "names", "missing");
}

static int
read_args(struct reading *r, json_t *o, struct profile_arg *args, unsigned max, unsigned *n)
{
	json_t *list, *v;
	size_t i;
	int err = member(r, o, "args", JSON_ARRAY, &list);

	*n = 0;
	json_array_foreach(list, i, v) {
		size_t was = step_into(r, "args", i);

		err = *n < max ? read_arg(r, v, &args[(*n)++]) : wrong(r, "", "more than %u conditions", max);
		if (err)
			return err;
		r->at[was] = '\0';
	}
	return err;
}

static int
read_entry_into(struct reading *r, json_t *o, struct profile_rule *rule)
{
	static const struct action_keys keys = { "action", "errnoRet", "errno" };
	struct profile_arg args[PROFILE_ARGS];
	struct limits in, out;
	unsigned n;
	int err = read_names(r, o, rule);

	if (!err)
		err = read_action(r, o, &keys, &rule->action);
	if (!err)
		err = read_args(r, o, args, PROFILE_ARGS, &n);
	if (!err)
		err = text_member(r, o, "comment", &rule->comment);
	if (!err)
		err = read_limits(r, o, "includes", &in);
	if (!err)
		err = read_limits(r, o, "excludes", &out);
	if (err)
		return err;
	if (is_for_us(r, &in, &out))
		add_entry(r->p, rule, args, n);
	else
		note_left_out(r, rule, &in, &out);
	return 0;
}

static int
read_entry(struct reading *r, json_t *o)
{
	static const char *const known[] = {
		"names", "name", "action", "errnoRet", "errno", "args", "comment", "includes", "excludes", NULL
	};
	struct profile_rule rule = { .name = NULL };
	int err = json_is_object(o) ? check_members(r, o, known) : wrong(r, "", "not an object");

	if (!err)
		err = read_entry_into(r, o, &rule);
	free(rule.name);
	return err;
}

/* What a profile says beside its entries, and tollgate has no word for. */
static void
note_members(struct reading *r, json_t *o)
{
	static const struct {
		const char *name, *note;
	} left_out[] = {
		{ "flags", "flags left out: they are the kernel's filter's" },
		{ "listenerPath", "listenerPath left out: tollgate asks nobody by a socket" },
		{ "listenerMetadata", "listenerMetadata left out: likewise" },
	};

	for (unsigned i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (json_object_get(o, left_out[i].name))
			profile_note(r->p, xstrdup(left_out[i].note));
}

static int
read_profile(struct reading *r, json_t *o)
{
	static const char *const known[] = {
		"defaultAction", "defaultErrnoRet", "defaultErrno", "architectures", "archMap", "flags", "listenerPath",
		"listenerMetadata", "syscalls", NULL
	};
	static const struct action_keys keys = { "defaultAction", "defaultErrnoRet", "defaultErrno" };
	json_t *entries, *arches, *v;
	size_t i;
	int err = check_members(r, o, known);

	if (!err)
		err = read_action(r, o, &keys, &r->p->fallback);
	if (!err)
		err = strings_member(r, o, "architectures", &arches);
	if (!err)
		err = member(r, o, "syscalls", JSON_ARRAY, &entries);
	if (err)
		return err;
	note_members(r, o);
	json_array_foreach(entries, i, v) {
		size_t was = step_into(r, "syscalls", i);

		err = read_entry(r, v);
		if (err)
			return err;
		r->at[was] = '\0';
	}
	return 0;
}

/* A whole config.json has the profile inside. */
static json_t *
profile_within(json_t *root)
{
	json_t *inner = json_object_get(json_object_get(root, "linux"), "seccomp");

	return inner ? inner : root;
}

int
profile_read(struct profile *p, const char *text, size_t len, const struct profile_for *want,
    struct profile_error *error)
{
	cleanup_free char *folded = NULL;
	struct reading r = { .p = p, .want = want, .error = error };
	struct strbuf b;
	json_error_t e;
	json_t *o;

	memset(p, 0, sizeof(*p));
	folded = profile_fold_numbers(text, &len);
	p->json = json_loadb(folded, len, JSON_REJECT_DUPLICATES, &e);
	if (!p->json) {
		strbuf_init(&b, error->text, sizeof(error->text));
		strbuf_addf(&b, "%d:%d: ", e.line < 1 ? 1 : e.line, e.column < 1 ? 1 : e.column);
		strbuf_escape(&b, e.text, strlen(e.text), "");
		return -EINVAL;
	}
	o = profile_within(p->json);
	return json_is_object(o) ? read_profile(&r, o) : wrong(&r, "", "not an object");
}

static void
release_document(struct profile *p)
{
	json_decref(p->json);
}

#else

int
profile_read(struct profile *p, const char *text, size_t len, const struct profile_for *want,
    struct profile_error *error)
{
	(void)text;
	(void)len;
	(void)want;
	memset(p, 0, sizeof(*p));
	snprintf(error->text, sizeof(error->text), "this tollgate was built without jansson, which reads JSON");
	return -ENOTSUP;
}

static void
release_document(struct profile *p)
{
	(void)p;
}

#endif

void
profile_free(struct profile *p)
{
	for (size_t i = 0; i < p->nrules; i++)
		free(p->rule[i].name);
	for (size_t i = 0; i < p->nnotes; i++)
		free(p->note[i]);
	free(p->rule);
	free(p->note);
	release_document(p);
	memset(p, 0, sizeof(*p));
}

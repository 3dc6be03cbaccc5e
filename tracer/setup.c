/* SPDX-License-Identifier: ISC */
#include "tracer/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/diag.h"
#include "lib/strbuf.h"
#include "tracer/audit_json.h"
#include "tracer/console.h"
#include "tracer/cradle.h"
#include "tracer/features.h"
#include "tracer/pt.h"
#include "tracer/symbols.h"
#include "tracer/window.h"

/* Those in folders are parts that policies are made of. */
static int
name_it(void *ctx, const struct policy_file *f)
{
	struct strbuf *b = ctx;

	if (strchr(f->name, '/'))
		return 0;
	strbuf_add(b, b->len ? ", " : "");
	strbuf_escape(b, f->name, strlen(f->name), "");
	return 0;
}

/* The policies of the run: -p, or the one that names the program. */
static int
choose_policies(struct setup *s, const char *program, struct opt_list *names)
{
	const char *name;
	char text[2048];
	struct strbuf b = STRBUF(text);

	for (size_t i = 0; i < s->o->policies.n; i++)
		opt_list_add(names, s->o->policies.v[i]);
	if (names->n)
		return 0;
	name = host_find_by_program(&s->host, program);
	if (name) {
		opt_list_add(names, name);
		return 0;
	}
	host_each_policy(&s->host, name_it, &b);
	warn("no policy names this program; choose one with -p (there are: %s) or a file of your own", text);
	return -ENOENT;
}

/* Each refusal will only say that something cannot be found. */
static void
warn_functions(const struct layers *l)
{
	for (size_t i = 0; !symbols_possible() && i < l->n; i++) {
		const struct origin *o = policy_names_function(l->layer[i].policy);
		char text[256];
		struct strbuf b = STRBUF(text);

		if (!o)
			continue;
		strbuf_escape(&b, o->file, strlen(o->file), "");
		warn("%s:%u names a function, and this tollgate was built without libelf: the calls that the line is about are refused",
		    text, o->line);
	}
}

int
setup_policies(struct setup *s, const char *program)
{
	struct opt_list names = { 0 };
	const char *extra = host_grants(&s->host, &s->o->ro, &s->o->rw, &s->o->connect);
	int err = extra ? choose_policies(s, program, &names) : -EINVAL;

	if (!err)
		err = host_load_layers(&s->host, &names, extra, &s->layers);
	if (!err) {
		warn_functions(&s->layers);
		host_note(&s->host, &names, &s->layers);
	}
	opt_list_free(&names);
	return err;
}

/* What the log says goes nowhere but where it was asked for, and must be possible. */
static int
open_log(struct setup *s)
{
	if (s->o->format == AUDIT_JSON && !audit_json_possible()) {
		warn("this tollgate was built without jansson and cannot log JSON");
		return -ENOSYS;
	}
	s->session.audit = audit_open(s->o->log, (enum audit_format)s->o->format);
	if (s->session.audit)
		return 0;
	warn_err(errno, "cannot write the log %s:", s->o->log);
	return -errno;
}

static int
check_status_fd(const struct setup *s)
{
	if (!s->o->status_fd || fcntl(s->o->status_fd, F_GETFD) >= 0)
		return 0;
	warn("--status-fd: not an open descriptor: %d", s->o->status_fd);
	return -EBADF;
}

/* All must allow it, as with anything else.  Those that an exec may add later are named by these. */
static int
check_loss(const struct setup *s)
{
	const struct layers *l = &s->layers;

	for (size_t i = 0; i < l->n && s->o->on_loss == LOSS_DETACHES; i++) {
		const struct policy *p = l->layer[i].policy;

		if (policy_lifts(p, "supervisor-loss"))
			continue;
		warn("--on-supervisor-loss detach: the policy \"%s\" does not say `unsafe supervisor-loss'", policy_name(p));
		return -EPERM;
	}
	return 0;
}

/* Who goes on without tollgate is not to be left where it put him. */
static int
share_core(struct setup *s)
{
	return samecore_init(&s->session.core, s->o->on_loss == LOSS_DETACHES && !s->o->affinity ? "off" : s->o->affinity);
}

static void
warn_unstopped(int err)
{
	if (err)
		warn_err(-err, "without PTRACE_SEIZE and shared memory to execute a hostile program can make a task that is not held:");
}

static int
check_kernel(struct setup *s)
{
	const char *wrong;
	int err = 0;

	if (features_named(&s->o->without, &s->without))
		return -EINVAL;
	s->session.naive = s->without & FEATURE_HOLD;
	if (s->o->on_loss == LOSS_DETACHES)
		s->without |= PT_EXITKILL;
	wrong = pt_probe(s->without);
	if (wrong)
		warn("cannot trace: %s", wrong);
	else if ((err = window_probe(s->without >> FEATURE_WINDOWS)))
		warn_err(-err, "there is no memory that can be shared with a program for reading:");
	else if (!pt_has(PT_SEIZE) && !(s->without & FEATURE_WINDOW(BACK_SHM)))
		warn_unstopped(cradle_make(s->session.map.arch));
	return wrong ? -ENOSYS : err;
}

void
setup_begin(struct setup *s, const struct setup_options *o, char *const *argv)
{
	memset(s, 0, sizeof(*s));
	s->o = o;
	console_block();
	session_init(&s->session);
	host_init(&s->host, argv);
}

void
setup_end(struct setup *s)
{
	audit_close(s->session.audit);
	session_free(&s->session);
	layers_free(&s->layers);
	host_free(&s->host);
}

int
setup_session(struct setup *s)
{
	int err;

	if ((err = check_status_fd(s)) || (err = check_loss(s)) || (err = share_core(s)) || (err = check_kernel(s)) || (err = open_log(s)))
		return err;
	business_init(&s->session.business, s->session.map.arch, s->layers.floor, s->layers.layer, s->layers.n,
	    s->o->dry_run);
	s->session.floor = s->layers.floor;
	s->session.layers = s->layers.layer;
	s->session.nlayers = s->layers.n;
	s->session.on_loss = (enum supervisor_loss)s->o->on_loss;
	s->session.dry_run = s->o->dry_run;
	return 0;
}

int
setup_status_fd(const struct setup *s)
{
	return s->o->status_fd ? s->o->status_fd : -1;
}

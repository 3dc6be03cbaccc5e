/* SPDX-License-Identifier: ISC */
#ifndef TG_HOST_H
#define TG_HOST_H

/*
 * The surroundings that policies are loaded in: where policy files are, what
 * their variables hold, which of their paths have another name.
 *
 * Which file a name is
 *	On the command line a name with a '/' in it is a path.  A bare name
 *	NAME is the first of
 *		${XDG_CONFIG_HOME:-~/.config}/tollgate/NAME.policy
 *		/etc/tollgate/NAME.policy
 *		the policy NAME that is built in.
 *	In a file, include "NAME" looks beside that file first, and "/x", "./x"
 *	and "../x" are paths.  A file never finds itself: one's own mpv.policy
 *	can include "mpv" and means the shipped one.
 *	What NAME.local says in the user's folder and in the system's is added to
 *	a policy that was found by the bare name NAME, wherever it was found.
 *	Promises are built in; no file can change what they mean.
 *	The working directory is never searched: it may be the stranger's.
 *
 * Which value a variable has
 *	${1}, ${2}, …	the operands of the program: of its arguments those that
 *			do not begin with '-', and those that do and are the
 *			name of an existing file all the same; made absolute.
 *			In `mpv --fs clip.mkv` clip.mkv is ${1}.  (tollgate
 *			cannot know which options take a value: in `mpv --start
 *			10 clip.mkv` it is ${2}, in `mpv --start=10 …` ${1}.)
 *	${PROGRAM}	the program's executable, links resolved
 *	${CWD}		the working directory
 *	${UID}		the user's number
 *	${XDG_CONFIG_HOME}, ${XDG_CACHE_HOME}, ${XDG_DATA_HOME},
 *	${XDG_STATE_HOME}
 *			from the environment, else ~/.config, ~/.cache,
 *			~/.local/share, ~/.local/state
 *	${XDG_VIDEOS_DIR} and its like
 *			from the environment, else from user-dirs.dirs in
 *			${XDG_CONFIG_HOME}; one that is switched off there by
 *			being set to the home directory is undefined
 *	any other	the environment's
 *	Empty is undefined.  A value with control characters is undefined, with
 *	a warning.  Slashes at the end are cut.
 */

#include <stddef.h>

#include "engine/policy.h"
#include "tracer/canonical.h"
#include "tracer/opt.h"

struct host {
	struct policy_host iface;	/* its ctx is this struct */
	char *cwd;			/* NULL when it cannot be told */
	const char *program;		/* canonical; NULL when none was found */
	struct route route;		/* of the path that a policy asked for last */
	const char **operand;
	size_t noperands, operands_cap;
	const char **promises;		/* names, NULL-ended */
	struct policy *floor;		/* NULL until host_floor() */
	void **owned;			/* all text handed out */
	size_t nowned, cap;
};

/*
 * argv is the program's, argv[0] its name as it was given; NULL when there is
 * none.  The struct must not move until host_free(), and all text it has given
 * out lives as long.
 */
void host_init(struct host *, char *const *argv);
void host_free(struct host *);

/* The path execvp(3) would try for a program, absolute; NULL and errno when there is none. */
const char *host_find_program(struct host *, const char *name);

/*
 * What somebody here calls a file, as policies have names: absolute, without
 * "." and "..", its own links not followed.  NULL where that cannot be told.
 */
const char *host_path(struct host *, const char *name);

/*
 * The name of the policy whose `program` line names this executable: its path,
 * else the last part of it, links resolved or not.  NULL when none does.
 */
const char *host_find_by_program(struct host *, const char *program);

/* Whose a policy is. */
enum place { PLACE_USER, PLACE_SYSTEM, PLACE_BUILTIN, PLACES };
extern const char *const place_names[PLACES];

/*
 * Every policy that can be named without a path, once, in the order it is
 * looked for; promises and the floor are not policies.  Ends with the first
 * call of put that does not return 0, and returns that.
 */
struct policy_file {
	const char *name;	/* "mpv" */
	enum place place;
	const char *text;
	size_t len;
};
typedef int host_policy(void *ctx, const struct policy_file *);
int host_each_policy(struct host *, host_policy *put, void *ctx);

/*
 * The rules that --ro, --rw and --connect stand for, as text for policy_load().
 * A path must exist.  NULL after a message; "" for empty lists.
 */
const char *host_grants(struct host *, const struct opt_list *ro, const struct opt_list *rw,
    const struct opt_list *connect);

/* The floor, loaded once and the host's until host_free(); NULL after a message. */
struct policy *host_floor(struct host *);

/* Says why there is no reading a policy, and what name comes near when there is none of that name. */
void host_warn_unreadable(struct host *, const char *name, int err);

/* One policy, with those extra rules (NULL or "": none); NULL after the messages.  policy_free() it. */
struct policy *host_load(struct host *, const char *name, const char *extra);

/* The floor and every policy of a run. */
struct layers {
	struct policy *floor;		/* the host's: layers_free() before host_free() */
	struct layer *layer;		/* with no phase open */
	size_t n;
};

/*
 * Loads the floor and the named policies; extra rules go into each of them,
 * since all must allow.  0; or -EINVAL after the messages of all that is wrong.
 */
int host_load_layers(struct host *, const struct opt_list *names, const char *extra, struct layers *);
void layers_free(struct layers *);

/* Says that what is added to a policy by its name is not, when it was named by its path. */
void host_note_local(struct host *, const char *name);
/* Says what in the policies is worth knowing at each run. */
void host_note(struct host *, const struct opt_list *names, const struct layers *);

/* A policy's text read from a file: a regular one or a pipe, of 1 MiB at most.  0 or -errno. */
int host_read_file(struct host *, const char *path, const char **text, size_t *len);

/* Keeps text until host_free(); returns it. */
char *host_own(struct host *, char *text);

#endif

/* SPDX-License-Identifier: ISC */
#include "tracer/environ.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/xalloc.h"

static size_t
count(char *const *env)
{
	size_t n = 0;

	while (env[n])
		n++;
	return n;
}

/* Where a variable stands, or the end. */
static size_t
find(char *const *env, const char *setting)
{
	size_t len = strcspn(setting, "="), i = 0;

	while (env[i] && (strncmp(env[i], setting, len) || env[i][len] != '='))
		i++;
	return i;
}

static void
drop(char **env, size_t i)
{
	for (; env[i]; i++)
		env[i] = env[i + 1];
}

static void
put(char **env, const char *setting)
{
	size_t i = find(env, setting);

	if (!env[i])
		env[i + 1] = NULL;
	env[i] = (char *)setting;
}

/* -E VAR: with an empty environment VAR is passed on, else it is taken out. */
static void
apply_bare(char **env, const char *name, bool clear)
{
	size_t outside = find(environ, name), inside = find(env, name);

	if (clear && environ[outside])
		put(env, environ[outside]);
	else if (!clear && env[inside])
		drop(env, inside);
}

char **
environ_build(const struct opt_list *settings, bool clear)
{
	size_t n = clear ? 0 : count(environ);
	char **env = xcalloc(n + settings->n + 1, sizeof(*env));

	memcpy(env, environ, n * sizeof(*env));
	for (size_t i = 0; i < settings->n; i++) {
		const char *s = settings->v[i];

		if (!*s || *s == '=') {
			warn("-E wants VAR or VAR=VALUE");
			free(env);
			return NULL;
		}
		if (strchr(s, '='))
			put(env, s);
		else
			apply_bare(env, s, clear);
	}
	return env;
}

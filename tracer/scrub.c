/* SPDX-License-Identifier: ISC */
#include "tracer/scrub.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/xalloc.h"
#include "tracer/remote.h"

enum { MAX_WORDS = 1 << 20, NAME = 64, PAGE = 4096 };

static const char *const names[] = {
	/* The loader and the C library: code, and files that are parsed before main(). */
	"LD_*", "GCONV_PATH", "GLIBC_TUNABLES", "LOCPATH", "NLSPATH", "CHARSET*", "GETCONF_DIR", "MALLOC_*", "TZDIR",
	"HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS", "RESOLV_*", "NIS_PATH", "MUSL_LOCPATH",
	/* Shells: files and functions that run first. */
	"BASH_ENV", "ENV", "BASH_FUNC_*", "SHELLOPTS", "BASHOPTS", "PS4", "IFS", "CDPATH", "ZDOTDIR", "FPATH",
	/* Interpreters: where modules come from, what is loaded, options. */
	"PERL5*", "PERLLIB", "PERLIO*", "PYTHON*", "RUBY*", "GEM_*", "NODE_*", "NPM_*", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS",
	"JDK_JAVA_OPTIONS", "CLASSPATH", "LUA_*", "TCLLIBPATH", "TCL_*", "PHPRC", "PHP_INI_SCAN_DIR", "GUILE_*", "R_*", "DOTNET_*",
	"MONO_*", "OCAMLRUNPARAM", "CAMLRUNPARAM", "EMACSLOADPATH", "VIMINIT", "EXINIT", "AWKPATH", "AWKLIBPATH", "M4PATH",
	/* Libraries that load modules. */
	"GIO_*", "GTK*_MODULES", "GTK_*", "GDK_PIXBUF_*", "GST_*", "QT_PLUGIN_PATH", "QT_QPA_*", "QML*", "LADSPA_PATH", "LV2_PATH",
	"DSSI_PATH", "VST_PATH", "FREI0R_PATH", "PIPEWIRE_*", "SPA_*", "ALSA_*", "PULSE_CONFIG*", "LIBVA_*", "VDPAU_*", "LIBGL_*",
	"MESA_*", "EGL_*", "__EGL_*", "__GLX_*", "VK_*", "OCL_*", "OPENSSL_*", "SSLKEYLOGFILE", "KRB5*", "SASL_*", "PKCS11_*",
	"MAGIC", "MAGICK_*", "FONTCONFIG_*", "XDG_DATA_DIRS", "XDG_CONFIG_DIRS", "XLOCALEDIR", "XKB_*", "XMODIFIERS",
	"TERMINFO*", "TERMCAP", "TERMPATH",
	/* Programs that start what they are told to. */
	"GIT_*", "SSH_*", "SUDO_*", "EDITOR", "VISUAL", "PAGER", "MANPAGER", "LESSOPEN", "LESSCLOSE", "LESSKEY*", "BROWSER", "SHELL",
	"RSYNC_*", "CVS_*", "TAR_OPTIONS", "GZIP", "BZIP2", "XZ_*", "ZIPOPT", "UNZIP", "MAKEFLAGS", "MAKEFILES", "MPLAYER_HOME",
	"MPV_HOME", "FFMPEG_DATADIR",
};
enum { NNAMES = sizeof(names) / sizeof(names[0]) };

const char *
scrub_name(unsigned i)
{
	return i < NNAMES ? names[i] : NULL;
}

/* "GTK*_MODULES": one star, anywhere. */
static bool
matches(const char *pattern, const char *name, size_t len)
{
	const char *star = strchr(pattern, '*');
	size_t head = star ? (size_t)(star - pattern) : strlen(pattern), tail = star ? strlen(star + 1) : 0;

	if (!star)
		return len == head && !memcmp(name, pattern, len);
	return len >= head + tail && !memcmp(name, pattern, head) && !memcmp(name + len - tail, star + 1, tail);
}

/* The beginning of a string that may end at the end of mapped memory. */
static int
read_start(pid_t tid, uint64_t addr, char text[NAME])
{
	size_t first = PAGE - addr % PAGE;
	int err;

	memset(text, 0, NAME);
	if (first >= NAME)
		return remote_read(tid, (tracee_addr){ addr }, text, NAME);
	err = remote_read(tid, (tracee_addr){ addr }, text, first);
	if (!err && !memchr(text, '\0', first))
		err = remote_read(tid, (tracee_addr){ addr + first }, text + first, NAME - first);
	return err;
}

/* A variable whose name is longer than any in the list and has no "=" is judged by its beginning. */
static int
is_dangerous(pid_t tid, uint64_t addr)
{
	char text[NAME];
	int err = read_start(tid, addr, text);
	size_t len;

	if (err)
		return err;
	for (len = 0; len < NAME && text[len] && text[len] != '='; len++)
		;
	for (unsigned i = 0; i < NNAMES; i++)
		if (matches(names[i], text, len))
			return 1;
	return 0;
}

/* What lies on the stack, word by word. */
struct words {
	pid_t tid;
	uint64_t at;
	unsigned size;
	uint64_t *v;
	size_t n, cap;
};

static int
read_word(struct words *w)
{
	uint64_t word = 0;
	int err = w->n == MAX_WORDS ? -E2BIG : remote_read(w->tid, (tracee_addr){ w->at + w->n * w->size }, &word, w->size);

	if (err)
		return err;
	xgrow(&w->v, w->n, &w->cap, sizeof(*w->v));
	w->v[w->n++] = word;
	return 0;
}

/* All variables and their NULL; then the auxiliary vector: pairs, up to and with the one of type 0. */
static int
read_to_end(struct words *w)
{
	size_t start;
	int err;

	do
		err = read_word(w);
	while (!err && w->v[w->n - 1]);
	start = w->n;
	while (!err && (w->n == start || w->v[w->n - 2])) {
		err = read_word(w);
		err = err ? err : read_word(w);
	}
	return err;
}

static int
write_words(const struct words *w, const uint64_t *v, size_t n)
{
	cleanup_free unsigned char *bytes = xmalloc(n * w->size);

	for (size_t i = 0; i < n; i++) {
		uint32_t narrow = (uint32_t)v[i];

		memcpy(bytes + i * w->size, w->size == 4 ? (void *)&narrow : (void *)(uintptr_t)&v[i], w->size);
	}
	return remote_write(w->tid, (tracee_addr){ w->at }, bytes, n * w->size);
}

int
scrub_environment(pid_t tid, uint64_t sp, unsigned wordsize)
{
	struct words w = { .tid = tid, .size = wordsize };
	cleanup_free uint64_t *v = NULL;
	uint64_t argc = 0;
	size_t kept = 0;
	int err = remote_read(tid, (tracee_addr){ sp }, &argc, wordsize), bad = 0;

	if (err || argc > MAX_WORDS)
		return err ? err : -E2BIG;
	w.at = sp + (argc + 2) * wordsize;
	err = read_to_end(&w);
	v = w.v;
	if (err)
		return err;
	for (size_t i = 0, vars = 1; i < w.n; i++) {
		bad = vars && v[i] ? is_dangerous(tid, v[i]) : 0;
		if (bad < 0)
			return bad;
		vars = vars && v[i];
		if (!bad)
			v[kept++] = v[i];
	}
	return kept == w.n ? 0 : write_words(&w, v, kept);
}

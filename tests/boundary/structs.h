/* SPDX-License-Identifier: ISC */
#ifndef TG_STRUCTS_H
#define TG_STRUCTS_H

/* Structures with pointers in them, as the code behind a gate takes them: its words are 4 bytes or 8. */

#include "names.h"
#include "table.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

enum { IOVECS = 3, MESSAGES = 3 };

static int any_fd(void);

static const struct { const char *argv[5]; } command_lines[] = {
	{ { "fuzzer", "again", "*", NULL } }, { { "fuzzer", "again", "*", NULL } }, { { "fuzzer", NULL } }, { { "sh", "-c", ":", NULL } },
	{ { "", NULL } }, { { NULL } },
};

static uint64_t
put_argv(unsigned word)
{
	const char *const *argv = PICK(command_lines).argv;
	char block[6 * 8] = { 0 }, number[24];

	if (once_in(8))
		return any_pointer();
	snprintf(number, sizeof(number), "%llu", (unsigned long long)any64());
	for (unsigned i = 0; argv[i]; i++) {
		const char *s = *argv[i] == '*' ? number : argv[i];

		put_word(block + i * word, word, (uintptr_t)put(s, (unsigned)strlen(s) + 1));
	}
	return (uintptr_t)put(block, sizeof(block));
}

static char *
put_iovec(unsigned word)
{
	char block[IOVECS * 16];

	for (unsigned i = 0; i < IOVECS; i++) {
		put_word(block + 2 * i * word, word, any_pointer());
		put_word(block + (2 * i + 1) * word, word, once_in(6) ? any_size() : any(64));
	}
	return put(block, IOVECS * 2 * word);
}

/* Control data: descriptors, ids, options; what it says of its length is mostly true. */
static char *
put_control(unsigned word, unsigned *len)
{
	static const int levels[] = { SOL_SOCKET, SOL_SOCKET, 0, 41, 132, 17 };
	char block[96] = { 0 };
	unsigned fds = any(4), type = once_in(3) ? any(64) : 1 + any(2), said = word + 8 + 4 * fds;
	int fd;
	char *p;

	put_word(block, word, once_in(8) ? any_size() : said);
	put_word(block + word, 4, (uint64_t)PICK(levels));
	put_word(block + word + 4, 4, type);
	for (unsigned i = 0; i < fds; i++) {
		fd = any_fd();
		memcpy(block + word + 8 + 4 * i, &fd, 4);
	}
	*len = once_in(8) ? any(96) : said;
	p = put(block, sizeof(block));
	if (once_in(3))
		flip_set(p + word + 4, 4, 64, 1);
	return p;
}

enum { NAME, NAMELEN, IOV, IOVLEN, CONTROL, CONTROLLEN, MSGFLAGS, MSG_WORDS };

static void
draft_message(char *block, unsigned word)
{
	unsigned namelen = 0, controllen = 0;
	uint64_t w[MSG_WORDS] = { 0 };

	if (any(4))
		w[NAME] = (uintptr_t)put_address(&namelen);
	w[NAMELEN] = namelen;
	w[IOV] = (uintptr_t)put_iovec(word);
	w[IOVLEN] = once_in(8) ? any(2000) : any(IOVECS + 1);
	if (any(2))
		w[CONTROL] = (uintptr_t)put_control(word, &controllen);
	w[CONTROLLEN] = controllen;
	if (once_in(8))
		w[any(MSG_WORDS)] = any(2) ? any_pointer() : any_size();
	for (unsigned i = 0; i < MSG_WORDS; i++)
		put_word(block + i * word, i == NAMELEN || i == MSGFLAGS ? 4 : word, w[i]);
}

static char *
put_message(unsigned word)
{
	char block[64] = { 0 };
	char *p, *other;
	unsigned len;

	draft_message(block, word);
	p = put(block, MSG_WORDS * word);
	if (once_in(3)) {	/* another name takes its place meanwhile */
		other = put_address(&len);
		flip_set(p, word, (uintptr_t)other, (uintptr_t)put_address(&len));
	}
	return p;
}

static char *
put_messages(unsigned word)
{
	char block[MESSAGES * 64] = { 0 };
	unsigned each = MSG_WORDS * word + (word == 8 ? 8 : 4);

	for (unsigned i = 0; i < MESSAGES; i++)
		draft_message(block + i * each, word);
	return put(block, MESSAGES * each);
}

static uint64_t
any_constant(enum vocab vocab)
{
	static uint16_t first[VOCABS], last[VOCABS];

	for (unsigned i = 0; !last[vocab] && i < NCONSTANTS; i++)
		if (constants[i].vocab == vocab) {
			first[vocab] = (uint16_t)i;
			while (i < NCONSTANTS && constants[i].vocab == vocab)
				i++;
			last[vocab] = (uint16_t)i;
		}
	if (!last[vocab])
		return once_in(3) ? any(16) : 0;
	return constants[first[vocab] + any(last[vocab] - first[vocab])].value;
}

static uint64_t
any_bits(enum vocab vocab)
{
	uint64_t v = 0;

	for (unsigned n = any(4); n; n--)
		v |= any_constant(vocab);
	return once_in(16) ? v ^ (uint64_t)1 << any(64) : v;
}

/* Flags that open files, with those that make any. */
static uint64_t
open_flags(void)
{
	static const unsigned some[] = { O_RDONLY, O_RDONLY, O_RDWR, O_WRONLY, O_WRONLY | O_CREAT, O_RDWR | O_TRUNC, O_PATH, O_DIRECTORY, O_RDONLY | O_NOFOLLOW,
		O_CREAT | O_EXCL | O_RDWR, O_PATH | O_NOFOLLOW, O_TMPFILE | O_RDWR, O_WRONLY | O_APPEND, O_RDONLY | O_CREAT };

	return (once_in(3) ? any_bits(V_O) : PICK(some)) | (any(8) ? O_NONBLOCK : 0);
}

static char *
put_how(uint64_t *size)
{
	static const unsigned sizes[] = { 24, 24, 24, 24, 24, 24, 0, 8, 23, 25, 32, 4096 };
	uint64_t how[4] = { open_flags(), 0, 0, 0 };
	char *p;

	how[1] = how[0] & (O_CREAT | __O_TMPFILE) ? 0644 : 0;
	how[2] = once_in(3) ? any(64) : 0;
	how[3] = once_in(4);
	*size = PICK(sizes);
	p = put(how, sizeof(how));
	if (any(2))
		flip_set(p, 8, O_RDONLY, O_RDWR);
	return p;
}

static uint64_t
clone_flags(void)
{
	static const uint64_t some[] = { SIGCHLD, SIGCHLD, 0, CLONE_FS | SIGCHLD, CLONE_FILES | SIGCHLD, CLONE_PARENT | SIGCHLD, CLONE_UNTRACED | SIGCHLD,
		CLONE_VM | CLONE_VFORK | SIGCHLD, CLONE_PTRACE | SIGCHLD, CLONE_NEWUSER | SIGCHLD, CLONE_NEWNS, CLONE_NEWPID };

	return once_in(12) ? any_bits(V_CLONE) : PICK(some);
}

static char *
put_clone_args(uint64_t *size)
{
	static const unsigned sizes[] = { 64, 80, 88, 88, 88, 0, 72, 96, 4096 };
	uint64_t args[12] = { clone_flags() & ~(uint64_t)0xff };
	char *p;

	args[4] = SIGCHLD;
	if (once_in(4))
		args[any(12)] = any_pointer();
	*size = PICK(sizes);
	p = put(args, sizeof(args));
	if (once_in(3))
		flip_set(p, 8, 0, CLONE_UNTRACED);
	return p;
}

/* Small structures that many calls take: limits, times, pollfds, sets of signals, windows of bytes. */
static char *
put_small(unsigned word)
{
	uint64_t v[8];

	for (unsigned i = 0; i < 8; i++)
		v[i] = once_in(3) ? any_size() : once_in(4) ? any_pointer() : any(40);
	switch (any(6)) {
	case 0: return put_iovec(word);
	case 1: {
		unsigned len;

		return put_address(&len);
	}
	case 2: return put_name();
	case 3: return put_message(word);
	}
	return put(v, sizeof(v));
}

#endif

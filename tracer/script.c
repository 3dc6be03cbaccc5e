/* SPDX-License-Identifier: ISC */
#include "tracer/script.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"

enum { LINE = 256 };	/* BINPRM_BUF_SIZE: the kernel looks no further */

/* Regular files only: opening anything else could block or have an effect. */
static int
open_regular(const struct object *o)
{
	char path[32];

	if (o->fd < 0 || o->absent || !S_ISREG(o->st.st_mode))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->fd);
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

bool
script_interpreter(const struct object *o, char *interp, size_t size)
{
	cleanup_close int fd = open_regular(o);
	char line[LINE + 1];
	ssize_t n = fd < 0 ? -1 : read(fd, line, LINE);
	char *p;
	size_t len;

	if (n < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	p = line + 2 + strspn(line + 2, " \t");
	len = strcspn(p, " \t\n");
	if (!len || len >= size)
		return false;
	memcpy(interp, p, len);
	interp[len] = '\0';
	return true;
}

/* Where the headers of an ELF file stand, of either size. */
struct headers {
	bool wide;
	uint64_t at;
	unsigned n;
};

/* Only in the machine's own byte order: the kernel runs no other. */
static bool
read_headers(int fd, struct headers *h)
{
	union { unsigned char ident[EI_NIDENT]; Elf32_Ehdr narrow; Elf64_Ehdr wide; } e;
	ssize_t n = pread(fd, &e, sizeof(e), 0);

	if (n < (ssize_t)sizeof(e.narrow) || memcmp(e.ident, ELFMAG, SELFMAG))
		return false;
	h->wide = e.ident[EI_CLASS] == ELFCLASS64;
	if (h->wide && n < (ssize_t)sizeof(e.wide))
		return false;
	h->at = h->wide ? e.wide.e_phoff : e.narrow.e_phoff;
	h->n = h->wide ? e.wide.e_phnum : e.narrow.e_phnum;
	return h->at <= INT64_MAX / 2 && (h->wide ? e.wide.e_phentsize == sizeof(Elf64_Phdr) : e.narrow.e_phentsize == sizeof(Elf32_Phdr));
}

/* Header i: where the text that it is about stands.  False: it is no PT_INTERP. */
static bool
names_loader(int fd, const struct headers *h, unsigned i, uint64_t *at, uint64_t *len)
{
	union { Elf32_Phdr narrow; Elf64_Phdr wide; } p;
	size_t size = h->wide ? sizeof(p.wide) : sizeof(p.narrow);

	if (pread(fd, &p, size, (off_t)(h->at + i * size)) != (ssize_t)size)
		return false;
	*at = h->wide ? p.wide.p_offset : p.narrow.p_offset;
	*len = h->wide ? p.wide.p_filesz : p.narrow.p_filesz;
	return (h->wide ? p.wide.p_type : p.narrow.p_type) == PT_INTERP;
}

/* The first PT_INTERP counts.  What the kernel refuses to read is none. */
bool
script_loader(const struct object *o, char *loader, size_t size)
{
	cleanup_close int fd = open_regular(o);
	struct headers h;
	uint64_t at, len;

	if (fd < 0 || !read_headers(fd, &h))
		return false;
	for (unsigned i = 0; i < h.n; i++)
		if (names_loader(fd, &h, i, &at, &len))
			return len > 1 && len <= size && at <= INT64_MAX / 2 &&
			    pread(fd, loader, len, (off_t)at) == (ssize_t)len && !loader[len - 1];
	return false;
}

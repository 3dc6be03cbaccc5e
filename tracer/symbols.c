/* SPDX-License-Identifier: ISC */
#include "tracer/symbols.h"

#include <errno.h>
#include <stddef.h>

#ifdef HAVE_LIBELF

#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"

/* Whoever can map a file can have written it: what it makes us read, keep and search has bounds. */
enum {
	MAX_FILES = 16, MAX_SYMBOLS = 1 << 18, MAX_NAME = 255, MAX_TEXT = 16 << 20, MAX_SEGMENTS = 64,
	MAX_FILE = 1 << 30, MAX_SECTION = 128 << 20,
};

/* A function: file offsets, and where its name is in the text of all names. */
struct function {
	uint64_t lo, hi;
	size_t name;
};

/* The functions of one file, sorted by where they begin. */
struct symfile {
	dev_t dev;
	ino_t ino;
	struct timespec ctime;
	off_t size;
	struct function *fn;
	size_t n, cap;
	char *text;
	size_t len, room;
	bool beyond;		/* more than we keep: what is not found may be there */
};

static struct symfile files[MAX_FILES];
static unsigned nfiles, oldest;

static void
clear(struct symfile *f)
{
	free(f->fn);
	free(f->text);
	memset(f, 0, sizeof(*f));
}

struct segments {
	GElf_Phdr v[MAX_SEGMENTS];
	size_t n;
};

static bool
read_segments(Elf *elf, struct segments *all)
{
	size_t n;

	if (elf_getphdrnum(elf, &n) < 0 || n > MAX_SEGMENTS)
		return false;
	for (size_t i = 0; i < n; i++)
		if (gelf_getphdr(elf, (int)i, &all->v[all->n]) && all->v[all->n].p_type == PT_LOAD)
			all->n++;
	return true;
}

/* Where the segment that holds an address has it in the file; false when none does. */
static bool
offset_of(const struct segments *all, uint64_t addr, uint64_t *offset)
{
	for (size_t i = 0; i < all->n; i++) {
		const GElf_Phdr *ph = &all->v[i];

		if (addr < ph->p_vaddr || addr - ph->p_vaddr >= ph->p_filesz)
			continue;
		*offset = addr - ph->p_vaddr + ph->p_offset;
		return true;
	}
	return false;
}

static void
keep(struct symfile *f, uint64_t offset, uint64_t size, const char *name)
{
	size_t len = strnlen(name, MAX_NAME) + 1;

	while (f->len + len > f->room) {
		f->room = f->room ? 2 * f->room : 4096;
		f->text = xreallocarray(f->text, f->room, 1);
	}
	memcpy(f->text + f->len, name, len - 1);
	f->text[f->len + len - 1] = '\0';
	xgrow(&f->fn, f->n, &f->cap, sizeof(*f->fn));
	f->fn[f->n++] = (struct function){ offset, offset + (size ? size : 1), f->len };
	f->len += len;
}

static bool
is_small(Elf *elf, size_t section)
{
	Elf_Scn *s = elf_getscn(elf, section);
	GElf_Shdr header;

	return s && gelf_getshdr(s, &header) && header.sh_size <= MAX_SECTION;
}

static void
read_section(struct symfile *f, Elf *elf, const struct segments *segments, Elf_Scn *section, const GElf_Shdr *header)
{
	bool small = is_small(elf, elf_ndxscn(section)) && is_small(elf, header->sh_link);
	Elf_Data *data = small ? elf_getdata(section, NULL) : NULL;
	size_t n = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

	f->beyond = !small;
	for (size_t i = 0; i < n && !f->beyond; i++) {
		GElf_Sym sym;
		const char *name;
		uint64_t offset;

		if (!gelf_getsym(data, (int)i, &sym))
			return;
		if (GELF_ST_TYPE(sym.st_info) != STT_FUNC || sym.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(elf, header->sh_link, sym.st_name);
		if (name && *name && offset_of(segments, sym.st_value, &offset))
			keep(f, offset, sym.st_size, name);
		f->beyond = f->n == MAX_SYMBOLS || f->len >= MAX_TEXT;
	}
}

/* The first section of that type: there is no more than one. */
static void
read_table(struct symfile *f, Elf *elf, const struct segments *segments, unsigned type)
{
	for (Elf_Scn *s = elf_nextscn(elf, NULL); s; s = elf_nextscn(elf, s)) {
		GElf_Shdr header;

		if (!gelf_getshdr(s, &header) || header.sh_type != type)
			continue;
		read_section(f, elf, segments, s, &header);
		return;
	}
}

/* The narrower first where they begin alike: the last that begins before an offset is looked at first. */
static int
compare(const void *va, const void *vb)
{
	const struct function *a = va, *b = vb;

	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return (a->hi < b->hi) - (a->hi > b->hi);
}

/* As many as the header has no room to say: libelf would keep something of each. */
static bool
has_many_sections(int fd)
{
	union { unsigned char ident[EI_NIDENT]; Elf32_Ehdr narrow; Elf64_Ehdr wide; } h = { .ident = { 0 } };

	if (pread(fd, &h, sizeof(h), 0) < (ssize_t)sizeof(h.narrow))
		return false;
	if (h.ident[EI_CLASS] == ELFCLASS32)
		return !h.narrow.e_shnum && h.narrow.e_shoff;
	return !h.wide.e_shnum && h.wide.e_shoff;
}

static void
read_symbols(struct symfile *f, int fd)
{
	struct segments segments = { .n = 0 };
	Elf *elf;

	f->beyond = f->size > MAX_FILE || has_many_sections(fd);
	if (f->beyond || elf_version(EV_CURRENT) == EV_NONE)
		return;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF) {
		f->beyond = !read_segments(elf, &segments);
		if (!f->beyond)
			read_table(f, elf, &segments, SHT_SYMTAB);
		if (!f->beyond && !f->n)
			read_table(f, elf, &segments, SHT_DYNSYM);
	}
	elf_end(elf);
	if (f->n)
		qsort(f->fn, f->n, sizeof(*f->fn), compare);
}

static bool
is_file(const struct symfile *f, const struct stat *st)
{
	return f->dev == st->st_dev && f->ino == st->st_ino && f->size == st->st_size &&
	    f->ctime.tv_sec == st->st_ctim.tv_sec && f->ctime.tv_nsec == st->st_ctim.tv_nsec;
}

static const struct symfile *
file_of(int fd, const struct stat *st)
{
	struct symfile *f;

	for (unsigned i = 0; i < nfiles; i++)
		if (is_file(&files[i], st))
			return &files[i];
	f = nfiles < MAX_FILES ? &files[nfiles++] : &files[oldest++ % MAX_FILES];
	clear(f);
	f->dev = st->st_dev;
	f->ino = st->st_ino;
	f->ctime = st->st_ctim;
	f->size = st->st_size;
	read_symbols(f, fd);
	return f;
}

/* How many begin at the offset or before it. */
static size_t
count_before(const struct symfile *f, uint64_t offset)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->fn[mid].lo <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

enum { MAX_OVERLAP = 16 };	/* symbols that begin before it and may still reach it */

int
symbols_find(int fd, const struct stat *st, uint64_t offset, const char **name)
{
	const struct symfile *f = file_of(fd, st);
	size_t n = count_before(f, offset);

	*name = NULL;
	if (f->beyond)
		return -EFBIG;
	for (size_t i = 0; i < MAX_OVERLAP && i < n && !*name; i++) {
		const struct function *fn = &f->fn[n - 1 - i];

		if (offset < fn->hi)
			*name = f->text + fn->name;
	}
	return 0;
}

bool
symbols_possible(void)
{
	return true;
}

#else

int
symbols_find(int fd, const struct stat *st, uint64_t offset, const char **name)
{
	(void)fd, (void)st, (void)offset;
	*name = NULL;
	return -ENOSYS;
}

bool
symbols_possible(void)
{
	return false;
}

#endif

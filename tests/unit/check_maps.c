/* SPDX-License-Identifier: ISC */
/* Lines of /proc/PID/maps, also of files whose names look like lines. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer/maps.h"
#include "tests/unit/run.h"

enum { PAGE = 4096, NAME = 255, SHOWN = 4, NAME_AT = 73, BUFFER = 4608 };

START_TEST(own_memory_is_found)
{
	cleanup_maps struct maps maps = maps_open(getpid());
	struct mapping m;
	char here;

	ck_assert_int_eq(maps_find(&maps, (uintptr_t)&here, &m), 0);
	ck_assert((uintptr_t)&here >= m.lo && (uintptr_t)&here < m.hi);
	ck_assert_int_eq(strncmp(m.perms, "rw", 2), 0);
	ck_assert_uint_eq(m.file.ino, 0);
}
END_TEST

START_TEST(what_is_not_mapped_is_not_found)
{
	cleanup_maps struct maps maps = maps_open(getpid());
	struct mapping m;

	ck_assert_int_eq(maps_find(&maps, 0, &m), -ENOENT);
}
END_TEST

START_TEST(nobody_has_no_maps)
{
	cleanup_maps struct maps maps = maps_open(1 << 30);
	struct mapping m;

	ck_assert_int_eq(maps_find(&maps, 0, &m), -ENOENT);
	ck_assert(!maps_next(&maps, &m));
}
END_TEST

/* Folders whose names are line ends, until a line with them is almost as long as a buffer that others have; the way back in `up`. */
static unsigned
go_deep(void)
{
	char name[NAME + 1] = "", here[PATH_MAX];
	unsigned depth = 0;
	size_t shown;

	memset(name, '\n', NAME);
	for (shown = NAME_AT + strlen(getcwd(here, sizeof(here))); shown + 100 < BUFFER; shown += 1 + SHOWN * strlen(name)) {
		size_t left = (BUFFER - 100 - shown) / SHOWN + 1;

		if (left < NAME)
			name[left] = '\0';
		ck_assert_int_eq(mkdir(name, 0700), 0);
		ck_assert_int_eq(chdir(name), 0);
		depth++;
	}
	return depth;
}

static void
come_back(unsigned depth)
{
	char name[PATH_MAX];

	for (; depth; depth--) {
		ck_assert_ptr_ne(getcwd(name, sizeof(name)), NULL);
		ck_assert_int_eq(chdir(".."), 0);
		ck_assert_int_eq(rmdir(strrchr(name, '/') + 1), 0);
	}
}

START_TEST(a_name_is_no_line)
{
	char root[] = "/tmp/tollgate-maps-XXXXXX", name[NAME + 1];
	cleanup_maps struct maps maps = { 0 };
	struct mapping m;
	unsigned depth;
	bool seen = false;
	void *at;
	int fd;

	ck_assert_ptr_ne(mkdtemp(root), NULL);
	ck_assert_int_eq(chdir(root), 0);
	depth = go_deep();
	snprintf(name, sizeof(name), "%200s", "10000000-11000000 r--s 00000000 00:01 99");
	fd = open(name, O_RDWR | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, PAGE), 0);
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(at, MAP_FAILED);

	maps = maps_open(getpid());
	while (maps_next(&maps, &m)) {
		ck_assert_uint_ne(m.lo, 0x10000000);
		seen |= m.lo == (uintptr_t)at && strlen(m.name) > BUFFER - NAME_AT;
	}
	ck_assert(seen);

	munmap(at, PAGE);
	close(fd);
	unlink(name);
	come_back(depth);
	ck_assert_int_eq(chdir("/"), 0);
	rmdir(root);
}
END_TEST

START_TEST(files_are_told_apart)
{
	struct mapped_file one, same, other;
	void *a = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	void *b = mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_int_eq(maps_own_file(a, &one), 0);
	ck_assert_int_eq(maps_own_file(a, &same), 0);
	ck_assert_int_eq(maps_own_file(b, &other), 0);
	ck_assert(mapped_file_is(&one, &same));
	ck_assert(!mapped_file_is(&one, &other));
	munmap(a, PAGE);
	munmap(b, PAGE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("maps");
	TCase *c = tcase_create("maps");

	suite_add_tcase(s, c);
	tcase_add_test(c, own_memory_is_found);
	tcase_add_test(c, what_is_not_mapped_is_not_found);
	tcase_add_test(c, nobody_has_no_maps);
	tcase_add_test(c, a_name_is_no_line);
	tcase_add_test(c, files_are_told_apart);
	return run_suite(s);
}

/* SPDX-License-Identifier: ISC */
/* Reading memory: this process reads its own, which takes the same calls as a tracee's. */
#include <check.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/arena.h"
#include "tracer/remote.h"
#include "tests/unit/run.h"

enum { PAGE = 4096 };

static struct arena arena;
static char *pages;		/* two readable pages and one that is not */

static void
setup(void)
{
	arena_init(&arena, 1 << 20);
	pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(pages, MAP_FAILED);
	ck_assert_int_eq(munmap(pages + 2 * PAGE, PAGE), 0);
}

static void
teardown(void)
{
	munmap(pages, 2 * PAGE);
	arena_free(&arena);
}

static tracee_addr
at(const void *p)
{
	return (tracee_addr){ (uintptr_t)p };
}

START_TEST(reads_across_a_page)
{
	char got[8];

	memcpy(pages + PAGE - 3, "crossing", 8);
	ck_assert_int_eq(remote_read(getpid(), at(pages + PAGE - 3), got, 8), 0);
	ck_assert_mem_eq(got, "crossing", 8);
}
END_TEST

START_TEST(closed_pages_are_unreadable)
{
	struct iovec io = { pages, 1 };
	char got;

	if (process_vm_readv(getpid(), &io, 1, &io, 1, 0) != 1)
		return;		/* nothing else tells them apart */
	mprotect(pages, PAGE, PROT_NONE);
	ck_assert_int_eq(remote_read(getpid(), at(pages), &got, 1), -EFAULT);
	mprotect(pages, PAGE, PROT_WRITE);
	ck_assert_int_eq(remote_read(getpid(), at(pages), &got, 1), 0);
}
END_TEST

START_TEST(half_readable_is_unreadable)
{
	char got[16];

	ck_assert_int_eq(remote_read(getpid(), at(pages + 2 * PAGE - 8), got, 16), -EFAULT);
	ck_assert_int_eq(remote_read(getpid(), (tracee_addr){ UINT64_MAX - 3 }, got, 8), -EFAULT);
	ck_assert_int_eq(remote_read(getpid(), (tracee_addr){ 0 }, got, 1), -EFAULT);
	ck_assert_int_eq(remote_read(getpid(), (tracee_addr){ UINT64_C(0xffff800000000000) }, got, 8), -EFAULT);
}
END_TEST

START_TEST(string_may_end_at_the_last_byte)
{
	const char *s = NULL;

	memcpy(pages + 2 * PAGE - 5, "last", 5);
	ck_assert_int_eq(remote_str(getpid(), at(pages + 2 * PAGE - 5), PATH_MAX, &arena, &s), 0);
	ck_assert_str_eq(s, "last");
}
END_TEST

START_TEST(string_without_an_end)
{
	const char *s = NULL;

	memset(pages, 'x', 2 * PAGE);
	ck_assert_int_eq(remote_str(getpid(), at(pages + 2 * PAGE - 5), PATH_MAX, &arena, &s), -EFAULT);
	ck_assert_int_eq(remote_str(getpid(), at(pages), PATH_MAX, &arena, &s), -ENAMETOOLONG);
}
END_TEST

/* PATH_MAX counts the NUL: 4095 letters are a name, 4096 are too long. */
START_TEST(string_at_the_limit)
{
	const char *s = NULL;

	memset(pages, 'x', 2 * PAGE);
	pages[PATH_MAX - 1] = '\0';
	ck_assert_int_eq(remote_str(getpid(), at(pages), PATH_MAX, &arena, &s), 0);
	ck_assert_uint_eq(strlen(s), PATH_MAX - 1);
	pages[PATH_MAX - 1] = 'x';
	pages[PATH_MAX] = '\0';
	ck_assert_int_eq(remote_str(getpid(), at(pages), PATH_MAX, &arena, &s), -ENAMETOOLONG);
}
END_TEST

START_TEST(exhausted_arena_is_an_error)
{
	const char *s = NULL;

	while (arena_alloc(&arena, PATH_MAX))
		;
	ck_assert_int_eq(remote_str(getpid(), at("x"), PATH_MAX, &arena, &s), -ENOMEM);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("remote");
	TCase *t = tcase_create("remote");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, reads_across_a_page);
	tcase_add_test(t, closed_pages_are_unreadable);
	tcase_add_test(t, half_readable_is_unreadable);
	tcase_add_test(t, string_may_end_at_the_last_byte);
	tcase_add_test(t, string_without_an_end);
	tcase_add_test(t, string_at_the_limit);
	tcase_add_test(t, exhausted_arena_is_an_error);
	suite_add_tcase(s, t);
	return run_suite(s);
}

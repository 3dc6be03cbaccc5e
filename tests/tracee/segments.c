/* SPDX-License-Identifier: ISC */
/*
 * segments FILE: opens FILE by an instruction of its own making, in a segment of
 * its own in which the address of that instruction is one of the program's text.
 * 8 when it could be read, 7 when not; 19 where there are no such segments.
 */
#if defined(__i386__)
#include <asm/ldt.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, AT = 0x100, SELECTOR = 7 /* the first of the local table, for programs */ };

struct far { uint32_t offset; uint16_t selector; } __attribute__((packed));

static int
call_far(const struct far *to, int nr, const char *path)
{
	int r;

	__asm__ volatile("lcall *%[to]" : "=a"(r) : [to] "m"(*to), "0"(nr), "b"(path), "c"(O_RDONLY), "d"(0) : "memory");
	return r;
}

int
main(int argc, char **argv)
{
	static const unsigned char instructions[] = { 0xcd, 0x80, 0xcb };	/* int $0x80; lret */
	unsigned char *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t text = ((uint32_t)(uintptr_t)main & ~(PAGE - 1u)) + AT;
	struct user_desc segment = { .base_addr = (uint32_t)(uintptr_t)code + AT - text, .limit = 0xfffff, .seg_32bit = 1,
		.contents = MODIFY_LDT_CONTENTS_CODE, .limit_in_pages = 1, .useable = 1 };
	struct far to = { text, SELECTOR };

	if (argc != 2 || code == MAP_FAILED)
		return 15;
	memcpy(code + AT, instructions, sizeof(instructions));
	if (syscall(SYS_modify_ldt, 1, &segment, sizeof(segment)) < 0)
		return 19;
	return call_far(&to, SYS_open, argv[1]) < 0 ? 7 : 8;
}
#else
int main(void) { return 19; }
#endif

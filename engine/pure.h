/* SPDX-License-Identifier: ISC */
#ifndef TG_PURE_H
#define TG_PURE_H

/*
 * Included last by what decides: no I/O, no clock, no environment, no
 * allocation.  The compiler refuses these names from here on.
 */
#pragma GCC poison open openat creat close read write pread pwrite lseek ioctl fcntl
#pragma GCC poison stat fstat lstat readlink realpath getcwd opendir
#pragma GCC poison fopen fclose fread fwrite printf fprintf puts fputs perror
#pragma GCC poison ptrace syscall kill fork execve waitpid exit abort
#pragma GCC poison getenv setenv getpid getuid geteuid
#pragma GCC poison time clock gettimeofday clock_gettime rand random
#pragma GCC poison malloc calloc realloc free strdup strndup alloca __errno_location

#endif

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# The Linux Test Project's tests of system calls that have to do with processes,
# signals, descriptors, files and memory.
#
#	LTPROOT		where it is installed, with runtest/syscalls and testcases/bin
#	LTP_TESTS	an extended regular expression of tests

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/suites/lib.sh"
begin ltp ltp

[ -n "${LTPROOT:-}" ] || skip_all 'LTPROOT is not set'
[ -r "$LTPROOT/runtest/syscalls" ] || skip_all "there is no runtest/syscalls in $LTPROOT"

files='open|openat|openat2|creat|close|close_range|read|readv|pread|preadv|write|writev|pwrite|pwritev|lseek|truncate|ftruncate|mkdir|mkdirat|rmdir|unlink|unlinkat'
files=$files'|link|linkat|symlink|symlinkat|readlink|readlinkat|rename|renameat|renameat2|stat|lstat|fstat|fstatat|statx|access|faccessat|chmod|fchmod|fchmodat'
files=$files'|chown|fchown|lchown|fchownat|chdir|fchdir|getcwd|getdents|utime|utimes|utimensat|umask|flock|fcntl|dup|ioctl|sendfile|splice|tee|vmsplice|copy_file_range'
tasks='fork|vfork|clone|wait|waitpid|waitid|exec[a-z]*|exit|exit_group|kill|tkill|tgkill|sig[a-z]*|rt_sig[a-z]*|rt_tgsigqueueinfo|pause|alarm|setitimer|getitimer|nanosleep|clock_nanosleep'
tasks=$tasks'|futex_[a-z_]*|setpgid|getpgid|setpgrp|getpgrp|setsid|getsid|getpid|getppid|gettid|prctl|pidfd_[a-z_]*|getrlimit|setrlimit|getrusage|sched_yield|set_tid_address|times|personality'
tasks=$tasks'|set[re]*[ug]id|setres[ug]id|getres[ug]id|[gs]etgroups|setpriority|getpriority|nice|timer_[a-z]*|timerfd[a-z_]*|process_vm[a-z_]*|kcmp|abort|seccomp|ptrace'
waits='poll|ppoll|select|pselect|epoll[a-z_0-9]*|pipe|pipe2|eventfd|eventfd2|signalfd|signalfd4|inotify|inotify_init|memfd_create'
memory='mmap|munmap|mprotect|mremap|msync|mincore|mlock|madvise|brk|sbrk|shm[a-z]*|sem[a-z]*|msg[a-z]*'
sockets='socket|socketpair|socketcall|bind|listen|accept|connect|send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg|getsockname|getpeername|getsockopt|setsockopt|shutdown'
LTP_TESTS=${LTP_TESTS:-"($files|$tasks|$waits|$memory|$sockets)_?[0-9_A-Za-z]*"}

# Each line that reports a result is an item, with how often it did.
results()
{
	printf 'exit status\t%s\n' "$1"
	sed 's/\x1b\[[0-9;]*m//g' log |
		sed -nE 's/^([^ ]+\.c:[0-9]+): (T(PASS|FAIL|BROK|CONF|WARN)).*/\1 \2/p; s/^([^ ]+) +([0-9]+) +(T(PASS|FAIL|BROK|CONF|WARN)) +:.*/\1 \2 \3/p' |
		sort | uniq -c | sed -E 's/^ *([0-9]+) (.*)/\2\t\1/'
}

PATH=$LTPROOT/testcases/bin:$PATH
KCONFIG_SKIP_CHECK=1
SUITES_LIMIT=${SUITES_LIMIT:-240}
export LTPROOT PATH KCONFIG_SKIP_CHECK SUITES_LIMIT

while read -r tag command <&3; do
	printf '%s\n' "$tag" | grep -qxE -e "$LTP_TESTS" || continue
	command -v "${command%% *}" > /dev/null || { skip "ltp: $tag" 'it was not built'; continue; }
	compare "$tag" sh -c "exec $command"
done 3< "$LTPROOT/runtest/syscalls"
end

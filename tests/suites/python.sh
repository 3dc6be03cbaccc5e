#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Python's own tests of what has to do with processes.
#
#	PYTHON		the interpreter, python3
#	PYTHON_TESTS	modules of its tests

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/suites/lib.sh"
begin python

PYTHON=${PYTHON:-python3}
command -v "$PYTHON" > /dev/null || skip_all "$PYTHON is not installed"
"$PYTHON" -c 'import test.test_subprocess, test.libregrtest' 2> /dev/null ||
	skip_all "$PYTHON has no tests (Debian: libpython3-testsuite)"

PYTHON_TESTS=${PYTHON_TESTS:-'test_subprocess test_signal test_threading test_os test_posix test_select test_socket
	test_fcntl test_pty test_ioctl test_resource test_wait3 test_wait4 test_faulthandler test_mmap test_tempfile
	test_shutil test_asyncio test_multiprocessing_fork test_multiprocessing_forkserver
	test_multiprocessing_main_handling test_multiprocessing_spawn test_concurrent_futures test_selectors test_poll
	test_epoll test_fork1 test_popen test_threadsignals test_openpty test_pathlib test_glob test_stat test_cmd_line
	test_fileio test_io test_eintr test_time test_sys test_socketserver test_dbm test_sqlite3'}

cat > read.py << 'END'
import sys, xml.etree.ElementTree as tree
for case in tree.parse(sys.argv[1]).iter("testcase"):
    name = " ".join(case.get("name").split())
    kinds = [e.tag for e in case if e.tag in ("failure", "error", "skipped")]
    print(name + "\t" + (kinds[0] if kinds else case.get("result") or "completed"))
END

results()
{
	printf 'exit status\t%s\n' "$1"
	"$PYTHON" read.py here/results.xml 2> /dev/null
}

# Sockets to a hypervisor wait for ever where there is none on the other side.
for module in $PYTHON_TESTS; do
	compare "$module" "$PYTHON" -m test -u all,-largefile,-audio,-gui,-network,-urlfetch \
		-i '*VSOCK*' --junit-xml "$work/here/results.xml" "$module"
done
end

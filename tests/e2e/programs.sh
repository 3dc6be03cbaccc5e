#!/bin/sh
# SPDX-License-Identifier: ISC
# Ordinary programs do the same under a policy that allows everything as
# without tollgate: what they print, how they end, and what they leave behind.
. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs_trace
policy all.policy 'default allow' 'unknown allow'

# What is left behind: kind, mode, name, where a link points, contents.
tree()
{
	find . -mindepth 1 -printf '%y %m %p %l\n' | sort
	find . -type f -exec cksum {} + | sort
}

# run_in DIRECTORY COMMAND...: in a fresh directory, always of the same name so that it is in no difference.
run_in()
{
	result=$1
	shift
	rm -rf "$work/here"
	mkdir "$work/here" "$work/$result"
	(
		cd "$work/here" || exit 99
		HOME=$work/here "$@" > "../$result/stdout" 2> "../$result/stderr" < /dev/null
		echo $? > "../$result/status"
		tree > "../$result/tree"
	)
}

# same CLAIM STATUS SCRIPT [INTERPRETER]: runs a script both ways and compares all that can be seen.
same()
{
	claim=$1 wanted=$2 script=$3 with=${4:-sh}
	rm -rf "$work/plain" "$work/traced"
	run_in plain "$with" "$script"
	run_in traced "$TOLLGATE" run -p "$work/all.policy" -- "$with" "$script"
	is "$(cat "$work/plain/status")" "$wanted" "$claim: the script itself ends as it should"
	for what in status stdout stderr tree; do
		if cmp -s "$work/plain/$what" "$work/traced/$what"; then
			ok "$claim: same $what"
		else
			not_ok "$claim: same $what"
			note "$(diff "$work/plain/$what" "$work/traced/$what" | head -n 20)"
		fi
	done
}

# The test is of the comparison, too: a script that can tell must be told.
cat > differs.sh <<'END'
grep TracerPid /proc/self/status
END
run_in plain sh "$work/differs.sh"
run_in traced "$TOLLGATE" run -p "$work/all.policy" -- sh "$work/differs.sh"
if cmp -s plain/stdout traced/stdout; then
	not_ok 'a difference is seen'
else
	ok 'a difference is seen'
fi
rm -rf plain traced

cat > shell.sh <<'END'
set -u
echo one | tr a-z A-Z | rev
for i in 1 2 3; do (exit $i); echo $?; done
{ echo out; echo err >&2; } 2>&1 | sort
cat <<X
here $(printf %s document)
X
mkfifo p && (echo through > p &) && cat p
ln -s target link && readlink link
mkdir -p a/b/c && touch a/b/c/f && chmod 640 a/b/c/f && mv a/b d && cp -r d e && rm -r d/c
umask 077; : > private
trap 'echo trapped' USR1; kill -USR1 $$; echo after
trap 'echo leaving' EXIT
sleep 0.1 & wait $!; echo "waited $?"
(kill -TERM $(sh -c 'echo $PPID')) ; echo "killed $?"
sh -c 'kill -SEGV $$'; echo "segv $?"
sh -c 'kill -PIPE $$'; echo "pipe $?"
yes | head -n 3
seq 1 20000 | sort -rn | tail -n 2
find . -type f | sort | xargs cksum
ls -l /nonexistent
echo $((6 * 7)) > answer; cat < answer >> answer2
exec 3> three; echo to-three >&3; exec 3>&-
cd / && pwd && cd - > /dev/null
test -t 0; echo "tty $?"
ulimit -c 0; ulimit -c
cat /proc/self/comm
nosuchcommand; echo $?
exit 23
END
# Where the kernel lacks prlimit64 a program is told so, and under tollgate that there will be no core.
sh -c 'ulimit -c 0' 2> /dev/null || sed -i '/^ulimit/d' shell.sh
same sh 23 "$work/shell.sh"

if command -v git > /dev/null; then
	cat > git.sh <<'END'
set -e
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='2001-01-01T00:00:00Z' GIT_COMMITTER_DATE='2001-01-01T00:00:00Z' GIT_CONFIG_NOSYSTEM=1
export GIT_PAGER=cat
git init -q -b main repo && cd repo
for i in 1 2 3 4 5; do echo line $i >> file; git add file; git commit -q -m "number $i"; done
git checkout -q -b side HEAD~2 && echo other > other && git add . && git commit -q -m side
git checkout -q main && git merge -q --no-edit side
git log --oneline --graph --stat
echo dirty >> file; git diff; git stash -q; git stash pop -q; git checkout -q file
git reset -q --hard HEAD~1 && git rebase -q side && git merge-base main side
git tag v1 && git describe --tags
git gc -q && git fsck 2>&1 && git count-objects
git clone -q . ../copy && cd ../copy && git log --format=%H && git grep -n line
cd .. && rm -rf repo/.git/index copy/.git/index repo/.git/logs copy/.git/logs
rm -rf repo/.git/objects copy/.git/objects
END
	same git 0 "$work/git.sh"
else
	skip git 'git is not installed'
fi

cat > cc.sh <<'END'
set -e
cat > a.c <<X
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static long sum;
static void *add(void *p)
{
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&m);
		sum += *(long *)p;
		pthread_mutex_unlock(&m);
	}
	return p;
}
int main(void)
{
	pthread_t t[8];
	long v[8];
	int st;
	for (long i = 0; i < 8; i++)
		v[i] = i, pthread_create(&t[i], NULL, add, &v[i]);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	printf("%ld\n", sum);
	fflush(stdout);
	if (fork() == 0)
		_exit(sum % 256);
	wait(&st);
	printf("%d\n", WEXITSTATUS(st));
	return 0;
}
X
gcc -O2 -g -Wall -pthread -c a.c && cksum a.o
gcc -pthread -o a a.o && ./a
gcc -static -pthread -o as a.o && ./as
if gcc -m32 -idirafter "/usr/include/$(gcc -print-multiarch)" -pthread -o a32 a.c 2> /dev/null; then ./a32; fi
echo 'int main(void) { return x; }' > bad.c; gcc -c bad.c || echo "refused: $?"
gcc -shared -fPIC -x c -o lib.so - <<X
int forty_two(void) { return 42; }
X
printf 'int forty_two(void); int main(void) { return forty_two(); }' | gcc -x c - -o user -x none ./lib.so
./user || echo "forty-two: $?"
END
if command -v gcc > /dev/null; then
	same gcc 0 "$work/cc.sh"
else
	skip gcc 'gcc is not installed'
fi

if command -v python3 > /dev/null; then
	cat > py.py <<'END'
import asyncio, hashlib, mmap, os, select, signal, socket, subprocess, sys, tempfile, threading, time
print(hashlib.sha256(b"x" * 100000).hexdigest())
with open("f", "wb") as f:
    f.write(b"hello world" * 1000)
with open("f", "r+b") as f:
    m = mmap.mmap(f.fileno(), 0)
    print(m.find(b"world"), m[:5])
    m[:5] = b"HELLO"
    m.close()
print(open("f").read(5), os.stat("f").st_size)
print(subprocess.run(["sh", "-c", "echo sub; exit 3"], capture_output=True))
try:
    subprocess.run(["/no/such/thing"])
except FileNotFoundError as e:
    print(e)
p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(p.communicate(b"through cat"), p.returncode)
r = []
ts = [threading.Thread(target=lambda i=i: r.append(i * i)) for i in range(20)]
[t.start() for t in ts]; [t.join() for t in ts]
print(sorted(r))
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
def serve():
    c, _ = s.accept(); c.sendall(c.recv(100).upper()); c.close()
t = threading.Thread(target=serve); t.start()
c = socket.create_connection(s.getsockname()); c.sendall(b"over tcp"); print(c.recv(100)); c.close(); t.join(); s.close()
a, b = socket.socketpair()
fd = os.open("f", os.O_RDONLY)
socket.send_fds(a, [b"fd"], [fd])
msg, fds, _, _ = socket.recv_fds(b, 10, 1)
print(msg, os.read(fds[0], 5))
u = socket.socket(socket.AF_UNIX); u.bind("sock"); u.listen()
v = socket.socket(socket.AF_UNIX); v.connect("sock"); v.send(b"u"); w, _ = u.accept(); print(w.recv(1))
os.makedirs("bound/in")
os.umask(0o027)
for name in ["one", "./one", "bound/in/one", "bound/../one", "../%s/one" % os.path.basename(os.getcwd()), "/.." + os.getcwd() + "//bound/./one", "bound", "bound/", "none/one", "b\0\0"]:
    s1, s2 = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        s1.bind(name)
        s2.connect(name)
        s2.send(b"by its name")
        st = os.stat(name)
        print(s1.getsockname(), s2.getpeername() == s1.getsockname(), s1.recv(20), oct(st.st_mode), st.st_uid == os.geteuid(), st.st_gid == os.getegid())
        s1.bind("again")
    except (OSError, ValueError) as e:
        print(e.errno if isinstance(e, OSError) else e)
    if os.path.exists(name) and not os.path.isdir(name):
        os.unlink(name)
os.umask(0o022)
pid = os.fork()
if pid == 0:
    os.kill(os.getpid(), signal.SIGSTOP); time.sleep(0.3); os._exit(5)
print(os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1]))
os.kill(pid, signal.SIGCONT)
print(os.WIFCONTINUED(os.waitpid(pid, os.WCONTINUED)[1]))
print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
got = []
signal.signal(signal.SIGALRM, lambda n, f: got.append(n))
signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(0.2); print(got)
signal.signal(signal.SIGUSR1, lambda n, f: got.append(n))
pr, pw = os.pipe()
threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
threading.Timer(0.2, lambda: os.write(pw, b"!")).start()
print(os.read(pr, 1), got)
async def co():
    p = await asyncio.create_subprocess_exec("echo", "async", stdout=asyncio.subprocess.PIPE)
    return (await p.communicate())[0]
print(asyncio.run(co()))
import multiprocessing
if __name__ == "__main__":
    with multiprocessing.Pool(3) as pool:
        print(pool.map(abs, range(-5, 5)))
with tempfile.TemporaryDirectory() as d:
    os.symlink("nowhere", d + "/l"); print(os.path.lexists(d + "/l"), os.path.exists(d + "/l"))
os.mkdir("d"); os.rename("f", "d/g"); os.link("d/g", "h"); print(os.stat("h").st_nlink)
dfd = os.open("d", os.O_DIRECTORY); print(os.listdir(dfd), os.stat("g", dir_fd=dfd).st_size); os.chmod("g", 0o600, dir_fd=dfd) if os.chmod in os.supports_dir_fd else None
os.chdir("d"); print(os.path.basename(os.getcwd()), os.path.exists("../h"), os.path.basename(os.readlink("/proc/self/cwd")))
ep = select.epoll(); ep.register(pr, select.EPOLLIN); print(ep.poll(0.01))
try:
    open("/proc/self/mem", "rb").read(1)
except OSError as e:
    print(e.errno)
print(len(os.sched_getaffinity(0)) > 0, os.getppid() > 0)
os.remove("../sock")
sys.stdout.flush()
os._exit(11)
END
	same python3 11 "$work/py.py" python3
else
	skip python3 'python3 is not installed'
fi

cat > make.sh <<'END'
set -e
mkdir src
for i in $(seq 1 24); do
	echo "int f$i(int x) { return x + $i; }" > src/f$i.c
	echo "int f$i(int);" >> src/all.h
done
{
	echo '#include <stdio.h>'
	echo '#include "all.h"'
	echo 'int main(void) { int x = 0;'
	for i in $(seq 1 24); do echo "x = f$i(x);"; done
	printf '%s\n' 'printf("%d\n", x); return 0; }'
} > src/main.c
cat > Makefile <<'X'
SRC := $(wildcard src/*.c)
OBJ := $(SRC:.c=.o)
all: prog sub/done
prog: $(OBJ)
	@$(CC) -o $@ $(sort $^)
%.o: %.c src/all.h
	@$(CC) -O1 -Isrc -c -o $@ $<
sub/done: prog
	@mkdir -p sub
	@+$(MAKE) --no-print-directory -s -f ../Makefile -C sub deeper
deeper: d1 d2 d3 d4
	@touch done
d%:
	@sleep 0.05; echo $@ > $@
test: all
	@./prog
broken:
	@exit 3
.PHONY: all test deeper broken
X
make -s -j4 all
make -s -j4 test
make -s -q all; echo "up to date: $?"
touch src/f3.c
make -s -q all || echo "not so: $?"
make -s -j4 all && ./prog
make -s -j4 -k broken all 2> /dev/null || echo "failed as it should: $?"
END
if command -v make > /dev/null && command -v gcc > /dev/null; then
	same 'make -j4' 0 "$work/make.sh"
else
	skip 'make -j4' 'make or gcc is not installed'
fi

# Old 32-bit programs, whose file says nothing of their stack: what they may read they may execute.  It says how it is used, with 2.
old=$TG_BUILDDIR/tests/tracee/runs.tracee32
setarch i386 -X "$old" > /dev/null 2>&1
if [ $? = 2 ]; then
	tg run -p ./all.policy -- setarch i386 -X "$old"
	is "$status" 2 'a program that may execute all it may read'
else
	skip 'a program that may execute all it may read' 'no setarch, or no 32-bit programs here'
fi

finish

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Many calls that wait use up tollgate's descriptors: then it refuses what it
# cannot look at, and nobody is taken for somebody else.

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"
needs python3 mkfifo
needs_trace
mkfifo fifo
echo text > text
policy crowd.policy 'default allow' 'deny trace any'

# crowd.py: signals tollgate's second thread, when nobody waits and when as many as there can be wait for a writer.
cat > crowd.py <<'END'
import ctypes, os, signal, threading, time
tkill = {"x86_64": 200, "aarch64": 130}[os.uname().machine]
fifo = os.path.abspath("fifo")
libc = ctypes.CDLL(None, use_errno=True)
while not os.path.exists("tids"):
    time.sleep(0.05)
tids = [int(n) for n in open("tids").read().split()]
def signals(when):
    for tid in tids:
        print(when, "signalled" if libc.syscall(tkill, tid, signal.SIGURG) == 0 else "refused", flush=True)
def waits():
    while True:
        try:
            os.open(fifo, os.O_RDONLY)
        except OSError:
            time.sleep(0.05)
signals("before")
threading.stack_size(65536)
children = []
for n in range(4):
    pid = os.fork()
    if pid == 0:
        for i in range(150):
            threading.Thread(target=waits, daemon=True).start()
        time.sleep(600)
    children.append(pid)
full = False
for n in range(600):
    try:
        os.close(os.open("text", os.O_RDONLY))
        time.sleep(0.05)
    except OSError:
        full = True
        break
print("full" if full else "not full")
for n in range(200):
    signals("crowded")
    time.sleep(0.01)
for pid in children:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
print("end", open("text").read().strip())
END

(
	ulimit -n 256
	exec "$TOLLGATE" run -p ./crowd.policy -o log -- python3 crowd.py > out 2> .err
) &
tollgate=$!
has_threads() { [ "$(ls /proc/$tollgate/task 2>/dev/null | wc -l)" -gt 1 ]; }
if soon has_threads; then
	ls /proc/$tollgate/task | grep -vx $tollgate > tids.new
	mv tids.new tids
	wait $tollgate
	is $? 0 'the program ends well'
	is "$(grep -v '^before\|^crowded' out | tr '\n' ' ')" 'full end text ' 'calls that need a descriptor are refused, until there are some again'
	is "$(grep -c 'before refused' out)" 1 "tollgate's second thread is signalled by nobody"
	is "$(grep -c 'crowded refused' out)" 200 'nor when it cannot look who that is'
	unlike "$(cat out)" signalled 'at no time'
else
	kill $tollgate
	wait $tollgate
	skip 'a second thread' 'tollgate has none here'
fi
finish

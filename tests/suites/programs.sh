#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Larger programs at work: what they print, line by line, and their exit status.
#
#	SOURCES		folders of packages with ./configure or a Makefile, and make check

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/suites/lib.sh"
begin programs

results()
{
	printf 'exit status\t%s\n' "$1"
	tr -d '\000' < log | cat -n | sed 's/^ *//'
}

# try NAME COMMAND...: compares, if there is such a command.
try()
{
	name=$1
	shift
	if command -v "$1" > /dev/null; then
		compare "$name" "$@"
	else
		skip "programs: $name" "$1 is not installed"
	fi
}

cat > children.js << 'END'
const { spawn, spawnSync, execFile, fork } = require("child_process");
const { Worker, isMainThread, parentPort } = require("worker_threads");
const fs = require("fs"), net = require("net"), crypto = require("crypto");
if (process.argv[2] === "child") {
	process.on("message", (m) => { process.send(m * 2); process.disconnect(); });
	return;
}
async function main() {
	console.log(spawnSync("sh", ["-c", "echo out; echo err >&2; kill -TERM $$"]).signal);
	console.log(await new Promise((done) => execFile("/no/such", (e) => done(e.code))));
	const cat = spawn("cat");
	cat.stdin.end("through cat");
	console.log(await new Promise((done) => cat.stdout.on("data", (d) => done(String(d)))));
	const sleeper = spawn("sleep", ["1000"]);
	sleeper.kill("SIGKILL");
	console.log(await new Promise((done) => sleeper.on("exit", (code, signal) => done([code, signal]))));
	const child = fork(__filename, ["child"]);
	child.send(21);
	console.log(await new Promise((done) => child.on("message", done)));
	console.log(await Promise.all([1, 2, 3, 4].map((n) => new Promise((done) => {
		const w = new Worker(`const { parentPort } = require("worker_threads"); parentPort.postMessage(${n} * ${n});`, { eval: true });
		w.on("message", done);
	}))));
	const seen = new Promise((done) => fs.watch(".", (kind, name) => name === "seen" && done(name)));
	fs.writeFileSync("seen", "x");
	console.log(await seen);
	console.log(await new Promise((done) => {
		const s = net.createServer((c) => c.pipe(c)).listen("socket", () => {
			const c = net.connect("socket", () => c.write("echo"));
			c.on("data", (d) => { c.end(); s.close(); done(String(d)); });
		});
	}));
	console.log(await new Promise((done) => crypto.pbkdf2("a", "b", 1000, 8, "sha256", (e, k) => done(k.toString("hex")))));
	process.on("SIGUSR2", () => console.log("signal"));
	process.kill(process.pid, "SIGUSR2");
	setTimeout(() => process.exit(5), 100);
}
main();
END
try node node "$work/children.js"

cat > Children.java << 'END'
import java.io.*;
import java.util.concurrent.*;
public class Children {
	public static void main(String[] a) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(8);
		int sum = 0;
		java.util.List<Future<Integer>> all = new java.util.ArrayList<>();
		for (int i = 0; i < 100; i++) { final int n = i; all.add(pool.submit(() -> n * n)); }
		for (Future<Integer> f : all) sum += f.get();
		pool.shutdown();
		System.out.println(sum);
		Process p = new ProcessBuilder("sh", "-c", "cat; exit 3").start();
		try (OutputStream o = p.getOutputStream()) { o.write("through cat\n".getBytes()); }
		System.out.println(new BufferedReader(new InputStreamReader(p.getInputStream())).readLine() + " " + p.waitFor());
		Process s = new ProcessBuilder("sleep", "1000").start();
		s.destroy();
		System.out.println(s.waitFor());
		try { new ProcessBuilder("/no/such").start(); } catch (IOException e) { System.out.println(e.getMessage()); }
		String none = a.length > 5 ? "x" : null;
		try { none.length(); } catch (NullPointerException e) { System.out.println("null"); }
		Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("leaving")));
		for (int i = 0; i < 50; i++) { byte[] b = new byte[10 << 20]; }
		System.gc();
		System.exit(7);
	}
}
END
try java java "$work/Children.java"

cat > database.sql << 'END'
pragma journal_mode = wal;
create table t (a integer primary key, b text);
with recursive n (i) as (select 1 union all select i + 1 from n where i < 20000) insert into t select i, hex(i) from n;
create index b on t (b);
begin; update t set b = b || 'x' where a % 3 = 0; rollback;
begin exclusive; delete from t where a % 7 = 0; commit;
vacuum; analyze; pragma integrity_check;
select count(*), sum(length(b)) from t;
.backup copy
.shell sqlite3 copy 'select max(a) from t'
END
try sqlite sqlite3 data ".read $work/database.sql"

cat > history.sh << 'END'
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='2001-01-01T00:00:00Z' GIT_COMMITTER_DATE='2001-01-01T00:00:00Z'
git init -q -b main one && cd one || exit
for i in $(seq 60); do mkdir -p d$((i % 7)); seq $i > d$((i % 7))/f$i; git add .; git commit -qm "number $i"; done
git clone -q --no-local . ../two && cd ../two && git gc -q --aggressive && git fsck && git log --format=%H | cksum
git repack -adq --threads=4 && git archive HEAD | cksum && git push -q origin HEAD:side && git -C ../one log -1 --format=%H side
END
try git git -c alias.all="!sh $work/history.sh" all

# A debugger cannot be used, and says so instead of hanging.
cat > refused.sh << 'END'
gdb -q -batch -ex run -ex bt --args true 2>&1 | grep -v -i debuginfod
echo "ended with $?"
END
command -v gdb > /dev/null && compare gdb sh "$work/refused.sh"

cat > edit.sh << 'END'
unset TMUX
screen() { tmux -L edit capture-pane -p | grep -v '^$'; }
soon() { until screen | grep -qE -e "$1"; do sleep 0.1; done; screen | grep -E -e "$1"; }
keys() { tmux -L edit send-keys "$@"; }
export PS1=ask:
tmux -L edit -f /dev/null new-session -d -x 100 -y 20 'bash --norc --noprofile -i'
soon ^ask:
keys 'vim -N -u NONE -i NONE text' Enter
soon text
keys 'ihello world' Escape
soon '^hello world'
keys ':w' Enter
soon written
keys ':!sh -c "echo inside; exit 3"' Enter
soon 'shell returned 3'
keys Enter
soon '^hello world'
keys ':%!tr a-z A-Z' Enter
soon '^HELLO WORLD'
keys C-z
soon Stopped
keys jobs Enter
soon 'Stopped +vim'
keys fg Enter
soon '^HELLO WORLD'
keys ':wq' Enter
soon '^ask:'
tmux -L edit split-window -v 'PS1=lower: dash -i'
soon '^lower:'
keys 'cat text; exec sleep 1000' Enter
soon '^HELLO'
tmux -L edit select-pane -U
keys 'cat text' Enter
soon '^HELLO'
tmux -L edit kill-server
cat text
END
if command -v vim > /dev/null && command -v tmux > /dev/null; then
	compare 'vim and tmux' env TMUX_TMPDIR=. sh "$work/edit.sh"
else
	skip 'programs: vim and tmux' 'vim or tmux is not installed'
fi

# What make check of packages says of its tests, of what it compiled with many jobs.
results()
{
	printf 'exit status\t%s\n' "$1"
	sed -nE 's/^(PASS|FAIL|SKIP|XFAIL|ERROR): ([^ ]+).*/\2\t\1/p; s/^# ([A-Z]+): +([0-9]+)$/\1\t\2/p' log
	find here -name '*.o' | sort | sed 's/$/\tmade/'
}
cat > build.sh << 'END'
cp -r "$1/." . && { [ ! -x configure ] || ./configure -q; } && make -j8 && { make check || make test; }
END
for source in ${SOURCES:-}; do
	compare "make check of ${source##*/}" sh "$work/build.sh" "$source"
done
end

#!/bin/sh
# SPDX-License-Identifier: ISC
#
# What no shipped policy gives, nor all the promises of an ordinary program:
# files that others read or run later, services that act for whoever asks,
# devices and calls that lead below every rule.  A policy that allows all is the
# control: there each of them is let in, but for what the floor refuses.

. "${TG_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/tests/e2e/lib.sh"

for dir in .ssh .config/autostart .config/systemd/user .config/tollgate/policies .local/share/applications bin project/.git/hooks; do
	mkdir -p "$HOME/$dir"
done

# Files that run later, by their own shell, session, editor, version control or daemon (V76, V107).
for file in .bashrc .profile .bash_profile .zshrc .xsession .xprofile .ssh/authorized_keys .ssh/rc .config/autostart/x.desktop \
    .config/systemd/user/x.service .config/tollgate/policies/mpv.policy .local/share/applications/x.desktop bin/ls .gitconfig \
    project/.git/hooks/post-commit project/Makefile .mailcap .forward .pam_environment .vimrc .inputrc .netrc .gnupg/gpg.conf; do
	echo "openat(AT_FDCWD, \"$HOME/$file\", O_WRONLY|O_CREAT|O_TRUNC, 0644)"
	echo "rename(\"$HOME/new\", \"$HOME/$file\")"
	echo "symlink(\"x\", \"$HOME/$file\")"
done > later
for file in /etc/crontab /etc/cron.d/x /var/spool/cron/crontabs/x /var/spool/cron/atjobs/x /var/spool/at/x /var/mail/x /var/spool/cups/x \
    /etc/profile.d/x.sh /etc/ld.so.preload /etc/passwd /usr/local/bin/ls /etc/udev/rules.d/x.rules; do
	echo "openat(AT_FDCWD, \"$file\", O_WRONLY|O_CREAT, 0644)"
done >> later
for program in /usr/bin/at /usr/bin/batch /usr/bin/crontab /usr/sbin/sendmail /usr/bin/lp /usr/bin/logger /usr/bin/systemd-run /usr/bin/pkexec \
    /usr/bin/sudo /usr/bin/su /usr/bin/dbus-send /usr/bin/gdbus /usr/bin/busctl /usr/bin/docker; do
	echo "execve(\"$program\", [], [])"
done > helpers

# Services that act for their clients (V100, V101).
for path in /run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock /run/libvirt/libvirt-sock /run/snapd.socket \
    /nix/var/nix/daemon-socket/socket /run/dbus/system_bus_socket /run/systemd/private /run/user/1000/bus \
    /run/user/1000/systemd/private /run/user/1000/gnupg/S.gpg-agent /run/user/1000/keyring/ssh /tmp/ssh-x/agent.1 \
    /tmp/tmux-1000/default /run/screen/S-x/1.x /tmp/emacs1000/server /run/cups/cups.sock /run/mysqld/mysqld.sock /run/uuidd/request; do
	echo "connect(3, {sa_family=AF_UNIX, sun_path=\"$path\"}, 110)"
done > services

# Devices and the kernel's own doors (V92, V95).
for device in /dev/kvm /dev/mem /dev/port /dev/fuse /dev/uinput /dev/vhost-net /dev/vhost-vsock /dev/sda /dev/nvme0n1 /dev/loop-control \
    /dev/userfaultfd /dev/net/tun /dev/hidraw0 /dev/bus/usb/001/001 /dev/kmsg /proc/kcore /proc/sysrq-trigger \
    /proc/sys/kernel/core_pattern /sys/kernel/uevent_helper /sys/fs/cgroup/cgroup.procs; do
	echo "openat(AT_FDCWD, \"$device\", O_RDWR)"
done > devices
cat > doors <<'END'
bpf(0, NULL, 0)
perf_event_open(NULL, 0, -1, -1, 0)
keyctl(KEYCTL_GET_KEYRING_ID, 0, 0, 0, 0)
keyctl(KEYCTL_SESSION_TO_PARENT, 0, 0, 0, 0)
add_key("user", "x", "y", 1, -3)
request_key("user", "x", "y", -3)
kexec_load(0, 0, NULL, 0)
kexec_file_load(3, 4, 0, NULL, 0)
init_module(NULL, 0, "")
finit_module(3, "", 0)
delete_module("x", 0)
modify_ldt(1, NULL, 0)
iopl(3)
ioperm(0, 1, 1)
userfaultfd(0)
fanotify_init(0, 0)
quotactl(0, "/dev/sda1", 0, NULL)
swapon("/x", 0)
swapoff("/x")
acct("/x")
reboot(0, 0, 0, NULL)
settimeofday(0x1000, NULL)
clock_settime(0, 0x1000)
lookup_dcookie(1, NULL, 0)
uselib("/x")
syslog(4, NULL, 0)
sysfs(3)
io_uring_setup(1, NULL)
open_by_handle_at(3, NULL, 0)
unshare(CLONE_NEWUSER)
setns(3, 0)
mount("x", "/x", "x", 0, NULL)
pidfd_getfd(3, 4, 0)
process_vm_writev(1, NULL, 0, NULL, 0, 0)
ptrace(PTRACE_ATTACH, 1, NULL, NULL)
landlock_create_ruleset(NULL, 0, 1)
END

policy all.policy 'default allow' 'unsafe kernel-settings'
policy promised.policy 'promise stdio rpath thread proc flock tty prot_exec getpw dns inet unix recvfd sendfd' \
	"allow read,write,create,delete $HOME/work/**"

# let_in CALLS POLICY: those that are.
let_in() { "$TOLLGATE" explain -p "$2" --caller /usr/lib/libx.so < "$1" 2> .err | grep ' = allow: '; }
count() { "$TOLLGATE" explain -p "$2" --caller /usr/lib/libx.so < "$1" 2> .err | grep -c ' = '; }

for calls in later helpers services devices doors; do
	n=$(wc -l < $calls | tr -d ' ')
	is "$(count $calls ./all.policy)" "$n" "$calls: each line is a call"
	if [ $calls = doors ]; then
		holds "$calls: some are let in by a policy that allows all" test "$(let_in $calls ./all.policy | wc -l)" -gt 10
	else
		holds "$calls: a policy that allows all lets them in" test "$(let_in $calls ./all.policy | wc -l)" -gt $((n - 7))
	fi
	for policy in mpv ffmpeg ffplay mplayer ./promised.policy; do
		[ $calls$policy = services./promised.policy ] && continue	# the promise unix is of all of them
		is "$(let_in $calls $policy)" '' "$calls: $policy lets none in"
	done
done

finish

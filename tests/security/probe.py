"""Runs inside a sandbox, as root there, and tries to get out. Prints one JSON list of {name, blocked, detail}.

argv[1] is JSON: {"targets": [[name, host, port], ...], "control": [host, port] | null, "flag": "..."}.
An attack counts as blocked when the flag was not obtained or the kernel refused; `control` is reached on purpose, so that a dead
network cannot pass for a safe one.
"""
import ctypes
import errno
import json
import os
import socket
import stat
import sys
from concurrent.futures import ThreadPoolExecutor

libc = ctypes.CDLL(None, use_errno=True)
results = []


def report(name, blocked, detail=""):
    results.append({"name": name, "blocked": bool(blocked), "detail": str(detail)[:200]})


def attempt(name, action):
    """Blocked when `action` raises OSError; a return value is what the attacker got."""
    try:
        report(name, False, action())
    except OSError as error:
        report(name, True, errno.errorcode.get(error.errno, error))


def syscall(name, number, *arguments):
    ctypes.set_errno(0)
    value = libc.syscall(number, *arguments)
    code = ctypes.get_errno()
    report("syscall " + name, value == -1 and code in (errno.EPERM, errno.ENOSYS, errno.EACCES), errno.errorcode.get(code, value))


def connect(host, port, flag):
    """None when unreachable, else what was read."""
    try:
        infos = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return None, error
    for family, kind, proto, _, address in infos:
        with socket.socket(family, kind, proto) as s:
            s.settimeout(1.0)
            try:
                s.connect(address)
                s.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return s.recv(4096), ""
            except OSError as error:
                last = error
    return None, last


def network(options):
    flag = options["flag"].encode()
    # Dropped packets cost a time-out each, so they are waited for together.
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda target: connect(target[1], target[2], flag), options["targets"]))
    for (name, _, _), (answer, why) in zip(options["targets"], answers):
        report("connect " + name, answer is None, why if answer is None else answer[:60])
    if options["control"]:
        answer, why = connect(*options["control"], flag)
        report("control: the public internet is reachable", answer is not None and flag in answer, why)
    attempt("raw socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
    attempt("packet socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
    return "written"


def kernel_files():
    for path in (
        "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hostname", "/proc/sys/vm/panic_on_oom",
        "/proc/sys/fs/binfmt_misc/register", "/proc/sysrq-trigger", "/proc/irq/0/smp_affinity", "/proc/sys/net/ipv4/ip_forward",
        "/sys/kernel/uevent_helper", "/sys/power/state", "/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/memory/release_agent",
        "/sys/fs/cgroup/cgroup.procs", "/sys/class/net/eth0/mtu",
    ):
        attempt("write " + path, lambda: write(path, "1"))
    for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware/dmi/tables/DMI", "/proc/kallsyms"):
        def read():
            with open(path, "rb") as f:
                data = f.read(64)
            if not data or (path == "/proc/kallsyms" and data.startswith(b"0000000000000000")):
                raise OSError(errno.EACCES, "empty")
            return data
        attempt("read " + path, read)


def devices():
    for name, mode, major, minor in (("sda", stat.S_IFBLK, 8, 0), ("loop", stat.S_IFBLK, 7, 0), ("vda", stat.S_IFBLK, 254, 0),
                                     ("mem", stat.S_IFCHR, 1, 1), ("kmsg", stat.S_IFCHR, 1, 11), ("fuse", stat.S_IFCHR, 10, 229)):
        def make():
            path = "/tmp/dev-" + name
            os.mknod(path, mode | 0o600, os.makedev(major, minor))
            fd = os.open(path, os.O_RDONLY)
            os.close(fd)
            return "opened"
        attempt("mknod " + name, make)
    for path in ("/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/loop-control", "/dev/fuse", "/dev/kvm", "/dev/net/tun", "/dev/btrfs-control"):
        attempt("open " + path, lambda: os.open(path, os.O_RDONLY))


def mount(kind, source, target, flags=0, data=None):
    if libc.mount(source.encode(), target.encode(), kind.encode(), flags, data.encode() if data else None) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    return "mounted"


def mounts():
    os.makedirs("/tmp/m", exist_ok=True)
    attempt("mount tmpfs", lambda: mount("tmpfs", "tmpfs", "/tmp/m"))
    attempt("mount proc", lambda: mount("proc", "proc", "/tmp/m"))
    attempt("mount sysfs", lambda: mount("sysfs", "sysfs", "/tmp/m"))
    attempt("mount cgroup", lambda: mount("cgroup", "cgroup", "/tmp/m", 0, "memory"))
    attempt("mount cgroup2", lambda: mount("cgroup2", "cgroup2", "/tmp/m"))
    attempt("mount overlay", lambda: mount("overlay", "overlay", "/tmp/m", 0, "lowerdir=/,upperdir=/tmp,workdir=/var/tmp"))
    attempt("bind mount", lambda: mount("", "/", "/tmp/m", 4096))
    attempt("remount / read-write", lambda: mount("", "/", "/", 32 | 4096))
    attempt("unmount /proc", lambda: (libc.umount2(b"/proc", 2) == 0) or (_ for _ in ()).throw(OSError(ctypes.get_errno(), "umount")))


def syscalls():
    new_user, new_ns, new_net = 0x10000000, 0x00020000, 0x40000000
    syscall("unshare(NEWUSER)", 272, new_user)
    syscall("unshare(NEWNS)", 272, new_ns)
    syscall("unshare(NEWNET)", 272, new_net)
    syscall("clone(NEWUSER)", 56, new_user | 17, 0, 0, 0, 0)
    for name, number in (("kexec_load", 246), ("init_module", 175), ("delete_module", 176), ("iopl", 172), ("reboot", 169), ("swapon", 167),
                         ("settimeofday", 164), ("pivot_root", 155), ("bpf", 321), ("perf_event_open", 298), ("userfaultfd", 323),
                         ("io_uring_setup", 425), ("add_key", 248), ("request_key", 249), ("keyctl", 250), ("open_by_handle_at", 304),
                         ("fsopen", 430), ("move_mount", 429), ("open_tree", 428), ("mount_setattr", 442), ("setns", 308), ("syslog", 103),
                         ("acct", 163), ("quotactl", 179), ("lookup_dcookie", 212)):
        syscall(name, number, 0, 0, 0, 0, 0)


def identity():
    status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines() if ":" in line)
    # CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID at most: anything beyond them is a finding.
    allowed = sum(1 << bit for bit in (0, 1, 3, 4, 5, 6, 7))
    report("capability bounding set is minimal", int(status["CapBnd"], 16) & ~allowed == 0, status["CapBnd"])
    report("no_new_privs is set", status["NoNewPrivs"].strip() == "1", status["NoNewPrivs"])
    report("seccomp filter is on", status["Seccomp"].strip() == "2", status["Seccomp"])
    inside, outside, _ = open("/proc/self/uid_map").read().split()[:3]
    report("root inside is nobody outside", outside != "0", outside)
    leaks = []
    for pid in ("1", "self"):
        for fd in os.listdir("/proc/%s/fd" % pid) if os.access("/proc/%s/fd" % pid, os.R_OK) else []:
            try:
                link = os.readlink("/proc/%s/fd/%s" % (pid, fd))
            except OSError:
                continue
            if link.startswith("/") and not link.startswith(("/dev/", "/proc/", "/workspace", "/tmp", "/home")):
                leaks.append(link)
    report("no descriptor of the host leaked (CVE-2024-21626)", not leaks, leaks)
    report("working directory is inside", os.getcwd().startswith("/"), os.getcwd())
    report("only own processes are visible", all(int(p) < 4_000_000 for p in os.listdir("/proc") if p.isdigit()) and len([p for p in os.listdir("/proc") if p.isdigit()]) < 20)
    attempt("host path /var/lib/miosa", lambda: os.listdir("/var/lib/miosa"))
    attempt("agent binary can be replaced", lambda: os.open("/.miosa/agent", os.O_WRONLY))


options = json.loads(sys.argv[1])
for group in (lambda: network(options), kernel_files, devices, mounts, syscalls, identity):
    group()
print(json.dumps(results))

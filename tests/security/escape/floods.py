"""Runs inside a sandbox and takes as much of one thing as it gets, for argv[2] seconds. Prints how much that was."""
import ctypes
import errno
import mmap
import os
import pty
import socket
import sys
import time

kind, seconds = sys.argv[1], float(sys.argv[2])
end = time.monotonic() + seconds
libc = ctypes.CDLL(None, use_errno=True)
kept = []
count = 0


def until_end(action):
    global count
    while time.monotonic() < end:
        try:
            kept.append(action(count))
            count += 1
        except (OSError, MemoryError, OverflowError) as error:
            if getattr(error, "errno", None) in (errno.EPERM, errno.ENOSYS):
                return
            time.sleep(0.001)


def file(folder, content):
    def make(number):
        fd = os.open("%s/flood-%d" % (folder, number), os.O_CREAT | os.O_WRONLY)
        try:
            if content:
                os.write(fd, content)
        finally:
            os.close(fd)
    return make


def processes(_):
    if os.fork() == 0:
        while time.monotonic() < end:
            try:
                os.fork()
            except OSError:
                time.sleep(0.001)
        os._exit(0)


def datagrams(_):
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    left.setblocking(False)
    left.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
    kept.append((left, right))
    while time.monotonic() < end:
        left.send(b"x" * 60000)


def pipes(_):
    reader, writer = os.pipe2(os.O_NONBLOCK)
    try:
        __import__("fcntl").fcntl(writer, 1031, 1 << 20)
    except OSError:
        pass
    os.write(writer, b"x" * (1 << 20))
    return reader, writer


def lookups(number):
    try:
        os.stat("/workspace/none-%d-%s" % (number, "x" * 200))
    except FileNotFoundError:
        pass


def watches(number):
    fd = libc.inotify_init1(0)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    os.makedirs("/workspace/w", exist_ok=True)
    for folder in ("/", "/etc", "/usr", "/workspace/w"):
        libc.inotify_add_watch(fd, folder.encode(), 0xfff)


def keys(number):
    ctypes.set_errno(0)
    if libc.syscall(248, b"user", b"k%d" % number, b"x" * 4000, 4000, -2) < 0:
        raise OSError(ctypes.get_errno(), "add_key")


def memory(_):
    area = mmap.mmap(-1, 16 << 20)
    for page in range(0, 16 << 20, 4096):
        area[page] = 1
    return area


FLOODS = {
    "processes": processes, "descriptors": lambda _: os.dup(1), "inodes": file("/workspace", b""), "disk": file("/workspace", b"x" * (4 << 20)),
    "shared memory": file("/dev/shm", b"x" * (1 << 20)), "shared memory files": file("/dev/shm", b""), "lookups": lookups, "terminals": lambda _: pty.openpty(),
    "watches": watches, "keys": keys, "datagrams": datagrams, "pipes": pipes, "memory": memory,
    "connections": lambda _: socket.create_connection(("127.0.0.1", 1), 1), "threads": lambda _: __import__("threading").Thread(target=time.sleep, args=(seconds,), daemon=True).start(),
}
if kind == "output":
    os.execvp("head", ["head", "-c", "1073741824", "/dev/zero"])
try:
    until_end(FLOODS[kind])
except RuntimeError:
    pass
print(count, flush=True)
os._exit(0)

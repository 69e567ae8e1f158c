package main

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// System calls that the frozen syscall package lacks; not worth a dependency.

const (
	oPath = 0x200000 // O_PATH
	// sysOpenat2 is the same number on every architecture (Linux 5.6).
	sysOpenat2          = 437
	resolveNoMagicLinks = 0x02
	resolveBeneath      = 0x08
	atFdcwd             = -100
	renameNoReplace     = 1
)

// openHow is struct open_how of openat2(2).
type openHow struct{ flags, mode, resolve uint64 }

var noOpenat2 atomic.Bool

// openFollowing opens a path and follows symbolic links, but not the kernel's magic ones (/proc/<pid>/root, /proc/<pid>/fd/…): the real name
// of what those lead to does not start with /proc, so the guard on names would not see them.
func openFollowing(name string, flags int) (int, error) {
	if noOpenat2.Load() {
		return syscall.Open(name, flags|syscall.O_CLOEXEC, 0)
	}
	fd, err := openat2(atFdcwd, name, flags, resolveNoMagicLinks)
	switch err {
	case syscall.ENOSYS, syscall.EPERM: // gVisor, or a seccomp profile older than the call
		noOpenat2.Store(true)
		return syscall.Open(name, flags|syscall.O_CLOEXEC, 0)
	case syscall.ELOOP:
		// Magic link or a real loop? Only a magic one opens without the flag.
		if probe, err := syscall.Open(name, flags|syscall.O_CLOEXEC, 0); err == nil {
			_ = syscall.Close(probe)
			return -1, newFault("FORBIDDEN", "Links through /proc are not followed.")
		}
	}
	return fd, err
}

// openBeneath opens a relative path whose resolution never leaves the folder: EXDEV when it would, ENOSYS or EPERM where the kernel cannot promise it.
func openBeneath(folder int, name string, flags int) (int, error) {
	const attempts = 32 // EAGAIN: a rename elsewhere met a ".." of ours
	for attempt := 1; ; attempt++ {
		fd, err := openat2(folder, name, flags, resolveBeneath|resolveNoMagicLinks)
		if err != syscall.EAGAIN || attempt == attempts {
			return fd, err
		}
	}
}

func openat2(folder int, name string, flags int, resolve uint64) (int, error) {
	path, err := syscall.BytePtrFromString(name)
	if err != nil {
		return -1, err
	}
	how := openHow{flags: uint64(flags | syscall.O_CLOEXEC), resolve: resolve}
	for {
		fd, _, errno := syscall.Syscall6(sysOpenat2, uintptr(folder), uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how), 0, 0)
		switch errno {
		case 0:
			return int(fd), nil
		case syscall.EINTR:
			continue
		}
		return -1, errno
	}
}

// renameNew renames without replacing: EEXIST when the new name is taken.
func renameNew(from, to string) error {
	fromPtr, err := syscall.BytePtrFromString(from)
	if err != nil {
		return err
	}
	toPtr, err := syscall.BytePtrFromString(to)
	if err != nil {
		return err
	}
	folder := atFdcwd
	_, _, errno := syscall.Syscall6(sysRenameat2, uintptr(folder), uintptr(unsafe.Pointer(fromPtr)), uintptr(folder), uintptr(unsafe.Pointer(toPtr)), renameNoReplace, 0)
	switch errno {
	case 0:
		return nil
	case syscall.ENOSYS, syscall.EINVAL: // not every file system knows the flag
		if _, err := os.Lstat(to); err == nil {
			return syscall.EEXIST
		}
		return os.Rename(from, to)
	}
	return errno
}

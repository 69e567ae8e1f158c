package main

import (
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// tree is the part of the file system that a request may reach: all but the guarded trees, or what lies beneath root. The kernel keeps to root while
// it resolves a path (openat2(2), RESOLVE_BENEATH), so a link changed meanwhile leads nowhere else. Absolute links are refused in it, those that
// point into root too: the kernel would start them at "/".
type tree struct{ root string }

// everything is the tree of callers that may do what the user sandbox may.
var everything = tree{}

// outside refuses a path that leaves the root. The reason is the control plane's own for such paths.
func (t tree) outside(name string) *fault {
	f := newFault("FORBIDDEN", "%s leads out of %s.", name, t.root)
	f.details = map[string]any{"reason": "outside_workspace"}
	return f
}

// split divides a name into the folder to open and the entry in it; "." when the name is a folder by its form, or the root.
func (t tree) split(name string) (folder, base string) {
	folder, base = path.Split(name)
	if base == "" || base == "." || base == ".." || name == t.root {
		return name, "."
	}
	return folder, base
}

// openFolder opens a folder to work in, as O_PATH.
func (t tree) openFolder(name string) (int, error) {
	if t.root == "" {
		return openFollowing(name, oPath|syscall.O_DIRECTORY)
	}
	rest, below := strings.CutPrefix(name, t.root)
	if !below || rest != "" && rest[0] != '/' {
		return -1, t.outside(name)
	}
	// The root itself may not be a link either: programs in the sandbox that run as root could replace it.
	root, err := syscall.Open(t.root, oPath|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer syscall.Close(root)
	fd, err := openBeneath(root, "./"+strings.TrimLeft(rest, "/"), oPath|syscall.O_DIRECTORY)
	switch err {
	case syscall.EXDEV:
		return -1, t.outside(name)
	case syscall.ENOSYS, syscall.EPERM, syscall.E2BIG, syscall.EINVAL:
		return -1, newFault("FORBIDDEN", "This sandbox's system cannot keep a request to %s.", t.root)
	case syscall.EAGAIN:
		return -1, newFault("UNAVAILABLE", "%s: folders are being moved; try again.", name)
	}
	return fd, err
}

// openFolder is a folder held open, to walk a tree by: entries are reached through path, so that a folder on the way that is replaced by a link
// meanwhile is not left through it.
type openFolder struct {
	file *os.File
	path string
}

// enter opens the folder; a link is not followed.
func enter(name string) (*openFolder, error) {
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	return &openFolder{file, "/proc/self/fd/" + strconv.Itoa(int(file.Fd()))}, nil
}

func (f *openFolder) close() { _ = f.file.Close() }

// entries are sorted by name.
func (f *openFolder) entries() ([]os.DirEntry, error) { return os.ReadDir(f.path) }

func (f *openFolder) entry(name string) string { return f.path + "/" + name }

// changeEntryMode is chmod(2) that follows no link.
func changeEntryMode(name string, mode os.FileMode) error {
	fd, err := syscall.Open(name, oPath|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&syscall.S_IFMT == syscall.S_IFLNK {
		return syscall.ELOOP
	}
	return os.Chmod("/proc/self/fd/"+strconv.Itoa(fd), mode)
}

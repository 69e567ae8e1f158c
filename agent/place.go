package main

import (
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// guarded are the trees no file request may touch.
var guarded = []string{"/proc", "/sys", "/dev"}

const maxLinks = 40 // as the kernel's own limit

// place is a located file: its folder, held open, and its last name. Working through the open folder means that a link swapped in
// after the guard looked changes nothing.
type place struct {
	folder int    // O_PATH descriptor
	base   string // last name; "." for the root of the tree
	real   string // absolute name with no link before base
}

// path names the place through the open folder. Go's file functions take it as any path.
func (p *place) path() string { return p.sibling(p.base) }

// sibling names another entry of the same folder.
func (p *place) sibling(name string) string {
	return "/proc/self/fd/" + strconv.Itoa(p.folder) + "/" + name
}

func (p *place) close() { _ = syscall.Close(p.folder) }

func guard(real string) error {
	for _, tree := range guarded {
		if real == tree || strings.HasPrefix(real, tree+"/") {
			return newFault("FORBIDDEN", "%s is not open to file requests.", tree)
		}
	}
	return nil
}

// locate finds a clean absolute path in the tree; with follow, a link at its end is followed as well, to a file that need not exist.
// Call it within asSandbox, and close the place.
func (t tree) locate(name string, follow bool) (*place, error) {
	for range maxLinks {
		p, err := t.locateOnce(name)
		if err != nil || !follow {
			return p, err
		}
		target, err := os.Readlink(p.path())
		if err != nil { // not a link, or not there
			return p, nil
		}
		if path.IsAbs(target) {
			if t.root != "" {
				p.close()
				return nil, t.outside(name)
			}
		} else {
			// Not path.Join: "link/.." must be resolved by the kernel, not as text.
			target = path.Dir(p.real) + "/" + target
		}
		p.close()
		name = target
	}
	return nil, syscall.ELOOP
}

func (t tree) locateOnce(name string) (*place, error) {
	folder, base := t.split(name)
	fd, err := t.openFolder(folder)
	if err != nil {
		return nil, err
	}
	p := &place{folder: fd, base: base}
	real, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err == nil {
		p.real = path.Join(real, base)
		err = guard(p.real)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// open opens the place itself for reading; only files and folders, so that no device or pipe is touched. O_NOFOLLOW: what locate followed
// is not followed again.
func (p *place) open() (*os.File, error) {
	info, err := os.Lstat(p.path())
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, newFault("CONFLICT", "%s is neither a file nor a folder.", p.real)
	}
	// O_NONBLOCK: should a pipe have taken its place since, opening it does not wait.
	return os.OpenFile(p.path(), os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
}

// makeFolders makes a folder and its missing parents, and says which ones it made, outermost first.
func (t tree) makeFolders(name string, mode os.FileMode) (made []string, err error) {
	p, err := t.locate(name, true)
	if err == syscall.ENOENT && name != "/" && name != t.root {
		if made, err = t.makeFolders(path.Dir(name), 0o755); err == nil {
			p, err = t.locate(name, true)
		}
	}
	if err != nil {
		return made, err
	}
	defer p.close()
	switch err := os.Mkdir(p.path(), mode); {
	case err == nil:
		// Past the umask: the caller's mode counts.
		return append(made, name), changeEntryMode(p.path(), mode)
	case os.IsExist(err):
		if info, err := os.Lstat(p.path()); err == nil && info.IsDir() {
			return made, nil
		}
		return made, newFault("CONFLICT", "%s exists and is not a folder.", name)
	default:
		return made, err
	}
}

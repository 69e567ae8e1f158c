package main

import (
	"hash/maphash"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
)

const (
	// maxWatches bounds the folders of one watch: each costs the kernel about 1 KiB, which all sandboxes of a host share.
	maxWatches = 8192
	// maxKnown bounds the names remembered, 8 bytes and their place in a map each. Beyond it an entry that is replaced counts as changed.
	maxKnown = 64 << 10
)

var nameSeed = maphash.MakeSeed()

// watched is a folder under watch. It knows which names it has, so that a rename over a file is told from a new file, and an entry that was
// found by reading the folder is not announced again when the kernel tells of it.
type watched struct {
	wd       int32
	name     string
	parent   *watched // nil: the watched folder itself, or one that has left the tree
	children map[string]*watched
	names    map[uint64]struct{}
	partial  bool // names is not complete
}

// path is relative to the watched folder, "" for itself.
func (f *watched) path() string {
	if f.parent == nil {
		return ""
	}
	return path.Join(f.parent.path(), f.name)
}

// root is where the path starts.
func (f *watched) root() *watched {
	for f.parent != nil {
		f = f.parent
	}
	return f
}

func (f *watched) has(name string) bool {
	_, ok := f.names[maphash.String(nameSeed, name)]
	return ok
}

func descriptorPath(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// learn notes a name; false when it was known.
func (w *watcher) learn(f *watched, name string) bool {
	if f.has(name) {
		return false
	}
	if w.known >= maxKnown {
		f.partial = true
		return true
	}
	if f.names == nil {
		f.names = map[uint64]struct{}{}
	}
	f.names[maphash.String(nameSeed, name)] = struct{}{}
	w.known++
	return true
}

func (w *watcher) unlearn(f *watched, name string) {
	if f.has(name) {
		delete(f.names, maphash.String(nameSeed, name))
		w.known--
	}
}

// openBelow opens a folder of the tree as O_PATH, name by name, so that no link is followed. Call it within asSandbox.
func (w *watcher) openBelow(name string) (int, error) {
	const flags = oPath | syscall.O_DIRECTORY | syscall.O_NOFOLLOW | syscall.O_CLOEXEC
	if err := guard(path.Join(w.real, name)); err != nil {
		return -1, err
	}
	at, err := syscall.Openat(w.root, ".", flags, 0)
	for part := range strings.SplitSeq(name, "/") {
		if err != nil || part == "" || part == "." {
			return at, err
		}
		above := at
		at, err = syscall.Openat(above, part, flags, 0)
		_ = syscall.Close(above)
	}
	return at, err
}

// watch adds a folder and all below it. What is in them is read after they are under watch: nothing comes unnoticed in between.
// With announce, entries that were not known are changes.
func (w *watcher) watch(parent *watched, name string, announce bool) {
	first := &watched{name: name, parent: parent}
	for todo := []*watched{first}; len(todo) > 0; {
		folder := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		var inside []string
		_ = w.agent.asSandbox(func() (err error) {
			inside, err = w.add(folder, announce)
			return err
		}) // one that cannot be read or is gone again is left out
		if w.recursive {
			for _, name := range inside {
				todo = append(todo, &watched{name: name, parent: folder})
			}
		}
	}
}

// add puts one folder under watch and returns the names of the folders in it.
func (w *watcher) add(folder *watched, announce bool) (inside []string, err error) {
	if len(w.folders) >= maxWatches {
		w.limited()
		return nil, nil
	}
	fd, err := w.openBelow(folder.path())
	if err != nil {
		return nil, err
	}
	defer syscall.Close(fd)
	folder.wd, err = w.queue.add(fd)
	if err == syscall.ENOSPC || err == syscall.ENOMEM {
		w.limited()
	}
	if err != nil {
		return nil, err
	}
	if earlier := w.folders[folder.wd]; earlier != nil && earlier != folder {
		w.forget(earlier) // moved here, and the news of that is still to come
	}
	w.folders[folder.wd] = folder
	if folder.parent == nil {
		w.top = folder
	} else {
		if folder.parent.children == nil {
			folder.parent.children = map[string]*watched{}
		}
		folder.parent.children[folder.name] = folder
	}
	return w.read(folder, fd, announce)
}

// read learns what is in a folder, a few names at a time.
func (w *watcher) read(folder *watched, fd int, announce bool) (inside []string, err error) {
	file, err := os.OpenFile(descriptorPath(fd)+"/.", os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	for {
		entries, err := file.ReadDir(256)
		for _, entry := range entries {
			if w.learn(folder, entry.Name()) && announce {
				if w.changes.full() {
					announce, w.lost = false, "queue"
					continue
				}
				w.changes.created(path.Join(folder.path(), entry.Name()), entry.IsDir())
			}
			if entry.IsDir() {
				inside = append(inside, entry.Name())
			}
		}
		if err == io.EOF {
			return inside, nil
		}
		if err != nil {
			return inside, err
		}
	}
}

// forget takes a folder and all below it out of the watch.
func (w *watcher) forget(folder *watched) {
	if folder.parent != nil && folder.parent.children[folder.name] == folder {
		delete(folder.parent.children, folder.name)
	}
	for todo := []*watched{folder}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if w.folders[next.wd] == next {
			delete(w.folders, next.wd)
			w.queue.remove(next.wd)
		}
		w.known -= len(next.names)
		next.names = nil
		for _, child := range next.children {
			todo = append(todo, child)
		}
		next.children = nil
	}
}

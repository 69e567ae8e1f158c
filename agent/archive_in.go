package main

import (
	"errors"
	"net/http"
	"os"
	"path"
	"strconv"
	"syscall"
)

const (
	maxArchive  = 2 << 30   // bytes received (contract 4.2)
	maxUnpacked = 8 << 30   // bytes written: the bound on decompression bombs
	maxMembers  = 1_000_000 // entries
)

// putArchive unpacks a tar or tar.gz into a folder. Everything is unpacked into a hidden folder inside the target first and checked on the way;
// only a whole and harmless archive is then moved into place, by renames. A refused one leaves nothing.
func (a *agent) putArchive(in tree, w http.ResponseWriter, r *http.Request) error {
	name, err := a.queryPath(r, a.config.workspace)
	if err != nil {
		return err
	}
	stage, err := a.openStage(in, name)
	if err != nil {
		return asFault(err, name)
	}
	defer stage.close()
	u := &unpacker{agent: a, root: stage.root, folders: map[string]bool{".": true}}
	if err := u.unpack(http.MaxBytesReader(w, r.Body, maxArchive)); err != nil {
		return asFault(err, name)
	}
	err = a.asSandbox(func() error {
		if err := checkMerge(stage.path, stage.target, ""); err != nil {
			return err
		}
		stage.committed = true
		return merge(stage.path, stage.target)
	})
	if err != nil {
		return asFault(err, name)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"files": u.files, "sizeBytes": u.bytes})
}

// stage is the hidden folder an archive is unpacked into.
type stage struct {
	agent     *agent
	in        tree
	folder    *place
	target    string   // the folder asked for, through an open descriptor
	path      string   // the hidden folder inside it
	root      *os.Root // the hidden folder: names in it cannot lead out
	made      []string // folders made for the target, removed again on refusal
	committed bool
	opened    int
}

// openStage makes the target and the hidden folder in it. Inside, because the user sandbox may not write beside /workspace, and
// because renames must stay on one file system.
func (a *agent) openStage(in tree, name string) (*stage, error) {
	s := &stage{agent: a, in: in, opened: -1}
	err := a.asSandbox(func() (err error) {
		if s.made, err = in.makeFolders(name, 0o755); err != nil {
			return err
		}
		if s.folder, err = in.locate(name, true); err != nil {
			return err
		}
		if s.opened, err = syscall.Open(s.folder.path(), oPath|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0); err != nil {
			return err
		}
		s.target = "/proc/self/fd/" + strconv.Itoa(s.opened) + "/." // "/.": not the kernel's link itself, which enter would not follow
		s.path = s.target + "/.miosa-" + randomName(12) + ".tmp"
		if err = os.Mkdir(s.path, 0o700); err != nil {
			s.path = ""
			return err
		}
		s.root, err = os.OpenRoot(s.path)
		return err
	})
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) close() {
	_ = s.agent.asSandbox(func() error {
		if s.root != nil {
			_ = s.root.Close()
		}
		if s.path != "" {
			_ = os.RemoveAll(s.path)
		}
		for i := len(s.made) - 1; i >= 0 && !s.committed; i-- {
			if p, err := s.in.locate(s.made[i], false); err == nil {
				_ = syscall.Rmdir(p.path()) // only if still empty
				p.close()
			}
		}
		return nil
	})
	if s.opened >= 0 {
		_ = syscall.Close(s.opened)
	}
	if s.folder != nil {
		s.folder.close()
	}
}

// pair is a folder of the archive and the folder it goes into, both held open.
type pair struct {
	staged, target *openFolder
	entries        []os.DirEntry // of staged
}

func openPair(staged, target string) (p pair, err error) {
	if p.staged, err = enter(staged); err != nil {
		return p, err
	}
	if p.target, err = enter(target); err == nil {
		p.entries, err = p.staged.entries()
	}
	if err != nil {
		p.close()
	}
	return p, err
}

func (p pair) close() {
	p.staged.close()
	if p.target != nil {
		p.target.close()
	}
}

// checkMerge refuses what moving into place could not do or would do outside the target: a folder where a link or a file is, a file where a
// folder is. It looks only where both sides have a folder.
func checkMerge(staged, target, inside string) error {
	both, err := openPair(staged, target)
	if err != nil {
		return err
	}
	defer both.close()
	for _, entry := range both.entries {
		to := both.target.entry(entry.Name())
		there, err := os.Lstat(to)
		if errors.Is(err, syscall.ENOENT) {
			continue
		}
		if err != nil {
			return err
		}
		name := path.Join(inside, entry.Name())
		switch {
		case entry.IsDir() && !there.IsDir():
			return badEntry(name, "is a folder in the archive, but a file or link in the target")
		case !entry.IsDir() && there.IsDir():
			return badEntry(name, "is a file in the archive, but a folder in the target")
		case entry.IsDir():
			if err := checkMerge(both.staged.entry(entry.Name()), to, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// merge moves the staged entries into place; folders that exist on both sides are gone into.
func merge(staged, target string) error {
	both, err := openPair(staged, target)
	if err != nil {
		return err
	}
	defer both.close()
	for _, entry := range both.entries {
		from, to := both.staged.entry(entry.Name()), both.target.entry(entry.Name())
		if entry.IsDir() {
			err := renameNew(from, to)
			if err == syscall.EEXIST {
				err = merge(from, to)
			}
			if err != nil {
				return err
			}
			continue
		}
		if err := syscall.Rename(from, to); err != nil {
			return err
		}
	}
	return nil
}

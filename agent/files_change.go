package main

import (
	"net/http"
	"os"
	"syscall"
)

func (a *agent) deleteFile(in tree, w http.ResponseWriter, r *http.Request) error {
	name, err := a.queryPath(r, "")
	if err != nil {
		return err
	}
	recursive, err := queryBool(r, "recursive", false)
	if err != nil {
		return err
	}
	err = a.asSandbox(func() error {
		p, err := in.locate(name, false)
		if err != nil {
			return err
		}
		defer p.close()
		info, err := os.Lstat(p.path())
		switch {
		case err != nil:
			return err
		case p.base == ".":
			return newFault("FORBIDDEN", "%s cannot be deleted.", name)
		case info.IsDir() && recursive:
			return os.RemoveAll(p.path()) // goes by open folders inside: follows no links
		case info.IsDir():
			return syscall.Rmdir(p.path())
		default:
			return syscall.Unlink(p.path())
		}
	})
	if err != nil {
		return asFault(err, name)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"path": name, "deleted": true})
}

func (a *agent) makeFolder(in tree, w http.ResponseWriter, r *http.Request) error {
	body := struct {
		Path      string `json:"path"`
		Recursive *bool  `json:"recursive"`
		Mode      string `json:"mode"`
	}{}
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	name, err := a.absolute("path", body.Path)
	if err != nil {
		return err
	}
	mode, err := parseMode(body.Mode, 0o755)
	if err != nil {
		return err
	}
	err = a.asSandbox(func() error {
		if body.Recursive == nil || *body.Recursive {
			_, err := in.makeFolders(name, mode)
			return err
		}
		p, err := in.locate(name, false)
		if err != nil {
			return err
		}
		defer p.close()
		if err := syscall.Mkdir(p.path(), 0o700); err != nil {
			return err
		}
		return changeEntryMode(p.path(), mode)
	})
	if err != nil {
		return asFault(err, name)
	}
	return a.answerFile(in, w, name)
}

// answerFile describes a file after a change.
func (a *agent) answerFile(in tree, w http.ResponseWriter, name string) error {
	view, err := a.look(in, name)
	if err != nil {
		return asFault(err, name)
	}
	return writeJSON(w, http.StatusOK, view)
}

func (a *agent) changeMode(in tree, w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Path      string `json:"path"`
		Mode      string `json:"mode"`
		Recursive bool   `json:"recursive"`
	}
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	name, err := a.absolute("path", body.Path)
	if err != nil {
		return err
	}
	if body.Mode == "" {
		return invalid("mode", "must be given, such as 0644")
	}
	mode, err := parseMode(body.Mode, 0)
	if err != nil {
		return err
	}
	err = a.asSandbox(func() error {
		p, err := in.locate(name, true)
		if err != nil {
			return err
		}
		defer p.close()
		if !body.Recursive {
			return changeEntryMode(p.path(), mode)
		}
		return changeModes(p.path(), mode)
	})
	if err != nil {
		return asFault(err, name)
	}
	return a.answerFile(in, w, name)
}

// changeModes changes a tree, what is inside before its folder: a mode without x must not lock the walk out. Links have no mode.
func changeModes(name string, mode os.FileMode) error {
	info, err := os.Lstat(name)
	switch {
	case err != nil:
		return err
	case info.Mode()&os.ModeSymlink != 0:
		return nil
	case !info.IsDir():
		return changeEntryMode(name, mode)
	}
	folder, err := enter(name)
	if err != nil {
		return err
	}
	defer folder.close()
	entries, err := folder.entries()
	for i := 0; i < len(entries) && err == nil; i++ {
		err = changeModes(folder.entry(entries[i].Name()), mode)
	}
	if err != nil {
		return err
	}
	return os.Chmod(folder.path, mode)
}

// moveRequest is the body of rename and copy.
type moveRequest struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Overwrite bool   `json:"overwrite"`
	Recursive *bool  `json:"recursive"`
}

// read checks the body and makes both paths absolute.
func (m *moveRequest) read(a *agent, w http.ResponseWriter, r *http.Request) (err error) {
	if err = readJSON(w, r, m); err != nil {
		return err
	}
	if m.From, err = a.absolute("from", m.From); err != nil {
		return err
	}
	m.To, err = a.absolute("to", m.To)
	return err
}

// locate finds both ends. The last names are not followed: a link is moved or copied itself.
func (m *moveRequest) locate(in tree) (from, to *place, err error) {
	if from, err = in.locate(m.From, false); err != nil {
		return nil, nil, asFault(err, m.From)
	}
	if to, err = in.locate(m.To, false); err != nil {
		from.close()
		return nil, nil, asFault(err, m.To)
	}
	return from, to, nil
}

func (a *agent) renameFile(in tree, w http.ResponseWriter, r *http.Request) error {
	var move moveRequest
	if err := move.read(a, w, r); err != nil {
		return err
	}
	err := a.asSandbox(func() error {
		from, to, err := move.locate(in)
		if err != nil {
			return err
		}
		defer from.close()
		defer to.close()
		if _, err := os.Lstat(from.path()); err != nil {
			return asFault(err, move.From)
		}
		if within(from.real, to.real) && from.real != to.real {
			return invalid("to", "%s is inside %s", move.To, move.From)
		}
		return putInPlace(from.path(), to, move.Overwrite)
	})
	if err != nil {
		return asFault(err, move.To)
	}
	return a.answerFile(in, w, move.To)
}

// within says whether name is root or below it; both are free of links.
func within(root, name string) bool {
	return name == root || root == "/" || len(name) > len(root) && name[:len(root)] == root && name[len(root)] == '/'
}

// putInPlace renames an entry to its place. With overwrite, what was there is replaced: files in one step; a folder is set aside first, because
// rename(2) replaces only empty ones, and put back should the rename fail.
func putInPlace(from string, to *place, overwrite bool) error {
	if !overwrite {
		return renameNew(from, to.path())
	}
	err := syscall.Rename(from, to.path())
	if err != syscall.ENOTEMPTY && err != syscall.EEXIST && err != syscall.EISDIR && err != syscall.ENOTDIR {
		return err
	}
	aside := to.sibling(".miosa-" + randomName(12) + ".old")
	if err := renameNew(to.path(), aside); err != nil {
		return err
	}
	if err := syscall.Rename(from, to.path()); err != nil {
		_ = syscall.Rename(aside, to.path())
		return err
	}
	return os.RemoveAll(aside)
}

func (a *agent) copyFile(in tree, w http.ResponseWriter, r *http.Request) error {
	var move moveRequest
	if err := move.read(a, w, r); err != nil {
		return err
	}
	err := a.asSandbox(func() error {
		from, to, err := move.locate(in)
		if err != nil {
			return err
		}
		defer from.close()
		defer to.close()
		info, err := os.Lstat(from.path())
		if err != nil {
			return asFault(err, move.From)
		}
		if _, err := os.Lstat(to.path()); err == nil && !move.Overwrite {
			return syscall.EEXIST
		}
		if info.IsDir() && move.Recursive != nil && !*move.Recursive {
			return invalid("recursive", "%s is a folder", move.From)
		}
		if within(from.real, to.real) {
			return invalid("to", "%s is %s itself or inside it", move.To, move.From)
		}
		// The copy is made beside its place and then renamed, so that nobody sees half of it.
		staged := to.sibling(".miosa-" + randomName(12) + ".tmp")
		err = copyTree(from.path(), staged, info)
		if err == nil {
			err = putInPlace(staged, to, move.Overwrite)
		}
		if err != nil {
			_ = os.RemoveAll(staged)
		}
		return err
	})
	if err != nil {
		return asFault(err, move.To)
	}
	return a.answerFile(in, w, move.To)
}

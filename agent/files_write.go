package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
)

const (
	maxUpload = 1 << 30 // contract 4.2: files/content
	maxFiles  = 1000    // of one write-many
)

// swap makes "check the condition, then rename" one step among the agent's own requests. Programs inside the sandbox can still write in
// between, as they could on any machine.
var swap sync.Mutex

// conditions are If-Match and If-None-Match of a write.
type conditions struct{ match, noneMatch string }

// hold says whether the conditions hold for what is there (nil: nothing).
func (c conditions) hold(info os.FileInfo) bool {
	if c.match != "" && (info == nil || !tagListed(c.match, info)) {
		return false
	}
	return c.noneMatch == "" || info == nil || !tagListed(c.noneMatch, info)
}

func tagListed(list string, info os.FileInfo) bool {
	if strings.TrimSpace(list) == "*" {
		return true
	}
	tag := entityTag(info)
	for candidate := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(candidate) == tag {
			return true
		}
	}
	return false
}

func (a *agent) putFile(in tree, w http.ResponseWriter, r *http.Request) error {
	name, err := a.queryPath(r, "")
	if err != nil {
		return err
	}
	modeText := r.URL.Query().Get("mode")
	mode, err := parseMode(modeText, 0o644)
	if err != nil {
		return err
	}
	write := fileWrite{in: in, name: name, mode: mode, keepMode: modeText == "",
		conditions: conditions{r.Header.Get("If-Match"), r.Header.Get("If-None-Match")}}
	view, tag, err := a.writeFile(write, http.MaxBytesReader(w, r.Body, maxUpload))
	if err != nil {
		return asFault(err, name)
	}
	w.Header().Set("ETag", tag)
	return writeJSON(w, http.StatusOK, view)
}

// writeMany writes each file atomically; one that fails does not stop the others.
func (a *agent) writeMany(in tree, w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Files []struct {
			Path          string  `json:"path"`
			Content       *string `json:"content"`
			ContentBase64 *string `json:"contentBase64"`
			Mode          string  `json:"mode"`
		} `json:"files"`
	}
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	if len(body.Files) == 0 || len(body.Files) > maxFiles {
		return invalid("files", "must have 1 to %d entries", maxFiles)
	}
	written, failed := []map[string]any{}, []map[string]any{}
	for _, file := range body.Files {
		size, err := func() (int64, error) {
			name, err := a.absolute("path", file.Path)
			if err != nil {
				return 0, err
			}
			mode, err := parseMode(file.Mode, 0o644)
			if err != nil {
				return 0, err
			}
			data, _, err := textOrBase64("content", file.Content, file.ContentBase64)
			if err != nil {
				return 0, err
			}
			view, _, err := a.writeFile(fileWrite{in: in, name: name, mode: mode, keepMode: file.Mode == ""}, bytes.NewReader(data))
			return view.SizeBytes, err
		}()
		if err != nil {
			f := asFault(err, file.Path)
			failed = append(failed, map[string]any{"path": file.Path, "code": f.code, "message": f.message})
			continue
		}
		written = append(written, map[string]any{"path": file.Path, "sizeBytes": size})
	}
	return writeJSON(w, http.StatusOK, map[string]any{"written": written, "failed": failed})
}

// fileWrite says what to write where.
type fileWrite struct {
	in         tree
	name       string
	mode       os.FileMode
	keepMode   bool // an existing file's mode wins over mode
	conditions conditions
}

// writeFile replaces a file atomically: parents are made, the bytes go to a temporary file beside it, which is renamed into place. On any failure
// the file is as it was and the temporary one is gone. It is not synced to disk: a sandbox promises no more than its own kernel does.
func (a *agent) writeFile(write fileWrite, body io.Reader) (view fileView, tag string, err error) {
	var target *place
	var temporary *os.File
	err = a.asSandbox(func() error {
		target, err = openTarget(write)
		if err != nil {
			return err
		}
		temporary, err = createTemporary(target)
		return err
	})
	if target != nil {
		defer target.close()
	}
	if err != nil {
		return view, "", err
	}
	committed := false
	defer func() {
		_ = temporary.Close()
		if !committed {
			_ = a.asSandbox(func() error { return os.Remove(target.sibling(path.Base(temporary.Name()))) })
		}
	}()
	if err := copyBody(temporary, body); err != nil {
		return view, "", err
	}
	err = a.asSandbox(func() error {
		info, err := commit(write, target, temporary)
		if err == nil {
			committed = true
			view, tag = viewFile(write.name, target.path(), info), entityTag(info)
		}
		return err
	})
	return view, tag, err
}

// openTarget locates the file behind links, makes its parents and checks what can be checked before the body is read.
func openTarget(write fileWrite) (*place, error) {
	target, err := write.in.locate(write.name, true)
	if err == syscall.ENOENT && write.conditions.match == "" {
		if _, err = write.in.makeFolders(path.Dir(write.name), 0o755); err == nil {
			target, err = write.in.locate(write.name, true)
		}
	}
	if err == syscall.ENOTDIR {
		return nil, newFault("CONFLICT", "%s: a part of the path is a file.", write.name)
	}
	if err != nil {
		return nil, err
	}
	if _, err := checkTarget(write, target); err != nil {
		target.close()
		return nil, err
	}
	return target, nil
}

// checkTarget refuses folders and special files, and applies the conditions. info is nil when nothing is there.
func checkTarget(write fileWrite, target *place) (os.FileInfo, error) {
	info, err := os.Lstat(target.path())
	if os.IsNotExist(err) {
		info, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info != nil && !info.Mode().IsRegular() {
		return nil, newFault("CONFLICT", "%s exists and is not a file.", write.name)
	}
	if !write.conditions.hold(info) {
		return nil, newFault("PRECONDITION_FAILED", "%s is not as If-Match or If-None-Match asks.", write.name)
	}
	return info, nil
}

func createTemporary(target *place) (*os.File, error) {
	return os.OpenFile(target.sibling(".miosa-"+randomName(12)+".tmp"), os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
}

// commit gives the temporary file its mode and name.
func commit(write fileWrite, target *place, temporary *os.File) (os.FileInfo, error) {
	swap.Lock()
	defer swap.Unlock()
	existing, err := checkTarget(write, target)
	if err != nil {
		return nil, err
	}
	mode := write.mode
	if existing != nil && write.keepMode {
		mode = fileMode(permissions(existing))
	}
	if err := temporary.Chmod(mode); err != nil {
		return nil, err
	}
	rename := os.Rename
	if write.conditions.noneMatch == "*" {
		rename = renameNew
	}
	if err := rename(target.sibling(path.Base(temporary.Name())), target.path()); err == syscall.EEXIST {
		return nil, newFault("PRECONDITION_FAILED", "%s was made by somebody else meanwhile.", write.name)
	} else if err != nil {
		return nil, err
	}
	return temporary.Stat()
}

// copyBody moves the body into the file and tells failures of the two apart.
func copyBody(file *os.File, body io.Reader) error {
	chunk := chunks.Get().(*[chunkBytes]byte)
	defer chunks.Put(chunk)
	for {
		n, readErr := body.Read(chunk[:])
		if n > 0 {
			if _, err := (slotted{file}).Write(chunk[:n]); err != nil {
				return err
			}
		}
		if readErr == io.EOF {
			return nil
		}
		if readErr != nil {
			return &bodyError{readErr}
		}
	}
}

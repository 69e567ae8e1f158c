package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

const (
	defaultManifestFiles = 100_000
	maxManifestFiles     = 1_000_000
	defaultManifestBytes = 8 << 30
	// maxManifestNames bounds the text of all names as JSON, and with it the memory of one manifest; the control plane takes answers of 56 MiB.
	maxManifestNames = 24 << 20
	maxManifestDepth = 128 // each level holds a descriptor
	shownProblems    = 10
)

type manifestRequest struct {
	Path    string   `json:"path"`
	Exclude []string `json:"exclude"`
	// IgnoreFile names a file at the top of the folder with more to leave out; it need not exist.
	IgnoreFile string `json:"ignoreFile"`
	MaxFiles   int    `json:"maxFiles"`
	MaxBytes   int64  `json:"maxBytes"`
	// Unsuitable says what becomes of links that lead out or nowhere, devices, sockets and unreadable files: "refuse" (default) or "skip".
	Unsuitable string `json:"unsuitable"`
}

// listedFile is a file of a manifest. Its size is that of the bytes hashed.
type listedFile struct {
	path string
	size int64
	mode uint32
	sum  [32]byte
	gone bool // since the folder was read
}

// getManifest answers which files lie below a folder, with their SHA-256, sorted by the bytes of their paths. It walks the whole tree before it
// reads any file, so limits are told early.
func (a *agent) getManifest(in tree, w http.ResponseWriter, r *http.Request) error {
	var body manifestRequest
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	name, err := a.absolute("path", body.Path)
	if err != nil {
		return err
	}
	l := &lister{agent: a, ctx: r.Context(), name: name, maxFiles: body.MaxFiles, maxBytes: body.MaxBytes}
	if err := l.configure(body); err != nil {
		return err
	}
	err = a.asSandbox(func() (err error) {
		if l.root, err = in.openRoot(name); err != nil {
			return err
		}
		return l.walk(body.IgnoreFile)
	})
	if l.root != nil {
		defer l.root.Close()
	}
	if err == nil {
		err = l.problemFault()
	}
	if err == nil {
		slices.SortFunc(l.files, func(a, b listedFile) int { return strings.Compare(a.path, b.path) })
		err = l.hash()
	}
	if err == nil { // unreadable ones are found by reading
		err = l.problemFault()
	}
	if err != nil {
		return asFault(err, name)
	}
	return l.answer(w)
}

func (l *lister) configure(body manifestRequest) (err error) {
	if l.maxFiles == 0 {
		l.maxFiles = defaultManifestFiles
	}
	if l.maxBytes == 0 {
		l.maxBytes = defaultManifestBytes
	}
	switch {
	case l.maxFiles < 1 || l.maxFiles > maxManifestFiles:
		return invalid("maxFiles", "must be from 1 to %d", maxManifestFiles)
	case l.maxBytes < 1:
		return invalid("maxBytes", "must be at least 1")
	case body.IgnoreFile != "" && (strings.ContainsAny(body.IgnoreFile, "/\x00") || body.IgnoreFile == "." || body.IgnoreFile == ".."):
		return invalid("ignoreFile", "must be the name of a file in the folder")
	case body.Unsuitable != "" && body.Unsuitable != "refuse" && body.Unsuitable != "skip":
		return invalid("unsuitable", "must be refuse or skip")
	}
	l.skip = body.Unsuitable == "skip"
	l.exclude, err = newGlobs(body.Exclude)
	return err
}

// openRoot opens a folder so that nothing opened through it lies outside of it, whatever links it holds. Call it within asSandbox.
func (t tree) openRoot(name string) (*os.Root, error) {
	if name == "/" {
		return nil, invalid("path", "must be a folder below /")
	}
	p, err := t.locate(name, true)
	if err != nil {
		return nil, err
	}
	defer p.close()
	info, err := os.Lstat(p.path())
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, invalid("path", "%s is not a folder", name)
	}
	folder, err := enter(p.path())
	if err != nil {
		return nil, err
	}
	defer folder.close()
	return os.OpenRoot(folder.path + "/.") // not the name: a link could have taken its place
}

// lister makes one manifest.
type lister struct {
	agent    *agent
	ctx      context.Context
	name     string
	root     *os.Root
	exclude  globs
	ignore   ignoreRules
	maxFiles int
	maxBytes int64
	skip     bool
	files    []listedFile
	folders  int
	names    int
	bytes    int64
	problems []string
	unfit    int
}

// identity tells folders apart, whatever names lead to them.
type identity struct{ device, inode uint64 }

func (l *lister) walk(ignoreFile string) (err error) {
	if ignoreFile != "" {
		if l.ignore, err = readIgnoreFile(l.root, ignoreFile); err != nil {
			return err
		}
	}
	top, err := l.root.Open(".")
	if err != nil {
		return err
	}
	return l.folder(top, "", nil)
}

// folder takes an open folder, and closes it. above are the folders on the way to it.
func (l *lister) folder(file *os.File, inside string, above []identity) error {
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		self := identity{uint64(st.Dev), st.Ino}
		if slices.Contains(above, self) {
			return nil // a link to a folder that it lies in: what is there is already taken
		}
		above = append(slices.Clip(above), self)
	}
	if l.folders++; l.folders > l.maxFiles {
		return l.tooLarge("folders", "limit_files", int64(l.maxFiles))
	}
	if len(above) > maxManifestDepth {
		return l.problem(inside, "lies more than "+strconv.Itoa(maxManifestDepth)+" folders deep")
	}
	here := &openFolder{file, "/proc/self/fd/" + strconv.Itoa(int(file.Fd()))}
	for {
		// In pieces: a folder may have more entries than fit in memory.
		entries, readErr := file.ReadDir(1024)
		if err := l.ctx.Err(); err != nil {
			return err
		}
		for _, entry := range entries {
			if err := l.entry(here, path.Join(inside, entry.Name()), entry, above); err != nil {
				return err
			}
		}
		if readErr == io.EOF || errors.Is(readErr, fs.ErrNotExist) { // at the end, or deleted meanwhile
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}

func (l *lister) entry(here *openFolder, name string, entry os.DirEntry, above []identity) error {
	kind := entry.Type()
	if l.exclude.match(name) || l.ignore.match(name, kind.IsDir()) {
		return nil
	}
	if reason := unfitName(name); reason != "" {
		return l.problem(name, reason)
	}
	actual := here.entry(entry.Name())
	if kind.IsDir() {
		below, err := enter(actual)
		if err != nil {
			return l.unreadable(name, err)
		}
		return l.folder(below.file, name, above)
	}
	info, err := os.Lstat(actual)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return l.link(name, above)
	}
	if err != nil {
		return l.unreadable(name, err)
	}
	return l.file(name, info)
}

// link takes what the link leads to, under the link's name, unless that lies outside the folder.
func (l *lister) link(name string, above []identity) error {
	info, err := l.root.Stat(name)
	if err != nil {
		return l.problem(name, linkProblem(err))
	}
	if !info.IsDir() {
		return l.file(name, info)
	}
	if l.ignore.match(name, true) { // patterns for folders only
		return nil
	}
	below, err := l.root.Open(name)
	if err != nil {
		return l.unreadable(name, err)
	}
	return l.folder(below, name, above)
}

func (l *lister) file(name string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return l.problem(name, "is a "+kindName(info.Mode()))
	}
	if len(l.files) == l.maxFiles {
		return l.tooLarge("files", "limit_files", int64(l.maxFiles))
	}
	if l.bytes += info.Size(); l.bytes > l.maxBytes || l.bytes < 0 {
		return l.tooLarge("bytes", "limit_bytes", l.maxBytes)
	}
	if l.names += jsonLength(name); l.names > maxManifestNames {
		return l.tooLarge("bytes of names", "limit_name_bytes", maxManifestNames)
	}
	l.files = append(l.files, listedFile{path: name, size: info.Size(), mode: permissions(info)})
	return nil
}

func (l *lister) tooLarge(what, limit string, most int64) error {
	f := newFault("PAYLOAD_TOO_LARGE", "%s has more than %d %s. Take a folder inside it, or leave out what is not needed.", l.name, most, what)
	f.details = map[string]any{limit: most}
	return f
}

// answer writes the list piece by piece: it may be of many megabytes.
func (l *lister) answer(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	buffered := bufio.NewWriterSize(w, 32<<10)
	root, _ := json.Marshal(l.name)
	_, _ = buffered.WriteString(`{"root":` + string(root) + `,"files":[`)
	var total int64
	var line []byte
	separator := ""
	for i := range l.files {
		file := &l.files[i]
		if file.gone {
			continue
		}
		total += file.size
		line = append(append(line[:0], separator...), `{"path":"`...)
		line = append(appendText(line, []byte(file.path)), `","sizeBytes":`...)
		line = append(strconv.AppendInt(line, file.size, 10), `,"mode":"`...)
		line = append(fmt.Appendf(line, "%04o", file.mode), `","sha256":"`...)
		line = append(hex.AppendEncode(line, file.sum[:]), `"}`...)
		_, _ = buffered.Write(line)
		separator = ","
	}
	_, _ = buffered.WriteString(`],"totalBytes":` + strconv.FormatInt(total, 10) + `,"skipped":` + strconv.Itoa(l.unfit) + "}\n")
	_ = buffered.Flush() // fails only when the client is gone
	return nil
}

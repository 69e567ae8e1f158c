package main

import (
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
)

const (
	maxDepth = 10
	// maxEntries bounds the memory of one listing to some 20 MiB.
	maxEntries = 50_000
)

// queryPath is the path parameter, made absolute.
func (a *agent) queryPath(r *http.Request, fallback string) (string, error) {
	name := r.URL.Query().Get("path")
	if name == "" {
		name = fallback
	}
	return a.absolute("path", name)
}

func (a *agent) statFile(in tree, w http.ResponseWriter, r *http.Request) error {
	name, err := a.queryPath(r, "")
	if err != nil {
		return err
	}
	view, err := a.look(in, name)
	if err != nil {
		return asFault(err, name)
	}
	return writeJSON(w, http.StatusOK, view)
}

// look describes one entry; a link at the end is described itself.
func (a *agent) look(in tree, name string) (view fileView, err error) {
	err = a.asSandbox(func() error {
		p, err := in.locate(name, false)
		if err != nil {
			return err
		}
		defer p.close()
		info, err := os.Lstat(p.path())
		if err == nil {
			view = viewFile(name, p.path(), info)
		}
		return err
	})
	return view, err
}

func (a *agent) listFiles(in tree, w http.ResponseWriter, r *http.Request) error {
	name, err := a.queryPath(r, a.config.workspace)
	if err != nil {
		return err
	}
	depth, err := queryInt(r, "depth", 1, 1, maxDepth)
	if err != nil {
		return err
	}
	entries := []fileView{}
	err = a.asSandbox(func() error {
		p, err := in.locate(name, true)
		if err != nil {
			return err
		}
		defer p.close()
		return listInto(&entries, name, p.path(), p.real, int(depth))
	})
	if err != nil {
		return asFault(err, name)
	}
	return writeJSON(w, http.StatusOK, map[string]any{"path": name, "entries": entries})
}

// listInto appends the entries of a folder in name order, each followed by its own entries. Links are not followed.
func listInto(entries *[]fileView, name, actual, real string, depth int) error {
	folder, err := enter(actual)
	if err != nil {
		return err
	}
	defer folder.close()
	found, err := folder.entries()
	if err != nil {
		return err
	}
	for _, entry := range found {
		info, err := entry.Info()
		if err != nil {
			continue // gone since
		}
		if len(*entries) == maxEntries {
			f := newFault("PAYLOAD_TOO_LARGE", "The listing has more than %d entries; list its folders one by one.", maxEntries)
			f.details = map[string]any{"limit_entries": maxEntries}
			return f
		}
		inside := folder.entry(entry.Name())
		*entries = append(*entries, viewFile(path.Join(name, entry.Name()), inside, info))
		below := path.Join(real, entry.Name())
		if depth > 1 && info.IsDir() && guard(below) == nil {
			// A folder that cannot be read is shown without its entries.
			if err := listInto(entries, path.Join(name, entry.Name()), inside, below, depth-1); tooMany(err) {
				return err
			}
		}
	}
	return nil
}

func tooMany(err error) bool {
	f, ok := err.(*fault)
	return ok && f.code == "PAYLOAD_TOO_LARGE"
}

// readFile serves GET and HEAD with ranges and conditions (RFC 9110).
func (a *agent) readFile(in tree, w http.ResponseWriter, r *http.Request) error {
	name, err := a.queryPath(r, "")
	if err != nil {
		return err
	}
	var file *os.File
	var info os.FileInfo
	err = a.asSandbox(func() error {
		p, err := in.locate(name, true)
		if err != nil {
			return err
		}
		defer p.close()
		if file, err = p.open(); err != nil {
			return err
		}
		info, err = file.Stat()
		return err
	})
	if file != nil {
		defer file.Close()
	}
	if err != nil {
		return asFault(err, name)
	}
	if !info.Mode().IsRegular() {
		return newFault("CONFLICT", "%s is a folder.", name)
	}
	w.Header().Set("ETag", entityTag(info))
	w.Header().Set("Content-Type", contentType(name))
	http.ServeContent(&jsonErrors{ResponseWriter: w}, r, "", info.ModTime().Truncate(time.Second), readSeeker{slotted{file}, file})
	return nil
}

// readSeeker hides os.File's other methods, which would go around the slots.
type readSeeker struct {
	io.Reader
	io.Seeker
}

// jsonErrors gives net/http's own error answers the protocol's form.
type jsonErrors struct {
	http.ResponseWriter
	failed bool
}

func (j *jsonErrors) WriteHeader(status int) {
	code := ""
	switch status {
	case http.StatusPreconditionFailed:
		code = "PRECONDITION_FAILED"
	case http.StatusRequestedRangeNotSatisfiable:
		code = "RANGE_NOT_SATISFIABLE"
	case http.StatusInternalServerError:
		code = "INTERNAL"
	default:
		j.ResponseWriter.WriteHeader(status)
		return
	}
	j.failed = true
	j.Header().Del("Content-Length")
	j.Header().Del("X-Content-Type-Options")
	writeFault(j.ResponseWriter, newFault(code, "%s", http.StatusText(status)+"."))
}

func (j *jsonErrors) Write(data []byte) (int, error) {
	if j.failed {
		return len(data), nil
	}
	return j.ResponseWriter.Write(data)
}

// ReadFrom moves bytes in chunks of what a reader takes at a time; net/http's own are of half that, and each costs the reader as much as a whole one.
func (j *jsonErrors) ReadFrom(source io.Reader) (int64, error) {
	chunk := chunks.Get().(*[chunkBytes]byte)
	defer chunks.Put(chunk)
	return io.CopyBuffer(struct{ io.Writer }{j}, struct{ io.Reader }{source}, chunk[:])
}

// contentType goes by the name only. The system's MIME tables are not read: they cost a megabyte of memory for good.
func contentType(name string) string {
	if known, ok := contentTypes[strings.ToLower(path.Ext(name))]; ok {
		return known
	}
	return "application/octet-stream"
}

var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".json": "application/json",
	".txt": "text/plain; charset=utf-8", ".log": "text/plain; charset=utf-8", ".md": "text/markdown; charset=utf-8",
	".csv": "text/csv; charset=utf-8", ".xml": "text/xml; charset=utf-8", ".yaml": "application/yaml", ".yml": "application/yaml",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
	".webp": "image/webp", ".avif": "image/avif", ".ico": "image/vnd.microsoft.icon", ".pdf": "application/pdf",
	".wasm": "application/wasm", ".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".zip": "application/zip",
	".gz": "application/gzip", ".tar": "application/x-tar", ".mp3": "audio/mpeg", ".mp4": "video/mp4", ".webm": "video/webm",
	".ts": "text/plain; charset=utf-8", ".tsx": "text/plain; charset=utf-8", ".jsx": "text/plain; charset=utf-8",
	".py": "text/plain; charset=utf-8", ".sh": "text/plain; charset=utf-8", ".toml": "text/plain; charset=utf-8",
}

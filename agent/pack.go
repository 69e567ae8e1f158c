package main

import (
	"archive/tar"
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"syscall"
)

// packFaultTrailer is sent behind a tar that had to be broken off: the fault as JSON, percent-encoded. The tar then lacks its end, and the
// file that failed is missing or cut.
const packFaultTrailer = "Miosa-Fault"

// postPack streams a tar of exactly the files named, in their order: regular files below the folder, each with the size it had when it was opened.
func (a *agent) postPack(in tree, w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Path  string   `json:"path"`
		Files []string `json:"files"`
	}
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	name, err := a.absolute("path", body.Path)
	if err != nil {
		return err
	}
	if len(body.Files) > maxManifestFiles {
		return invalid("files", "names more than %d files", maxManifestFiles)
	}
	for _, file := range body.Files {
		if clean, err := memberName(file); err != nil || clean != file || clean == "." || unfitName(file) != "" {
			return invalid("files", "%q is not the name of a file in the folder", file)
		}
	}
	var root *os.Root
	err = a.asSandbox(func() (err error) { root, err = in.openRoot(name); return err })
	if err != nil {
		return asFault(err, name)
	}
	defer root.Close()
	w.Header().Set("Content-Type", "application/x-tar")
	w.Header().Set("Trailer", packFaultTrailer)
	buffered := bufio.NewWriterSize(w, chunkBytes)
	out := tar.NewWriter(buffered)
	for _, file := range body.Files {
		if err := a.packFile(root, file, out); err != nil {
			breakOff(out, buffered)
			text, _ := json.Marshal(packFault(err, file))
			w.Header().Set(packFaultTrailer, url.PathEscape(string(text)))
			return nil
		}
	}
	if out.Close() != nil || buffered.Flush() != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
	return nil
}

// breakOff leaves a tar that no reader takes for a whole one: many do not miss the end.
func breakOff(out *tar.Writer, to *bufio.Writer) {
	if out.Flush() == nil { // the last file is complete
		_ = to.WriteByte('!') // the beginning of another
	}
	_ = to.Flush()
}

func packFault(err error, file string) map[string]any {
	var errno syscall.Errno
	var known *fault
	if !errors.As(err, &errno) && !errors.As(err, &known) { // refused by os.Root, which has no error of its own for it
		known = invalid("files", "%s %s", file, linkProblem(err))
	} else {
		known = asFault(err, file)
	}
	return map[string]any{"code": known.code, "message": known.message}
}

func (a *agent) packFile(root *os.Root, name string, out *tar.Writer) error {
	var file *os.File
	var seen listedFile
	err := a.asSandbox(func() (err error) { file, err = openRegular(root, name, &seen); return err })
	if err == errNotRegular {
		return newFault("CONFLICT", "%s is not a regular file any more.", name)
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: seen.size, Mode: int64(seen.mode & 0o777)}); err != nil {
		return err
	}
	chunk := chunks.Get().(*[chunkBytes]byte)
	defer chunks.Put(chunk)
	content := struct{ io.Reader }{slotted{file}}
	copied, err := io.CopyBuffer(struct{ io.Writer }{out}, io.LimitReader(content, seen.size), chunk[:])
	if err != nil {
		return err
	}
	if copied == seen.size {
		var more int
		if more, err = content.Read(chunk[:1]); more == 0 && err == io.EOF {
			return nil
		}
	}
	return newFault("CONFLICT", "%s changed while it was read.", name)
}

package main

import (
	"archive/tar"
	"bufio"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// unpacker writes the entries of one archive below root. Its rules leave no way out: names are relative and without "..", nothing lies below a
// link, and a link's target goes up only at its beginning and no further than the root. So every name means what it says.
type unpacker struct {
	agent   *agent
	root    *os.Root
	folders map[string]bool // known to be folders made here
	members int
	files   int
	bytes   int64
}

func badEntry(name, format string, args ...any) *fault {
	const shown = 200
	if len(name) > shown {
		name = name[:shown] + "…"
	}
	return invalid("archive", "entry "+strings.ReplaceAll(strings.ToValidUTF8(name, "?"), "%", "%%")+" "+format, args...)
}

func (u *unpacker) unpack(body io.Reader) error {
	buffered := bufio.NewReaderSize(&bodyReader{body}, 32<<10)
	var plain io.Reader = buffered
	if magic, _ := buffered.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		zipped, err := gzip.NewReader(buffered)
		if err != nil {
			return archiveFault(err)
		}
		plain = zipped
	}
	// The bound counts everything that comes out, headers and padding too.
	limited := &io.LimitedReader{R: plain, N: maxUnpacked}
	archive := tar.NewReader(limited)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = u.entry(header, archive)
		}
		if limited.N <= 0 {
			return invalid("archive", "unpacks to more than %d bytes", int64(maxUnpacked))
		}
		if err != nil {
			return archiveFault(err)
		}
	}
	if u.members == 0 && limited.N == maxUnpacked {
		return invalid("archive", "the body is empty")
	}
	// Read on to the end, so that gzip compares its checksum.
	_, err := io.Copy(io.Discard, limited)
	return archiveFault(err)
}

// bodyReader marks failures of the connection, to tell them from a broken archive.
type bodyReader struct{ body io.Reader }

func (b *bodyReader) Read(into []byte) (int, error) {
	n, err := b.body.Read(into)
	if err != nil && err != io.EOF {
		err = &bodyError{err}
	}
	return n, err
}

// archiveFault names a broken archive as the caller's mistake and leaves other failures as they are.
func archiveFault(err error) error {
	var corrupt flate.CorruptInputError
	var body *bodyError
	switch {
	case err == nil, errors.As(err, &body):
		return err
	case errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.As(err, &corrupt):
		return invalid("archive", "is not a complete tar or tar.gz")
	}
	return err
}

func (u *unpacker) entry(header *tar.Header, content io.Reader) error {
	if header.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	if u.members++; u.members > maxMembers {
		return invalid("archive", "has more than %d entries", maxMembers)
	}
	name, err := memberName(header.Name)
	if err != nil {
		return err
	}
	if header.Size < 0 || header.Size > maxUnpacked-u.bytes {
		return invalid("archive", "unpacks to more than %d bytes", int64(maxUnpacked))
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return u.agent.asSandbox(func() error { return u.folder(name, header) })
	case tar.TypeReg:
		err = u.file(name, header, content)
	case tar.TypeSymlink:
		err = u.agent.asSandbox(func() error { return u.symlink(name, header.Linkname) })
	case tar.TypeLink:
		err = u.agent.asSandbox(func() error { return u.hardLink(name, header.Linkname) })
	default:
		return badEntry(header.Name, "is neither a file, a folder nor a link")
	}
	u.files++
	return err
}

// memberName checks and cleans a name.
func memberName(name string) (string, error) {
	switch {
	case name == "" || strings.ContainsRune(name, 0) || len(name) > 4000:
		return "", badEntry(name, "has no usable name")
	case path.IsAbs(name):
		return "", badEntry(name, "has an absolute name")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", badEntry(name, "leaves the folder")
		}
	}
	return path.Clean(name), nil
}

// parents makes the folders above an entry. What is there must be a folder made here, not a link to one.
func (u *unpacker) parents(name string) error {
	parent := path.Dir(name)
	if u.folders[parent] {
		return nil
	}
	if err := u.parents(parent); err != nil {
		return err
	}
	return u.makeFolder(parent)
}

func (u *unpacker) makeFolder(name string) error {
	if u.folders[name] {
		return nil
	}
	err := u.root.Mkdir(name, 0o755)
	if errors.Is(err, syscall.EEXIST) {
		return badEntry(name, "is a file or link and a folder at once")
	}
	if err == nil {
		u.folders[name] = true
	}
	return err
}

func (u *unpacker) folder(name string, header *tar.Header) error {
	if name == "." {
		return nil
	}
	if err := u.parents(name); err != nil {
		return err
	}
	if err := u.makeFolder(name); err != nil {
		return err
	}
	// The owner's bits are always set: its own archive must not lock the user out, and moving a folder needs them.
	return u.root.Chmod(name, fs.FileMode(header.Mode&0o777)|0o700)
}

// clear makes way for an entry: a later one of the same name wins, but not over a folder.
func (u *unpacker) clear(name string) error {
	if name == "." || u.folders[name] {
		return badEntry(name, "is a folder and a file or link at once")
	}
	if err := u.parents(name); err != nil {
		return err
	}
	if err := u.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (u *unpacker) file(name string, header *tar.Header, content io.Reader) error {
	var file *os.File
	err := u.agent.asSandbox(func() (err error) {
		if err = u.clear(name); err == nil {
			file, err = u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		}
		return err
	})
	if err != nil {
		return err
	}
	defer file.Close()
	if err := copyMember(file, content); err != nil {
		return err
	}
	u.bytes += header.Size
	return u.agent.asSandbox(func() error {
		// Set-user-id and its like are dropped: they are a way to rights, not data.
		if err := file.Chmod(fs.FileMode(header.Mode & 0o777)); err != nil {
			return err
		}
		return u.root.Chtimes(name, header.ModTime, header.ModTime)
	})
}

// copyMember copies content to the file; the reader's errors stay as they are, to be told from the disk's.
func copyMember(file *os.File, content io.Reader) error {
	err := copyBody(file, content)
	var read *bodyError
	if errors.As(err, &read) {
		return read.err
	}
	return err
}

func (u *unpacker) symlink(name, target string) error {
	if target == "" || strings.ContainsRune(target, 0) {
		return badEntry(name, "has no usable link target")
	}
	if path.IsAbs(target) {
		return badEntry(name, "is a link to an absolute name")
	}
	depth := strings.Count(name, "/")
	down := false
	for part := range strings.SplitSeq(target, "/") {
		switch {
		case part == "" || part == ".":
		case part != "..":
			down = true
		case down:
			return badEntry(name, "is a link that goes up behind a name")
		default:
			depth--
		}
	}
	if depth < 0 {
		return badEntry(name, "is a link out of the folder")
	}
	if err := u.clear(name); err != nil {
		return err
	}
	return u.root.Symlink(target, name)
}

func (u *unpacker) hardLink(name, target string) error {
	old, err := memberName(target)
	if err != nil {
		return badEntry(name, "is a hard link out of the folder")
	}
	if u.folders[old] || !u.folders[path.Dir(old)] {
		return badEntry(name, "is a hard link to nothing in the archive before it")
	}
	if info, err := u.root.Lstat(old); err != nil || !info.Mode().IsRegular() {
		return badEntry(name, "is a hard link to nothing in the archive before it")
	}
	if old == name {
		return nil
	}
	if err := u.clear(name); err != nil {
		return err
	}
	return u.root.Link(old, name)
}

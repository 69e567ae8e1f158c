package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strconv"
	"syscall"
)

// skippedTrailer counts entries that could not be read or are no files (sockets, pipes), sent behind the archive.
const skippedTrailer = "Miosa-Skipped"

// getArchive streams a tree as tar.gz. Names in it are relative to the path.
func (a *agent) getArchive(in tree, w http.ResponseWriter, r *http.Request) error {
	name, err := a.queryPath(r, a.config.workspace)
	if err != nil {
		return err
	}
	exclude, err := parseGlobs(r.URL.Query()["exclude"])
	if err != nil {
		return err
	}
	var top *place
	var info os.FileInfo
	err = a.asSandbox(func() error {
		if top, err = in.locate(name, true); err != nil {
			return err
		}
		info, err = os.Lstat(top.path())
		if err == nil && info.IsDir() {
			var folder *os.File
			if folder, err = top.open(); err == nil { // not readable: say so now, not in the middle of the stream
				_ = folder.Close()
			}
		}
		return err
	})
	if top != nil {
		defer top.close()
	}
	if err != nil {
		return asFault(err, name)
	}
	w.Header().Set("Content-Type", "application/gzip")
	w.Header().Set("Trailer", skippedTrailer)
	buffered := bufio.NewWriterSize(w, 32<<10)
	zipped, _ := gzip.NewWriterLevel(buffered, gzip.BestSpeed) // the socket is faster than any better level
	out := &packer{agent: a, tar: tar.NewWriter(zipped), exclude: exclude}
	if info.IsDir() {
		err = out.folder(top.path(), top.real, "")
	} else {
		err = out.entry(top.path(), path.Base(name), info)
	}
	if err := errors.Join(err, out.tar.Close(), zipped.Close(), buffered.Flush()); err != nil {
		panic(http.ErrAbortHandler) // the headers are out: a cut stream is the only honest answer left
	}
	w.Header().Set(skippedTrailer, strconv.Itoa(out.skipped))
	return nil
}

// packer writes a tree. Opening is done as the user sandbox, writing to the client is not, so a slow one holds no thread.
type packer struct {
	agent   *agent
	tar     *tar.Writer
	exclude globs
	skipped int
}

// folder packs what is in the folder at actual; real guards, inside is its name in the archive.
func (k *packer) folder(actual, real, inside string) error {
	var here *openFolder
	var infos []fs.FileInfo
	err := k.agent.asSandbox(func() (err error) {
		if here, err = enter(actual); err != nil {
			return err
		}
		entries, err := here.entries()
		for _, entry := range entries {
			if info, err := entry.Info(); err == nil {
				infos = append(infos, info)
			}
		}
		return err
	})
	if here != nil {
		defer here.close()
	}
	if err != nil {
		k.skipped++
		return nil
	}
	for _, info := range infos {
		name := path.Join(inside, info.Name())
		below := path.Join(real, info.Name())
		if k.exclude.match(name) || guard(below) != nil {
			continue
		}
		if err := k.entry(here.entry(info.Name()), name, info); err != nil {
			return err
		}
		if info.IsDir() {
			if err := k.folder(here.entry(info.Name()), below, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *packer) entry(actual, name string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return k.regular(actual, name)
	}
	target := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		err := k.agent.asSandbox(func() (err error) { target, err = os.Readlink(actual); return err })
		if err != nil {
			k.skipped++
			return nil
		}
	} else if !info.IsDir() {
		k.skipped++
		return nil
	}
	return k.header(name, target, info)
}

func (k *packer) header(name, target string, info fs.FileInfo) error {
	header, err := tar.FileInfoHeader(info, target)
	if err != nil {
		return err
	}
	header.Name = name
	if info.IsDir() {
		header.Name += "/"
	}
	header.Uname, header.Gname = "", ""
	return k.tar.WriteHeader(header)
}

func (k *packer) regular(actual, name string) error {
	var file *os.File
	var info fs.FileInfo
	err := k.agent.asSandbox(func() (err error) {
		if file, err = os.OpenFile(actual, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0); err == nil {
			info, err = file.Stat()
		}
		return err
	})
	if file != nil {
		defer file.Close()
	}
	if err != nil || !info.Mode().IsRegular() {
		k.skipped++
		return nil
	}
	if err := k.header(name, "", info); err != nil {
		return err
	}
	// The header promised a size: a file that grows meanwhile is cut to it, one that shrinks is filled with zeros, as tar does.
	copied, err := io.CopyN(k.tar, readSeeker{Reader: slotted{file}}, info.Size())
	if err == io.EOF {
		_, err = io.CopyN(k.tar, zeros{}, info.Size()-copied)
	}
	return err
}

type zeros struct{}

func (zeros) Read(into []byte) (int, error) {
	clear(into)
	return len(into), nil
}

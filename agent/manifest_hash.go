package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

// hashBatch files are opened at a time: a change of rights costs as much as opening a file.
const hashBatch = 16

// hash reads every listed file once. The bytes read count against maxBytes too: files may grow meanwhile.
func (l *lister) hash() error {
	ctx, stop := context.WithCancelCause(l.ctx)
	defer stop(nil)
	var next, read atomic.Int64
	var noting sync.Mutex
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(l.files)+hashBatch-1)/hashBatch) {
		workers.Go(func() {
			w := hasher{lister: l, noting: &noting, read: &read, sum: sha256.New()}
			for ctx.Err() == nil {
				end := int(next.Add(hashBatch))
				if end-hashBatch >= len(l.files) {
					return
				}
				if err := w.batch(ctx, l.files[end-hashBatch:min(end, len(l.files))]); err != nil {
					stop(err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

type hasher struct {
	lister *lister
	noting *sync.Mutex
	read   *atomic.Int64
	sum    hash.Hash
}

func (h *hasher) batch(ctx context.Context, files []listedFile) error {
	opened := make([]*os.File, len(files))
	defer func() {
		for _, file := range opened {
			if file != nil {
				_ = file.Close()
			}
		}
	}()
	failures := make([]error, len(files))
	err := h.lister.agent.asSandbox(func() error {
		for i := range files {
			opened[i], failures[i] = openRegular(h.lister.root, files[i].path, &files[i])
		}
		return nil
	})
	if err != nil {
		return err
	}
	chunk := chunks.Get().(*[chunkBytes]byte)
	defer chunks.Put(chunk)
	for i := range files {
		if failures[i] != nil {
			if err := h.note(&files[i], failures[i]); err != nil {
				return err
			}
		} else if err := h.content(ctx, opened[i], &files[i], chunk[:]); err != nil {
			return err
		}
	}
	return nil
}

// openRegular opens a file below the root and looks at it; what is not a regular file by now is not touched. Call it within asSandbox.
func openRegular(root *os.Root, name string, into *listedFile) (*os.File, error) {
	// O_NONBLOCK: should a pipe have taken its place, opening it does not wait.
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	into.size, into.mode = info.Size(), permissions(info)
	return file, nil
}

var errNotRegular = errors.New("not a regular file")

func (h *hasher) note(file *listedFile, err error) error {
	h.noting.Lock()
	defer h.noting.Unlock()
	file.gone = true
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP):
		return h.lister.unreadable(file.path, err)
	case errors.Is(err, errNotRegular):
		return h.lister.problem(file.path, "changed while it was read")
	}
	return err
}

func (h *hasher) content(ctx context.Context, file *os.File, into *listedFile, chunk []byte) error {
	h.sum.Reset()
	into.size = 0
	for {
		n, err := (slotted{file}).Read(chunk)
		h.sum.Write(chunk[:n])
		into.size += int64(n)
		if h.read.Add(int64(n)) > h.lister.maxBytes {
			return h.lister.tooLarge("bytes", "limit_bytes", h.lister.maxBytes)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	h.sum.Sum(into.sum[:0])
	return nil
}

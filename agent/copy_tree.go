package main

import (
	"io"
	"os"
	"strconv"
	"syscall"
)

// copyTree copies a file, a link (as a link) or a folder with all below it. Modes and modification times are kept.
func copyTree(from, to string, info os.FileInfo) error {
	mode := info.Mode()
	switch {
	case mode.IsDir():
		return copyFolder(from, to, info)
	case mode&os.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return syscall.Symlink(target, to)
	case mode.IsRegular():
		return copyRegular(from, to, info)
	}
	return newFault("CONFLICT", "%s is neither a file, a folder nor a link.", info.Name())
}

func copyFolder(from, to string, info os.FileInfo) error {
	if err := syscall.Mkdir(to, 0o700); err != nil {
		return err
	}
	source, err := enter(from)
	if err != nil {
		return err
	}
	defer source.close()
	copied, err := enter(to)
	if err != nil {
		return err
	}
	defer copied.close()
	entries, err := source.entries()
	if err != nil {
		return err
	}
	for _, entry := range entries {
		inside, err := entry.Info()
		if err != nil {
			return err
		}
		if err := copyTree(source.entry(entry.Name()), copied.entry(entry.Name()), inside); err != nil {
			return err
		}
	}
	return os.Chmod(copied.path, fileMode(permissions(info)))
}

func copyRegular(from, to string, info os.FileInfo) error {
	source, err := os.OpenFile(from, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer source.Close()
	copied, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer copied.Close()
	if _, err := io.Copy(copied, source); err != nil { // copy_file_range: the bytes stay in the kernel
		return err
	}
	if err := copied.Chmod(fileMode(permissions(info))); err != nil {
		return err
	}
	return os.Chtimes("/proc/self/fd/"+strconv.Itoa(int(copied.Fd())), info.ModTime(), info.ModTime())
}

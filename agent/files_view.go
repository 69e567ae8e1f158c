package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"syscall"
)

// fileView is a File on the wire.
type fileView struct {
	Path          string  `json:"path"`
	Name          string  `json:"name"`
	Type          string  `json:"type"`
	SizeBytes     int64   `json:"sizeBytes"`
	Mode          string  `json:"mode"`
	ModifiedAt    string  `json:"modifiedAt"`
	SymlinkTarget *string `json:"symlinkTarget,omitempty"`
}

// viewFile describes the entry at actual under the name the caller knows. Anything but folders and links is a file to the contract.
func viewFile(name, actual string, info fs.FileInfo) fileView {
	v := fileView{Path: name, Name: path.Base(name), Type: "file", SizeBytes: info.Size(), ModifiedAt: timestamp(info.ModTime()),
		Mode: fmt.Sprintf("%04o", permissions(info))}
	switch {
	case info.IsDir():
		v.Type = "dir"
	case info.Mode()&fs.ModeSymlink != 0:
		v.Type = "symlink"
		if target, err := os.Readlink(actual); err == nil {
			v.SymlinkTarget = &target
		}
	}
	return v
}

// permissions are the twelve bits of chmod(2).
func permissions(info fs.FileInfo) uint32 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Mode & 0o7777
	}
	return uint32(info.Mode().Perm())
}

// entityTag changes with every change of the file: each write through the agent makes a new inode; a write in place moves the change time.
func entityTag(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf(`"%x-%x-%x"`, st.Ino, st.Size, st.Ctim.Nano())
}

// parseMode reads an octal mode; fallback when empty.
func parseMode(text string, fallback os.FileMode) (os.FileMode, error) {
	if text == "" {
		return fallback, nil
	}
	bits, err := strconv.ParseUint(text, 8, 32)
	if err != nil || bits > 0o7777 {
		return 0, invalid("mode", "must be octal, such as 0644")
	}
	return fileMode(uint32(bits)), nil
}

// fileMode turns chmod(2) bits into Go's.
func fileMode(bits uint32) os.FileMode {
	mode := os.FileMode(bits & 0o777)
	for bit, flag := range map[uint32]os.FileMode{0o4000: os.ModeSetuid, 0o2000: os.ModeSetgid, 0o1000: os.ModeSticky} {
		if bits&bit != 0 {
			mode |= flag
		}
	}
	return mode
}

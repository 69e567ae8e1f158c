package main

import (
	"encoding/binary"
	"os"
	"strings"
	"syscall"
)

// watchMask is what a watched folder tells: entries that come, go, move or get bytes, and its own end. Not IN_ATTRIB: a changed mode is no
// changed content, and every link and unlink would count. IN_EXCL_UNLINK: no news of files that were deleted while open.
const watchMask = syscall.IN_CREATE | syscall.IN_DELETE | syscall.IN_MODIFY | syscall.IN_MOVED_FROM | syscall.IN_MOVED_TO |
	syscall.IN_DELETE_SELF | syscall.IN_MOVE_SELF | syscall.IN_ONLYDIR | inExclUnlink

const inExclUnlink = 0x04000000

// inotify is one queue of the kernel (inotify(7)). Its descriptor sits in the runtime's poller, so that waiting blocks no thread.
type inotify struct {
	fd   int
	file *os.File
}

// notice is struct inotify_event.
type notice struct {
	wd           int32
	mask, cookie uint32
	name         string
}

func (n notice) is(bits uint32) bool { return n.mask&bits != 0 }

func (n notice) isDir() bool { return n.is(syscall.IN_ISDIR) }

func openInotify() (*inotify, error) {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	return &inotify{fd, os.NewFile(uintptr(fd), "inotify")}, nil
}

// add watches a folder that is held open as O_PATH: whatever its name leads to by now, that folder is meant.
func (i *inotify) add(folder int) (int32, error) {
	wd, err := syscall.InotifyAddWatch(i.fd, descriptorPath(folder)+"/.", watchMask)
	return int32(wd), err
}

func (i *inotify) remove(wd int32) { _, _ = syscall.InotifyRmWatch(i.fd, uint32(wd)) }

func (i *inotify) close() { _ = i.file.Close() }

// notices parses what one read gave. Every architecture we build for is little-endian.
func notices(data []byte) (list []notice) {
	for len(data) >= syscall.SizeofInotifyEvent {
		size := syscall.SizeofInotifyEvent + int(binary.LittleEndian.Uint32(data[12:]))
		if size > len(data) {
			return list
		}
		name, _, _ := strings.Cut(string(data[syscall.SizeofInotifyEvent:size]), "\x00")
		list = append(list, notice{int32(binary.LittleEndian.Uint32(data)), binary.LittleEndian.Uint32(data[4:]), binary.LittleEndian.Uint32(data[8:]), name})
		data = data[size:]
	}
	return list
}

package main

import (
	"os"
	"strconv"
	"syscall"
	"unsafe"
)

// ioctl_tty(2); the same numbers on amd64 and arm64.
const (
	tiocGptn     = 0x80045430
	tiocSptlck   = 0x40045431
	tiocGptpeer  = 0x5441
	tiocSwinsz   = 0x5414
	tcgets       = 0x5401
	tcsets       = 0x5402
	iutf8        = 0x4000 // termios(3): erase whole UTF-8 characters in line mode
	maxTerminalX = 1000   // columns and rows: more than any screen has, less than what breaks programs
)

// winsize is struct winsize of ioctl_tty(2).
type winsize struct{ rows, cols, x, y uint16 }

func ioctl(fd uintptr, request uintptr, argument unsafe.Pointer) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}

// openPty makes a pseudo terminal. The master is read and written through the runtime's poller; the other end is given to the user, since
// programs open it by its name.
func openPty(size winsize, owner account, chown bool) (master *os.File, slave int, err error) {
	fd, err := syscall.Open("/dev/ptmx", syscall.O_RDWR|syscall.O_NOCTTY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, -1, err
	}
	if slave, err = openSlave(fd); err == nil {
		if chown {
			err = syscall.Fchown(slave, int(owner.uid), -1) // the group stays that of the mount (tty)
		}
		if err == nil {
			err = prepareTerminal(slave, size)
		}
		if err != nil {
			_ = syscall.Close(slave)
		}
	}
	if err != nil {
		_ = syscall.Close(fd)
		return nil, -1, err
	}
	return os.NewFile(uintptr(fd), "ptmx"), slave, nil
}

func openSlave(master int) (int, error) {
	var unlocked int32
	if err := ioctl(uintptr(master), tiocSptlck, unsafe.Pointer(&unlocked)); err != nil {
		return -1, err
	}
	const flags = syscall.O_RDWR | syscall.O_NOCTTY | syscall.O_CLOEXEC
	// By descriptor where the kernel can (Linux 4.13): a name could lead elsewhere by now.
	fd, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(master), tiocGptpeer, flags)
	if errno == 0 {
		return int(fd), nil
	}
	var number uint32
	if err := ioctl(uintptr(master), tiocGptn, unsafe.Pointer(&number)); err != nil {
		return -1, err
	}
	return syscall.Open("/dev/pts/"+strconv.Itoa(int(number)), flags, 0)
}

func prepareTerminal(slave int, size winsize) error {
	var mode syscall.Termios
	if err := ioctl(uintptr(slave), tcgets, unsafe.Pointer(&mode)); err != nil {
		return err
	}
	mode.Iflag |= iutf8
	if err := ioctl(uintptr(slave), tcsets, unsafe.Pointer(&mode)); err != nil {
		return err
	}
	return ioctl(uintptr(slave), tiocSwinsz, unsafe.Pointer(&size))
}

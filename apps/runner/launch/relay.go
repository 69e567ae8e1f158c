package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// nobody: the relay needs no right to anything but its two descriptors.
const nobody = 65534

// oomRelay: taken after the sandbox's own processes (500) and before any of the platform's.
const oomRelay = "400"

// startRelay starts the process that accepts on the agent's socket and passes every connection inside, for runtimes whose sandboxes cannot
// take a listening socket over. It lives in the cgroups of the calling thread and ends with the sandbox; the runner's death leaves it
// alone. Returned is the end of the channel that belongs inside.
func startRelay(listener *os.File) (*os.File, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	outside, inside := os.NewFile(uintptr(pair[0]), "outside"), os.NewFile(uintptr(pair[1]), "inside")
	defer outside.Close()
	relay := exec.Command("/proc/self/exe", "relay")
	relay.Dir = "/"
	relay.Env = []string{"GOMAXPROCS=1"}
	relay.ExtraFiles = []*os.File{listener, outside}
	relay.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if err := relay.Start(); err != nil {
		inside.Close()
		return nil, fmt.Errorf("relay: %w", err)
	}
	go func() { _ = relay.Wait() }()
	// In vain when it has ended already, which the missing answer of the agent will show.
	_ = os.WriteFile(filepath.Join("/proc", fmt.Sprint(relay.Process.Pid), "oom_score_adj"), []byte(oomRelay), 0)
	return inside, nil
}

// runRelay passes connections from descriptor 3 over descriptor 4 until the other end of that is gone. It reads nothing of what comes
// from inside, neither over the channel nor over the connections.
func runRelay() error {
	const listener, channel = 3, 4
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	for {
		events := []unix.PollFd{{Fd: listener, Events: unix.POLLIN}, {Fd: channel}}
		if _, err := unix.Poll(events, -1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil {
			return err
		}
		if events[1].Revents != 0 {
			return nil
		}
		connection, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ECONNABORTED) {
			continue
		}
		if err != nil {
			return err
		}
		err = passOn(channel, connection)
		unix.Close(connection)
		if err != nil {
			return err
		}
	}
}

// passOn waits while the channel is full: later connections wait in the backlog then, as with an agent that accepts itself.
func passOn(channel, connection int) error {
	for {
		err := unix.Sendmsg(channel, []byte{0}, unix.UnixRights(connection), nil, unix.MSG_NOSIGNAL)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

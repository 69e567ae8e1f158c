package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// claimRequest makes a machine that was booted ahead (startRequest.Waiting) the one of a sandbox: whatever a boot would have made of the
// sandbox's own is made now. No code but the agent's has run in it so far.
type claimRequest struct {
	Slot      int               `json:"slot"`
	Pid       int               `json:"pid"`
	StartTime int64             `json:"startTime"`
	Hostname  string            `json:"hostname"`
	Etc       map[string]string `json:"etc"`
	ShmBytes  uint64            `json:"shmBytes"`
	Volume    renaming          `json:"volume"`
	DiskBytes uint64            `json:"diskBytes"`
	Socket    renaming          `json:"socket"`
	Host      netip.Addr        `json:"host"`
	Address   netip.Addr        `json:"address"`
	Env       json.RawMessage   `json:"env"`
	TimeoutMs int               `json:"timeoutMs"`
}

type renaming struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// claim returns when the agent has the sandbox's environment. Done in part only, the machine is of no use to anybody.
func claim(r claimRequest) (done, error) {
	slot, err := slotOf(r.Slot)
	if err != nil {
		return done{}, err
	}
	// The agent is asked first and heard last: it was idle for a while, and waking it takes as long as all the rest.
	ready := make(chan error, 1)
	go func() {
		ready <- waitReady(r.Socket.From, r.Env, r.TimeoutMs, startResult{Pid: r.Pid, StartTime: r.StartTime})
	}()
	changed := settle(r, slot)
	if err := errors.Join(changed, <-ready); err != nil {
		return done{}, err
	}
	return done{}, os.Rename(r.Socket.From, r.Socket.To)
}

func settle(r claimRequest, slot *slot) error {
	inside := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends in the namespaces of the sandbox
		inside <- errors.Join(nameMachine(r), connectInside(r, slot))
	}()
	return errors.Join(moveVolume(r), writeEtc(slot, r.Etc), limitShm(r), <-inside)
}

func moveVolume(r claimRequest) error {
	if err := os.Rename(r.Volume.From, r.Volume.To); err != nil {
		return err
	}
	_, err := limitVolume(r.Volume.To, r.DiskBytes)
	return err
}

// keepEtc keeps the folder whose files are bound to /etc/hostname and so on: later it is reached without a path.
func (s *slot) keepEtc(path string) error {
	folder, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	s.etc = folder
	return nil
}

func writeEtc(s *slot, files map[string]string) error {
	if s.etc < 0 {
		return errors.New("the machine was not booted ahead")
	}
	for name, text := range files {
		fd, err := unix.Openat(s.etc, name, unix.O_WRONLY|unix.O_TRUNC|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("/etc/%s: %w", name, err)
		}
		_, err = unix.Write(fd, []byte(text))
		if err = errors.Join(err, unix.Close(fd)); err != nil {
			return fmt.Errorf("/etc/%s: %w", name, err)
		}
	}
	err := unix.Close(s.etc)
	s.etc = -1
	return err
}

// ofProcess opens a file of /proc/<pid>, of exactly that process.
func (r claimRequest) ofProcess(name string, flags int) (int, error) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(r.Pid)+"/"+name, flags|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if now, err := startTimeOf(r.Pid); err != nil || now != r.StartTime {
		unix.Close(fd)
		return -1, errors.New("the machine has ended")
	}
	return fd, nil
}

// limitShm changes the size that /dev/shm was mounted with. Links of the template lead nowhere but inside.
func limitShm(r claimRequest) error {
	root, err := r.ofProcess("root", unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(root)
	shm, err := unix.Openat2(root, "dev/shm", &unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS})
	if err != nil {
		return fmt.Errorf("/dev/shm: %w", err)
	}
	defer unix.Close(shm)
	settings, err := unix.Fspick(shm, "", unix.FSPICK_EMPTY_PATH|unix.FSPICK_CLOEXEC)
	if err != nil {
		return fmt.Errorf("/dev/shm: %w", err)
	}
	defer unix.Close(settings)
	if err := unix.FsconfigSetString(settings, "size", strconv.FormatUint(r.ShmBytes, 10)); err != nil {
		return fmt.Errorf("size of /dev/shm: %w", err)
	}
	if err := unix.FsconfigReconfigure(settings); err != nil {
		return fmt.Errorf("size of /dev/shm: %w", err)
	}
	return nil
}

// nameMachine needs a thread of its own.
func nameMachine(r claimRequest) error {
	names, err := r.ofProcess("ns/uts", unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer unix.Close(names)
	if err := unix.Setns(names, unix.CLONE_NEWUTS); err != nil {
		return fmt.Errorf("uts namespace: %w", err)
	}
	return unix.Sethostname([]byte(r.Hostname))
}

// disconnectInside takes the address off a machine that nobody uses yet, and with it every route. For a thread in its network namespace.
func disconnectInside(address netip.Addr) error {
	return onOuterLink(func(inside *netlink, outer int32) error { return inside.withoutAddress(outer, address, 31) })
}

// connectInside gives it back. Needs a thread of its own.
func connectInside(r claimRequest, s *slot) error {
	if err := unix.Setns(s.network, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("network namespace: %w", err)
	}
	return onOuterLink(func(inside *netlink, outer int32) error {
		return errors.Join(inside.address(outer, r.Address, 31), inside.defaultRoute(outer, r.Host))
	})
}

func onOuterLink(change func(inside *netlink, outer int32) error) error {
	inside, err := openNetlink()
	if err != nil {
		return err
	}
	defer inside.close()
	outer, err := inside.indexOf("eth0")
	if err != nil {
		return err
	}
	return change(inside, outer)
}

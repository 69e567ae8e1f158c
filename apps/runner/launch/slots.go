package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// slot is what a sandbox needs besides files: a network namespace with its address, and the id range that its files map to.
// Both are descriptors without a name in any file system, so they vanish with this process unless a sandbox lives in them.
type slot struct {
	network int
	users   int
	etc     int // of a machine that waits for its sandbox; -1 otherwise
}

var slots = struct {
	sync.Mutex
	byIndex map[int]*slot
}{byIndex: map[int]*slot{}}

func slotOf(index int) (*slot, error) {
	slots.Lock()
	defer slots.Unlock()
	if found, ok := slots.byIndex[index]; ok {
		return found, nil
	}
	return nil, fmt.Errorf("slot %d is not prepared", index)
}

type slotSpec struct {
	Index   int        `json:"index"`
	Link    string     `json:"link"` // the host's end; the sandbox's is eth0
	Host    netip.Addr `json:"host"` // the gateway, a /31 with Address
	Address netip.Addr `json:"address"`
	IDBase  int        `json:"idBase"`
}

type slotsRequest struct {
	Slots []slotSpec `json:"slots"`
}

// makeSlots prepares them one after the other on one thread (the kernel serialises them on its rtnetlink lock anyway).
func makeSlots(r slotsRequest) (done, error) {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends in a foreign network namespace
		result <- func() error {
			host, err := unix.Open("/proc/self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(host)
			outside, err := openNetlink()
			if err != nil {
				return err
			}
			defer outside.close()
			for _, spec := range r.Slots {
				made, err := makeSlot(spec, host, outside)
				if err != nil {
					return fmt.Errorf("slot %d: %w", spec.Index, err)
				}
				slots.Lock()
				slots.byIndex[spec.Index] = made
				slots.Unlock()
			}
			return nil
		}()
	}()
	return done{}, <-result
}

func makeSlot(spec slotSpec, host int, outside *netlink) (*slot, error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil, err
	}
	network, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := configureInside(spec, host); err != nil {
		unix.Close(network)
		return nil, err
	}
	users := -1
	if err = outside.configureHostEnd(spec); err == nil {
		users, err = userNamespace(spec.IDBase)
	}
	if err != nil {
		unix.Close(network)
		return nil, err
	}
	return &slot{network: network, users: users, etc: -1}, nil
}

// insideSettings: any port may be bound without a capability; ping works for every group; IPv6 exists on the loopback only.
var insideSettings = [][2]string{
	{"net/ipv4/ip_unprivileged_port_start", "0"},
	{"net/ipv4/ping_group_range", "0 2147483647"},
	{"net/ipv6/conf/default/disable_ipv6", "1"},
}

func setSysctl(name, value string) error {
	err := os.WriteFile("/proc/sys/"+name, []byte(value), 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil // a kernel without IPv6
	}
	return err
}

func configureInside(spec slotSpec, host int) error {
	for _, setting := range insideSettings {
		if err := setSysctl(setting[0], setting[1]); err != nil {
			return err
		}
	}
	inside, err := openNetlink()
	if err != nil {
		return err
	}
	defer inside.close()
	if err := inside.createPair("eth0", spec.Link, host); err != nil {
		return fmt.Errorf("veth %s: %w", spec.Link, err)
	}
	loopback, err := inside.indexOf("lo")
	if err != nil {
		return err
	}
	outer, err := inside.indexOf("eth0")
	if err != nil {
		return err
	}
	return errors.Join(inside.up(loopback), inside.address(outer, spec.Address, 31), inside.up(outer), inside.defaultRoute(outer, spec.Host))
}

func (n *netlink) configureHostEnd(spec slotSpec) error {
	index, err := n.indexOf(spec.Link)
	if err != nil {
		return err
	}
	return errors.Join(n.withoutIPv6(index), n.address(index, spec.Host, 31), n.up(index))
}

type dropRequest struct {
	Index int `json:"index"`
}

func dropSlot(r dropRequest) (done, error) {
	slots.Lock()
	dropped, ok := slots.byIndex[r.Index]
	delete(slots.byIndex, r.Index)
	slots.Unlock()
	if ok {
		unix.Close(dropped.network)
		unix.Close(dropped.users)
		if dropped.etc >= 0 {
			unix.Close(dropped.etc)
		}
	}
	return done{}, nil
}

type networkResult struct {
	Network string `json:"network"`
}

// networkOf names the network namespace of a slot as long as this process lives, for a process of the platform that is to live in it.
func networkOf(r dropRequest) (networkResult, error) {
	found, err := slotOf(r.Index)
	if err != nil {
		return networkResult{}, err
	}
	return networkResult{Network: fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), found.network)}, nil
}

// userNamespace makes one that maps 0–65535 to base, only to serve as the mapping of id-mapped mounts.
func userNamespace(base int) (int, error) {
	stdin, writer, err := os.Pipe()
	if err != nil {
		return -1, err
	}
	defer writer.Close()
	defer stdin.Close()
	// The second line gives the host's root, as whom overlayfs keeps its work directory and whiteouts, an id on disk (65536). It is in
	// this mapping of mounts only: the sandbox's own user namespace does not have it, so nothing inside can take or name it.
	mapping := []syscall.SysProcIDMap{{ContainerID: 0, HostID: base, Size: 65536}, {ContainerID: 65536, HostID: 0, Size: 1}}
	holder := exec.Command("/proc/self/exe", "hold")
	holder.Stdin = stdin
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: mapping, GidMappings: mapping, Pdeathsig: syscall.SIGKILL}
	if err := holder.Start(); err != nil {
		return -1, fmt.Errorf("user namespace: %w", err)
	}
	users, err := unix.Open(fmt.Sprintf("/proc/%d/ns/user", holder.Process.Pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	_ = holder.Process.Kill()
	_ = holder.Wait()
	return users, err
}

// holdNamespace keeps a namespace until stdin closes.
func holdNamespace() { _, _ = os.Stdin.Read(make([]byte, 1)) }

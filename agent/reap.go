package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// reaper owns every wait of this process. As PID 1 it inherits orphans, so wait4(-1) must be called; calling it anywhere else,
// or letting os/exec wait as well, would let the two steal each other's statuses. Children are therefore started and registered
// under the same lock under which they are reaped: a status can never arrive for a child that is not in the table yet,
// and a signal can never reach a pid that was already given away.
type reaper struct {
	mu       sync.Mutex
	children map[int]func(syscall.WaitStatus)
	changed  chan os.Signal
}

func newReaper() *reaper {
	r := &reaper{children: map[int]func(syscall.WaitStatus){}, changed: make(chan os.Signal, 1)}
	// Capacity 1 is enough: SIGCHLD coalesces anyway, and every wake-up reaps until nothing is left.
	signal.Notify(r.changed, syscall.SIGCHLD)
	go func() {
		for range r.changed {
			for r.reapOne() {
			}
		}
	}()
	return r
}

// start runs fork (which returns the new pid) and routes that child's wait status to onExit.
func (r *reaper) start(fork func() (int, error), onExit func(syscall.WaitStatus)) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := fork()
	if err == nil {
		r.children[pid] = onExit
	}
	return pid, err
}

func (r *reaper) reapOne() bool {
	r.mu.Lock()
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
	if err == syscall.EINTR {
		r.mu.Unlock()
		return true
	}
	if err != nil || pid <= 0 {
		r.mu.Unlock()
		return false
	}
	onExit := r.children[pid]
	delete(r.children, pid)
	r.mu.Unlock()
	if onExit != nil { // nil: an orphan that was handed to PID 1
		onExit(status)
	}
	return true
}

// signalGroup signals the process group of a child that was not reaped yet; ESRCH otherwise.
func (r *reaper) signalGroup(pid int, sig syscall.Signal) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, running := r.children[pid]; !running {
		return syscall.ESRCH
	}
	return syscall.Kill(-pid, sig)
}

// running is the number of own children that were not reaped.
func (r *reaper) running() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.children)
}

// pids lists the own children that were not reaped.
func (r *reaper) pids() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	pids := make([]int, 0, len(r.children))
	for pid := range r.children {
		pids = append(pids, pid)
	}
	return pids
}

package main

import (
	"os"
	"syscall"
	"time"
)

// shutdownGrace is short: the runner waits for the agent before it removes the sandbox's namespaces, which kills the rest anyway.
const shutdownGrace = 2 * time.Second

// shutdown ends everything in the sandbox: TERM, then KILL after shutdownGrace.
func (t *processTable) shutdown() {
	t.signalAll(syscall.SIGTERM)
	t.signalAll(syscall.SIGCONT)
	deadline := time.Now().Add(shutdownGrace)
	for t.anyLeft() && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	t.signalAll(syscall.SIGKILL)
}

// signalAll signals every process of the sandbox. kill(-1) means "all I may signal": right for PID 1 of a pid namespace, which it leaves
// out itself, and a disaster anywhere else, where only the own groups are meant.
func (t *processTable) signalAll(sig syscall.Signal) {
	if os.Getpid() == 1 {
		_ = syscall.Kill(-1, sig)
		return
	}
	for _, pid := range t.reaper.pids() {
		_ = t.reaper.signalGroup(pid, sig)
	}
}

func (t *processTable) anyLeft() bool {
	if os.Getpid() == 1 {
		return syscall.Kill(-1, 0) == nil
	}
	return t.reaper.running() > 0
}

package main

import (
	"os"
	"runtime"
	"sync"
	"syscall"
)

// Why setfsuid on a locked thread: the agent is root inside the sandbox, but file work must have the rights of the user sandbox, or a request
// could read what that user may not and would leave root's files in its workspace. Linux keeps the file system user per thread; when it
// changes from 0 the kernel also takes the capabilities that override file permissions (DAC_OVERRIDE, FOWNER, CHOWN …) and gives them
// back on return, so the switch is whole and costs under 2 µs. The alternative, a second process with the lower rights, would cost
// memory in every sandbox and a copy of every byte. Only opening, renaming and the like needs it: reading and writing an open descriptor
// is not checked again, so slow bodies are moved outside of it and hold no thread.

// fileSlots bounds the threads that file work may block at a time. The Go runtime starts another thread whenever all others are blocked, a thread
// costs memory for good, and when a command has used up the sandbox's process limit there is no other thread to be had: the runtime would
// end the program, and PID 1 with it the sandbox. Must stay well below spareThreads.
var fileSlots = make(chan struct{}, 6)

// slotted is a file whose reads and writes each take a slot. For use outside of as, which holds one itself.
type slotted struct{ *os.File }

func (f slotted) Read(into []byte) (int, error) {
	fileSlots <- struct{}{}
	defer func() { <-fileSlots }()
	return f.File.Read(into)
}

func (f slotted) Write(data []byte) (int, error) {
	fileSlots <- struct{}{}
	defer func() { <-fileSlots }()
	return f.File.Write(data)
}

// asSandbox runs file work with the rights of the user sandbox.
func (a *agent) asSandbox(work func() error) error { return a.as(a.config.sandbox, work) }

// as runs file work with the rights of a user. work must not block on anything but the file system, must not start goroutines,
// and must not call as again.
func (a *agent) as(user account, work func() error) error {
	fileSlots <- struct{}{}
	defer func() { <-fileSlots }()
	if !a.privileged || user.uid == 0 {
		return work()
	}
	runtime.LockOSThread()
	if !switchFileUser(user.uid, user.gid) {
		restoreFileUser()
		return newFault("INTERNAL", "The sandbox cannot act as the user %s.", user.name)
	}
	defer restoreFileUser()
	return work()
}

// hasFileUser is false in gVisor, which has no setfsuid. There the thread's effective ids change instead, to the same end: the real and
// the saved ones stay root's, so nothing of the user can signal or trace it meanwhile.
var hasFileUser = sync.OnceValue(func() bool {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, uintptr(unchanged), 0, 0)
	return errno == 0
})

const unchanged = ^uint32(0) // an impossible id: changes nothing

// switchFileUser says whether the switch took place: setfsuid(2) reports no errors, only the previous value.
func switchFileUser(uid, gid uint32) bool {
	if !hasFileUser() {
		return seteffective(syscall.SYS_SETRESGID, gid) && seteffective(syscall.SYS_SETRESUID, uid)
	}
	setfs(syscall.SYS_SETFSGID, gid)
	setfs(syscall.SYS_SETFSUID, uid)
	return setfs(syscall.SYS_SETFSUID, unchanged) == uid && setfs(syscall.SYS_SETFSGID, unchanged) == gid
}

// restoreFileUser keeps the thread locked when it cannot be given back as it was: the Go runtime then ends it with its goroutine.
func restoreFileUser() {
	if !hasFileUser() {
		if seteffective(syscall.SYS_SETRESUID, 0) && seteffective(syscall.SYS_SETRESGID, 0) {
			runtime.UnlockOSThread()
		}
		return
	}
	setfs(syscall.SYS_SETFSUID, 0)
	setfs(syscall.SYS_SETFSGID, 0)
	runtime.UnlockOSThread()
}

// seteffective is setresuid or setresgid of this thread alone, which the raw call is (the C library's changes all threads).
func seteffective(call uintptr, id uint32) bool {
	_, _, errno := syscall.RawSyscall(call, uintptr(unchanged), uintptr(id), uintptr(unchanged))
	return errno == 0
}

func setfs(call uintptr, id uint32) uint32 {
	previous, _, _ := syscall.RawSyscall(call, uintptr(id), 0, 0)
	return uint32(previous)
}

package main

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	scrollbackMax = 256 << 10      // replayed to who attaches (contract 4.2)
	terminalsMax  = 16             // running at once (contract 6)
	unusedMax     = 24 * time.Hour // a terminal that nobody looks at or types into ends
	// afterExit: a viewer whose connection broke just before the shell ended still comes to read the exit code.
	afterExit = time.Minute
	// hangUpGrace is between HUP and KILL of a session that is ended.
	hangUpGrace = 2 * time.Second
	// stallMax: while every viewer is a whole scrollback behind, the terminal waits for them, as a local one does for its screen; for no longer than this.
	stallMax = 30 * time.Second
	ptyChunk = 4 << 10 // the kernel gives no more at a time
)

// terminal is a pseudo terminal with the session of a shell on it. It lives without viewers.
type terminal struct {
	id, shell, cwd string
	pid            int
	startedAt      time.Time
	table          *terminalTable
	master         *os.File
	done           chan struct{} // closed once exited and read to its end
	typing         sync.Mutex    // held while writing to the master

	mu       sync.Mutex
	room     sync.Cond // a viewer took something, came or went
	size     winsize
	output   ring
	viewers  map[*viewer]struct{}
	writer   *viewer // whose input is being written
	usedAt   time.Time
	exited   bool
	finished bool
	status   syscall.WaitStatus
}

// startTerminal runs a login shell on a new pseudo terminal.
func (a *agent) startTerminal(l launch, size winsize) (t *terminal, err error) {
	env := a.environment(l)
	program, code := a.findProgram(l, env)
	if code != 0 {
		return nil, invalid("shell", "%s cannot be executed", l.argv[0])
	}
	if err := a.terminals.reserve(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.terminals.release()
		}
	}()
	master, slave, err := openPty(size, l.user, a.privileged)
	if err != nil {
		return nil, asFault(err, "The terminal")
	}
	defer syscall.Close(slave)
	now := time.Now()
	t = &terminal{id: newID("trm"), shell: program, cwd: l.cwd, startedAt: now, usedAt: now, table: a.terminals, master: master, size: size,
		done: make(chan struct{}), output: ring{max: scrollbackMax}, viewers: map[*viewer]struct{}{}}
	t.room.L = &t.mu
	attributes := &syscall.ProcAttr{Dir: l.cwd, Env: env, Files: []uintptr{uintptr(slave), uintptr(slave), uintptr(slave)},
		Sys: &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}}
	if a.privileged {
		attributes.Sys.Credential = &syscall.Credential{Uid: l.user.uid, Gid: l.user.gid, Groups: []uint32{l.user.gid}}
	}
	if err := a.forkLeader(program, loginName(program), attributes, t.shellExited, &t.pid); err != nil {
		_ = master.Close()
		switch {
		case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.ENOEXEC), errors.Is(err, syscall.EISDIR):
			return nil, invalid("shell", "%s cannot be executed", l.argv[0])
		}
		return nil, asFault(err, program)
	}
	a.terminals.publish(t)
	go t.read()
	time.AfterFunc(unusedMax, t.expire)
	return t, nil
}

// read takes the output until the other end is closed by all. It waits while all viewers are too far behind; without viewers it never does.
func (t *terminal) read() {
	buffer := make([]byte, ptyChunk)
	for {
		t.mu.Lock()
		t.awaitRoom()
		t.mu.Unlock()
		n, err := t.master.Read(buffer)
		t.mu.Lock()
		t.output.append(stdout, buffer[:n])
		t.wake()
		t.mu.Unlock()
		if err != nil { // EIO: the session is over; a deadline: the shell is, and who is left keeps the terminal open
			break
		}
	}
	t.mu.Lock()
	for !t.exited {
		t.room.Wait()
	}
	t.finished = true
	t.output.freeze()
	t.wake()
	t.mu.Unlock()
	_ = t.master.Close()
	close(t.done)
	t.table.retire(t)
}

// awaitRoom returns when some viewer can take more, or there is none; t.mu is held. Who takes nothing for stallMax is cut.
func (t *terminal) awaitRoom() {
	if t.hasRoom() {
		return
	}
	stalled := time.AfterFunc(stallMax, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if !t.hasRoom() {
			for v := range t.viewers {
				_ = v.conn.Close()
				delete(t.viewers, v)
			}
		}
		t.room.Broadcast()
	})
	defer stalled.Stop()
	for !t.hasRoom() {
		t.room.Wait()
	}
}

func (t *terminal) hasRoom() bool {
	if t.exited || len(t.viewers) == 0 {
		return true // what a shell left behind is small, and must not wait
	}
	for v := range t.viewers {
		if t.output.end-v.at <= scrollbackMax-ptyChunk {
			return true
		}
	}
	return false
}

// wake tells all who wait that there is something new; t.mu is held.
func (t *terminal) wake() {
	t.room.Broadcast()
	for v := range t.viewers {
		v.wake()
	}
}

// shellExited takes the wait status from the reaper.
func (t *terminal) shellExited(status syscall.WaitStatus) {
	t.mu.Lock()
	t.exited, t.status = true, status
	t.wake()
	t.mu.Unlock()
	// The kernel hangs up for all when the leader of the session goes; should it not (gVisor), what is there is read for this long.
	_ = t.master.SetReadDeadline(time.Now().Add(drainGrace))
}

// write types. Input of one viewer is not mixed with that of another.
func (t *terminal) write(v *viewer, data []byte) error {
	t.typing.Lock()
	defer t.typing.Unlock()
	t.mu.Lock()
	if _, here := t.viewers[v]; !here {
		t.mu.Unlock()
		return os.ErrClosed
	}
	t.writer, t.usedAt = v, time.Now()
	_ = t.master.SetWriteDeadline(time.Time{})
	t.mu.Unlock()
	_, err := t.master.Write(data)
	t.mu.Lock()
	t.writer = nil
	t.mu.Unlock()
	return err
}

// resize tells the session, which gets SIGWINCH when the size is another one.
func (t *terminal) resize(size winsize) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.finished {
		return
	}
	conn, err := t.master.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) {
		if ioctl(fd, tiocSwinsz, unsafe.Pointer(&size)) == nil {
			t.size = size
		}
	})
}

// expire ends a terminal unused for unusedMax.
func (t *terminal) expire() {
	t.mu.Lock()
	left := unusedMax - time.Since(t.usedAt)
	if len(t.viewers) > 0 {
		left = unusedMax
	}
	finished := t.finished
	t.mu.Unlock()
	switch {
	case finished:
	case left > 0:
		time.AfterFunc(left, t.expire)
	default:
		t.end()
	}
}

// end kills the whole session: HUP, which shells pass on and obey, then KILL. It returns when the shell is gone.
func (t *terminal) end() {
	t.signalSession(syscall.SIGHUP)
	t.signalSession(syscall.SIGCONT)
	select {
	case <-t.done:
	case <-time.After(hangUpGrace):
	}
	// Programs started with nohup are left, and new ones may come while we look.
	for range 10 {
		if t.signalSession(syscall.SIGKILL) == 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	<-t.done
}

// outcome is the exit code (128 + signal when killed) and the signal's name or nil; t.mu is held.
func (t *terminal) outcome() (int, *string) {
	if t.status.Signaled() {
		name := signalName(t.status.Signal())
		return 128 + int(t.status.Signal()), &name
	}
	return t.status.ExitStatus(), nil
}

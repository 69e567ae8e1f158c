package main

import (
	"os"
	"syscall"
)

// pipeEnds are the descriptors of a new process's standard streams until it has started.
type pipeEnds struct {
	theirs [3]uintptr // the child's 0, 1, 2
	opened []int      // those of them that are ours to close
	ours   []*outputPipe
}

// openPipes makes the streams: output pipes read by the pump without blocking, standard input a pipe when there is something to write.
func (p *process) openPipes(l launch) (*pipeEnds, error) {
	ends := &pipeEnds{theirs: [3]uintptr{devNull()}}
	err := p.openOutputs(l, ends)
	if err == nil && (l.hasStdin || l.keepOpen) {
		err = p.openInput(l, ends)
	}
	if err != nil {
		ends.closeTheirs()
		ends.closeOurs(p)
		return nil, asFault(err, l.command)
	}
	return ends, nil
}

func (p *process) openOutputs(l launch, ends *pipeEnds) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, kind := range []uint8{stdout, stderr} {
		ours, theirs, err := newPipe(l.user, false)
		if err != nil {
			return err
		}
		pipe := &outputPipe{fd: ours, kind: kind, proc: p, run: p.run}
		p.pipes = append(p.pipes, pipe)
		p.open++
		ends.theirs[kind] = uintptr(theirs)
		ends.opened, ends.ours = append(ends.opened, theirs), append(ends.ours, pipe)
	}
	return nil
}

func (p *process) openInput(l launch, ends *pipeEnds) error {
	ours, theirs, err := newPipe(l.user, true)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stdin = os.NewFile(uintptr(ours), "stdin")
	ends.theirs[0] = uintptr(theirs)
	ends.opened = append(ends.opened, theirs)
	return nil
}

// newPipe returns our end (non-blocking) and the child's. The pipe is given to the child's user, else opening /dev/stdout fails for it.
func newPipe(user account, weWrite bool) (ours, theirs int, err error) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC); err != nil {
		return 0, 0, err
	}
	ours, theirs = fds[0], fds[1]
	if weWrite {
		ours, theirs = fds[1], fds[0]
	}
	_ = syscall.Fchown(theirs, int(user.uid), int(user.gid))
	return ours, theirs, syscall.SetNonblock(ours, true)
}

func (e *pipeEnds) closeTheirs() {
	for _, fd := range e.opened {
		_ = syscall.Close(fd)
	}
	e.opened = nil
}

// closeOurs undoes openPipes for a process that did not start.
func (e *pipeEnds) closeOurs(p *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pipe := range p.pipes {
		_ = syscall.Close(pipe.fd)
	}
	p.pipes, p.open = nil, 0
	if p.stdin != nil {
		_ = p.stdin.Close()
		p.stdin = nil
	}
}

var nullDescriptor = -1

// devNull is opened once at start-up; every process without input gets it.
func devNull() uintptr { return uintptr(nullDescriptor) }

func openDevNull() (err error) {
	nullDescriptor, err = syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	return err
}

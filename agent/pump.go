package main

import (
	"os"
	"sync"
	"syscall"
)

// readChunk is how much of one pipe is read at a time: the default capacity of a pipe.
const readChunk = 64 << 10

// outputPipe is the reading end of one output stream. Its fields are guarded by process.mu.
type outputPipe struct {
	fd     int
	kind   uint8
	proc   *process
	run    int  // of the process's runs
	paused bool // taken out of epoll because a reader of the stream is too far behind
	closed bool
	must   int // bytes that were in the pipe when the leader exited: they belong to the result
}

// pump reads the output of all processes: one goroutine and one buffer however many there are. Its epoll descriptor sits in the
// runtime's own poller, so that waiting blocks no thread.
type pump struct {
	ep    int
	file  *os.File
	buf   []byte
	mu    sync.Mutex
	pipes map[int32]*outputPipe
}

func newPump() (*pump, error) {
	ep, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := syscall.SetNonblock(ep, true); err != nil {
		return nil, err
	}
	u := &pump{ep: ep, file: os.NewFile(uintptr(ep), "epoll"), buf: make([]byte, readChunk), pipes: map[int32]*outputPipe{}}
	conn, err := u.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	go func() { _ = conn.Read(func(uintptr) bool { return u.poll() }) }()
	return u, nil
}

// watch starts reading a pipe; the pump closes it at its end.
func (u *pump) watch(p *outputPipe) error {
	u.mu.Lock()
	u.pipes[int32(p.fd)] = p
	u.mu.Unlock()
	return u.arm(p)
}

func (u *pump) arm(p *outputPipe) error {
	return syscall.EpollCtl(u.ep, syscall.EPOLL_CTL_ADD, p.fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(p.fd)})
}

func (u *pump) disarm(p *outputPipe) {
	_ = syscall.EpollCtl(u.ep, syscall.EPOLL_CTL_DEL, p.fd, &syscall.EpollEvent{})
}

// poll handles all that is ready, one chunk a pipe in turn so that a flood does not starve the others. False means: wait for more.
func (u *pump) poll() bool {
	var events [32]syscall.EpollEvent
	for {
		n, err := syscall.EpollWait(u.ep, events[:], 0)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return true
		}
		if n == 0 {
			return false
		}
		for _, event := range events[:n] {
			u.mu.Lock()
			pipe := u.pipes[event.Fd]
			u.mu.Unlock()
			if pipe != nil {
				u.drain(pipe)
			}
		}
	}
}

// drain reads one chunk. It reads under the process's lock, so that what FIONREAD says at the leader's exit is exact.
func (u *pump) drain(pipe *outputPipe) {
	p := pipe.proc
	p.mu.Lock()
	defer p.mu.Unlock()
	if pipe.paused || pipe.closed {
		return
	}
	room := p.room(len(u.buf))
	if room == 0 {
		u.disarm(pipe)
		pipe.paused = true
		return
	}
	n, err := syscall.Read(pipe.fd, u.buf[:room])
	switch {
	case n > 0:
		p.output(pipe, u.buf[:n])
	case err == syscall.EAGAIN || err == syscall.EINTR:
	default:
		// Epoll forgets a closed descriptor by itself; the map entry goes first because the number may be used again at once.
		u.mu.Lock()
		delete(u.pipes, int32(pipe.fd))
		u.mu.Unlock()
		pipe.closed = true
		_ = syscall.Close(pipe.fd)
		p.pipeEnded(pipe)
	}
}

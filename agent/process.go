package main

import (
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// drainGrace: after the leader's exit its children may still hold the pipe (`npm run dev &`). What the leader wrote is always read; what
	// background children write is waited for this long and no longer.
	drainGrace = 250 * time.Millisecond
	// killGrace is the time between TERM and KILL (contract 4.2).
	killGrace = 5 * time.Second
)

// process is one command started through the agent, running or finished.
type process struct {
	id, name, command, cwd string
	pid                    int // 0 when it could not be started
	brief                  bool
	startedAt              time.Time
	table                  *processTable
	stdin                  *os.File // nil when standard input is closed
	done                   chan struct{}

	mu       sync.Mutex
	pipes    []*outputPipe
	open     int // pipes that were not read to their end
	log      ring
	captures *[2]capture // a blocking exec only
	readers  map[*reader]struct{}
	exited   bool
	overdue  bool // drainGrace is over
	finished bool
	timedOut bool
	status   syscall.WaitStatus
	code     int // exit code when the process could not be started
	exitedAt time.Time
	timeout  *time.Timer
}

// room is how many bytes may be read now without overwriting what a connected reader has not got yet.
func (p *process) room(limit int) int {
	for r := range p.readers {
		limit = min(limit, int(r.at+int64(p.log.max)-p.log.end))
	}
	return max(limit, 0)
}

// output takes a chunk from the pump; p.mu is held.
func (p *process) output(pipe *outputPipe, data []byte) {
	p.log.append(pipe.kind, data)
	if p.captures != nil {
		p.captures[pipe.kind-1].write(data)
	}
	pipe.must -= len(data)
	p.wake()
	p.settle()
}

// pipeEnded notes the end of a stream; p.mu is held.
func (p *process) pipeEnded() {
	p.open--
	p.settle()
}

// exit takes the wait status from the reaper.
func (p *process) exit(status syscall.WaitStatus) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exited, p.status, p.exitedAt = true, status, time.Now()
	if p.timeout != nil {
		p.timeout.Stop()
	}
	for _, pipe := range p.pipes {
		if !pipe.closed {
			pipe.must = bytesWaiting(pipe.fd)
		}
	}
	if p.open > 0 {
		time.AfterFunc(drainGrace, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.overdue = true
			p.settle()
		})
	}
	p.settle()
}

// settle finishes the process once its status is known and its output is read; p.mu is held.
func (p *process) settle() {
	if p.finished || !p.exited {
		return
	}
	if p.open > 0 {
		if !p.overdue {
			return
		}
		for _, pipe := range p.pipes {
			if !pipe.closed && pipe.must > 0 {
				return
			}
		}
	}
	p.finished = true
	if p.captures != nil && len(p.readers) == 0 {
		p.log.drop() // the answer to the waiting caller carries the output
	} else {
		p.log.freeze()
	}
	if p.stdin != nil {
		_ = p.stdin.Close()
	}
	p.wake()
	close(p.done)
	p.table.retire(p)
}

// outcome is the exit code (128 + signal when killed) and the signal's name or nil.
func (p *process) outcome() (int, *string) {
	switch {
	case p.pid == 0:
		return p.code, nil
	case p.status.Signaled():
		name := signalName(p.status.Signal())
		return 128 + int(p.status.Signal()), &name
	default:
		return p.status.ExitStatus(), nil
	}
}

// signal signals the whole group; ESRCH when the leader is gone.
func (p *process) signal(sig syscall.Signal) error {
	if p.pid == 0 {
		return syscall.ESRCH
	}
	return p.table.reaper.signalGroup(p.pid, sig)
}

// terminate sends TERM (and CONT: a stopped process cannot act on TERM) and, killGrace later, KILL to all that is left of the group.
func (p *process) terminate() {
	if p.signal(syscall.SIGTERM) != nil {
		return
	}
	_ = p.signal(syscall.SIGCONT)
	time.AfterFunc(killGrace, func() {
		if p.signal(syscall.SIGKILL) != nil {
			p.table.reaper.killLeftovers(p.pid)
		}
	})
}

// expire ends a process that ran into its timeout.
func (p *process) expire() {
	p.mu.Lock()
	running := !p.exited
	p.timedOut = running
	p.mu.Unlock()
	if running {
		p.terminate()
	}
}

// abandon drops the capture of an exec whose caller is gone.
func (p *process) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.captures != nil {
		p.captures[0].release()
		p.captures[1].release()
		p.captures = nil
	}
}

package main

import (
	"os"
	"sync"
	"sync/atomic"
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
	pid                    atomic.Int32 // 0 when it was not started
	mark                   uint32       // the group of all that descends from it; 0: none
	brief, autostart       bool
	launch                 launch
	agent                  *agent
	table                  *processTable
	done                   chan struct{}

	mu        sync.Mutex
	run       int // counts its runs: a service starts again
	started   int // counts those that came about
	service   service
	journal   *journal // nil: it is not kept
	startedAt time.Time
	stdin     *os.File // nil when standard input is closed
	pipes     []*outputPipe
	open      int // pipes that were not read to their end
	log       ring
	captures  *[2]capture // a blocking exec only
	readers   map[*reader]struct{}
	exited    bool
	overdue   bool // drainGrace is over
	finished  bool
	timedOut  bool
	status    syscall.WaitStatus
	failed    bool // could not be started
	code      int  // exit code in that case
	ending    bool // it was told to end: no further run
	past      *pastEnd
	keptFrom  *int64 // the output was dropped from memory and is on disk from this offset
	exitedAt  time.Time
	timeout   *time.Timer
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
	p.note()
	p.wake()
	p.settle()
}

// pipeEnded notes the end of a stream; p.mu is held. What an earlier run left open does not count.
func (p *process) pipeEnded(pipe *outputPipe) {
	if pipe.run == p.run {
		p.open--
		p.settle()
	}
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
		run := p.run
		time.AfterFunc(drainGrace, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.run == run {
				p.overdue = true
				p.settle()
			}
		})
	}
	p.settle()
}

// settle finishes the process once its status is known and its output is read; p.mu is held.
func (p *process) settle() {
	if p.finished || !p.exited || p.service.resting {
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
	if p.runsAgain() {
		p.rest()
		return
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
	p.note()
	p.wake()
	close(p.done)
	p.table.retire(p)
}

// outcome is the exit code (128 + signal when killed) and the signal's name or nil; p.mu is held. Without a code nobody knows: the process
// ended with the machine.
func (p *process) outcome() (*int, *string) {
	code := p.code
	switch {
	case p.past != nil:
		return p.past.code, p.past.signal
	case p.failed:
		return &code, nil
	case p.status.Signaled():
		name := signalName(p.status.Signal())
		code = 128 + int(p.status.Signal())
		return &code, &name
	default:
		code = p.status.ExitStatus()
		return &code, nil
	}
}

// leader is the pid of the run, 0 when none is on: its number may belong to another by then.
func (p *process) leader() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exited {
		return 0
	}
	return int(p.pid.Load())
}

// signal signals the whole group; ESRCH when the leader is gone.
func (p *process) signal(sig syscall.Signal) error {
	pid := p.leader()
	if pid == 0 {
		return syscall.ESRCH
	}
	return p.table.reaper.signalGroup(pid, sig)
}

// terminate ends the process with the usual grace.
func (p *process) terminate() (gone chan struct{}) { return p.terminateWithin(killGrace) }

// terminateWithin sends TERM (and CONT: a stopped process cannot act on TERM) to the process and all its descendants and, grace later, KILL to
// what is left of them. The channel is closed when nothing is.
func (p *process) terminateWithin(grace time.Duration) (gone chan struct{}) {
	p.end()
	gone = make(chan struct{})
	if p.signalFamily(syscall.SIGTERM, syscall.SIGCONT) == 0 {
		close(gone)
		return gone
	}
	go func() {
		defer close(gone)
		for until := time.Now().Add(grace); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
			if len(p.family()) == 0 {
				return
			}
		}
		p.killFamily()
	}()
	return gone
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

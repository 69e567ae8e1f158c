package main

import (
	"syscall"
	"time"
)

// Restart policies (contract 4.2).
const (
	restartNever     = "never"
	restartOnFailure = "on_failure"
	restartAlways    = "always"
)

const (
	// backoffFirst doubles with every end that comes soon, up to backoffMost. A run of steadyRun is no failure to start.
	backoffFirst = 500 * time.Millisecond
	backoffMost  = 30 * time.Second
	steadyRun    = 10 * time.Second
)

// service is what keeps a process running. Its fields are guarded by process.mu.
type service struct {
	restart  string
	probe    *probe
	restarts int
	soon     int  // ends in a row that came soon after the start
	resting  bool // between two runs
	timer    *time.Timer
	health   health
}

// cleanEnds are signals by which a process is asked to end: obeying is no failure.
var cleanEnds = map[syscall.Signal]bool{syscall.SIGTERM: true, syscall.SIGINT: true, syscall.SIGHUP: true, syscall.SIGPIPE: true}

// runsAgain says whether the process starts again after the end that was just noted; p.mu is held.
func (p *process) runsAgain() bool {
	if p.ending || p.timedOut {
		return false
	}
	switch p.service.restart {
	case restartAlways:
		return true
	case restartOnFailure:
		code, _ := p.outcome()
		return *code != 0 && (p.failed || !p.status.Signaled() || !cleanEnds[p.status.Signal()])
	}
	return false
}

// rest waits for the next run; p.mu is held.
func (p *process) rest() {
	s := &p.service
	if p.exitedAt.Sub(p.startedAt) >= steadyRun {
		s.soon = 0
	}
	delay := min(backoffFirst<<min(s.soon, 10), backoffMost)
	s.soon++
	s.resting = true
	s.timer = time.AfterFunc(delay, p.runAgain)
	if p.stdin != nil {
		_ = p.stdin.Close()
	}
	p.wake()
	p.note()
}

// runAgain starts the next run under the same id: its output goes on where the last one's ended.
func (p *process) runAgain() {
	p.killFamily() // what the last run left would hold its ports
	p.mu.Lock()
	if p.ending || !p.service.resting {
		p.mu.Unlock()
		return
	}
	p.service.restarts++
	p.service.health = health{}
	p.run++
	p.overdue, p.pipes, p.open, p.stdin = false, nil, 0, nil
	p.mu.Unlock()
	if err := p.agent.begin(p); err != nil && err != error(errEnding) { // e.g. the process limit is reached
		_ = p.fail(126, asFault(err, p.command).message+"\n")
	}
}

// end stops the restarts. One that rests is finished by it.
func (p *process) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending = true
	if p.service.resting {
		p.service.resting = false
		p.service.timer.Stop()
		p.settle()
	}
}

// pastEnd is the end of a process of an earlier life of the sandbox. Without a code it was ended by the machine's.
type pastEnd struct {
	code   *int
	signal *string
}

// machineStopped is the reason of a process that has no exit status because the machine ended with it.
const machineStopped = "machine_stopped"

// reason says what the state alone does not; p.mu is held.
func (p *process) reason() *string {
	text := ""
	switch {
	case p.service.resting:
		text = "restarting"
	case p.past != nil && p.past.code == nil:
		text = machineStopped
	case p.timedOut && p.finished:
		text = "timeout"
	default:
		return nil
	}
	return &text
}

package main

import (
	"errors"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

const (
	logMax      = 1 << 20  // output kept of a process (contract: ring buffer)
	briefLogMax = 64 << 10 // and of a blocking exec, whose answer carries its output
)

// launch says what to start and how.
type launch struct {
	argv     []string
	command  string // for display
	name     string
	cwd      string
	env      map[string]string
	user     account
	timeout  time.Duration // 0: none
	stdin    []byte
	hasStdin bool
	keepOpen bool // leave standard input open after stdin
	brief    bool // a blocking exec: capture the heads of both streams

	// Of background processes only.
	durable   bool // its record and output outlive the machine's processes
	autostart bool
	restart   string
	probe     *probe
}

// account is a user inside the sandbox.
type account struct {
	name, home string
	uid, gid   uint32
}

// spawn starts a process. A command that does not exist is a process too, finished with 127 as a shell would say; errors are for
// what the caller or the sandbox's limits got wrong.
func (a *agent) spawn(l launch) (*process, error) {
	p := a.newProcess(newID("prc"), l)
	return p, a.begin(p)
}

func (a *agent) newProcess(id string, l launch) *process {
	p := &process{id: id, name: l.name, command: l.command, cwd: l.cwd, brief: l.brief, autostart: l.autostart, launch: l, agent: a,
		table: a.processes, startedAt: time.Now(), done: make(chan struct{}), log: ring{max: logMax}}
	p.service.restart, p.service.probe = l.restart, l.probe
	if l.durable {
		p.journal = a.processes.recorder.journal(id)
	}
	if a.privileged {
		p.mark = a.processes.marks.next()
	}
	if l.brief {
		p.log.max = briefLogMax
		p.captures = &[2]capture{}
	}
	return p
}

// begin starts a run of the process.
func (a *agent) begin(p *process) error {
	l := p.launch
	env := a.environment(l)
	program, code := a.findProgram(l, env)
	if code != 0 {
		return p.failToStart(code, l.argv[0])
	}
	ends, err := p.openPipes(l)
	if err != nil {
		return err
	}
	err = a.fork(p, program, l, env, ends)
	ends.closeTheirs()
	if err != nil {
		ends.closeOurs(p)
		return p.startError(err, l.argv[0])
	}
	for _, pipe := range ends.ours {
		if err := a.processes.pump.watch(pipe); err != nil {
			_ = p.signal(syscall.SIGKILL)
			return asFault(err, l.command)
		}
	}
	a.processes.add(p)
	p.feed(l)
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.timeout > 0 && !p.exited {
		p.timeout = time.AfterFunc(l.timeout, p.expire)
	}
	p.check()
	p.note()
	return nil
}

// fork starts the program in a session (and so a process group) of its own.
func (a *agent) fork(p *process, program string, l launch, env []string, ends *pipeEnds) error {
	attributes := &syscall.ProcAttr{Dir: l.cwd, Env: env, Files: ends.theirs[:], Sys: &syscall.SysProcAttr{Setsid: true}}
	if a.privileged {
		attributes.Sys.Credential = &syscall.Credential{Uid: l.user.uid, Gid: l.user.gid, Groups: []uint32{l.user.gid, p.mark}}
	}
	_, err := a.processes.reaper.start(func() (int, error) {
		p.mu.Lock() // the run is on, or it is not: nobody sees it half begun
		defer p.mu.Unlock()
		if p.ending {
			return 0, errEnding
		}
		pid, err := syscall.ForkExec(program, l.argv, attributes)
		if err == nil {
			p.pid.Store(int32(pid))
			p.started, p.startedAt = p.started+1, time.Now()
			p.exited, p.failed, p.service.resting = false, false, false
			_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", a.oomScore, 0)
		}
		return pid, err
	}, p.exit)
	return err
}

var errEnding = newFault("CONFLICT", "The process was told to end.")

// feed writes the given standard input. The writer ends when the process reads it, closes its end, or is finished.
func (p *process) feed(l launch) {
	stdin := p.input()
	if stdin == nil {
		return
	}
	if len(l.stdin) == 0 {
		if !l.keepOpen {
			_ = stdin.Close()
		}
		return
	}
	go func() {
		_, _ = stdin.Write(l.stdin)
		if !l.keepOpen {
			_ = stdin.Close()
		}
	}()
}

// input is the pipe to its standard input; nil when it has none.
func (p *process) input() *os.File {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stdin
}

// startError turns a failure of fork or exec into a finished process where a shell would give an exit code, else into an error.
func (p *process) startError(err error, program string) error {
	switch {
	case errors.Is(err, syscall.ENOENT):
		return p.failToStart(127, program)
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.ENOEXEC), errors.Is(err, syscall.EISDIR):
		return p.failToStart(126, program)
	case errors.Is(err, syscall.E2BIG):
		return invalid("command", "arguments and environment are larger than the system allows")
	}
	return asFault(err, program)
}

func (p *process) failToStart(code int, program string) error {
	if code == 126 {
		return p.fail(code, program+": cannot be executed\n")
	}
	return p.fail(code, program+": not found\n")
}

// fail records a run that never was.
func (p *process) fail(code int, message string) error {
	p.table.add(p)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed, p.code, p.exited, p.exitedAt, p.service.resting = true, code, true, time.Now(), false
	p.output(&outputPipe{kind: stderr}, []byte(message))
	return nil
}

// findProgram looks the command up as a shell would, with the rights of the sandbox's user; code is 0 or the shell's exit code.
func (a *agent) findProgram(l launch, env []string) (program string, code int) {
	name := l.argv[0]
	if strings.Contains(name, "/") {
		return name, 0
	}
	search := ""
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, "PATH="); ok {
			search = value
		}
	}
	code = 127
	_ = a.as(l.user, func() error {
		for _, folder := range strings.Split(search, ":") {
			candidate := path.Join(folder, name)
			if !path.IsAbs(candidate) {
				candidate = path.Join(l.cwd, candidate)
			}
			var st syscall.Stat_t
			if name == "" || syscall.Stat(candidate, &st) != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG {
				continue
			}
			if st.Mode&0o111 != 0 {
				program, code = candidate, 0
				return nil
			}
			code = 126
		}
		return nil
	})
	return program, code
}

// bytesWaiting is what can be read from a pipe now.
func bytesWaiting(fd int) int {
	const fionread = 0x541b // ioctl_tty(2); the same number on amd64 and arm64
	var n int32
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), fionread, uintptr(unsafe.Pointer(&n))); errno != 0 {
		return 0
	}
	return int(n)
}

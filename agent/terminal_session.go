package main

import (
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// forkLeader starts the leader of a session; pid is set before its exit can be reported.
func (a *agent) forkLeader(program, name string, attributes *syscall.ProcAttr, onExit func(syscall.WaitStatus), pid *int) error {
	_, err := a.processes.reaper.start(func() (int, error) {
		child, err := syscall.ForkExec(program, []string{name}, attributes)
		*pid = child
		if err == nil {
			_ = os.WriteFile("/proc/"+strconv.Itoa(child)+"/oom_score_adj", a.oomScore, 0)
		}
		return child, err
	}, onExit)
	return err
}

// loginName is how a shell learns that it is a login shell (login(1)).
func loginName(program string) string { return "-" + path.Base(program) }

// shellOf is the user's shell by /etc/passwd, as login(1) takes it; accounts that may not log in and images without the file get the default.
func shellOf(user account) string {
	text, _ := os.ReadFile("/etc/passwd")
	for line := range strings.SplitSeq(string(text), "\n") {
		fields := strings.Split(line, ":")
		if len(fields) < 7 || fields[0] != user.name || !path.IsAbs(fields[6]) {
			continue
		}
		name := path.Base(fields[6])
		info, err := os.Stat(fields[6])
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && name != "nologin" && name != "false" {
			return fields[6]
		}
	}
	return loginShell()
}

// signalSession signals every process of the session and says how many there were. Jobs of a shell have groups of their own, so the
// kernel knows no one call for it. The number of a session is given to nobody else as long as it has members.
func (t *terminal) signalSession(sig syscall.Signal) (count int) {
	if t.pid <= 0 {
		return 0
	}
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || sessionOf("/proc/"+entry.Name()) != t.pid {
			continue
		}
		if syscall.Kill(pid, sig) == nil {
			count++
		}
	}
	return count
}

package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A process may leave its group and its session (setsid) and lose its parent, but not its supplementary groups: without CAP_SETGID, which no
// command of the user sandbox has, nothing can drop one. So each command gets a group of its own, as batch systems give their jobs, and all
// that descends from it is found by it. Where the agent cannot set groups, and for root, who can drop them, descent and session count.
const (
	firstMark = 40_000 // above what packages and people use; below 65 536, the ids that are mapped
	lastMark  = 64_999
)

// marks gives each command a group that nothing alive has.
type marks struct {
	mu   sync.Mutex
	last uint32
	used map[uint32]bool // by what is left of the previous round
}

func (m *marks) next() uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		m.last++
		if m.last < firstMark || m.last > lastMark {
			m.used, m.last = map[uint32]bool{}, firstMark
			for _, one := range everyProcess() {
				for _, group := range one.groups {
					m.used[group] = true
				}
			}
		}
		if !m.used[m.last] {
			return m.last
		}
	}
}

// running is a process of the sandbox as /proc shows it.
type running struct {
	pid, parent, session int
	groups               []uint32
}

// everyProcess lists all but the agent itself, and those that have ended and only wait to be reaped.
func everyProcess() (list []running) {
	folder, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer folder.Close()
	names, _ := folder.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == os.Getpid() {
			continue
		}
		if one, ok := lookAt(pid); ok {
			list = append(list, one)
		}
	}
	return list
}

func lookAt(pid int) (one running, ok bool) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return one, false
	}
	one.pid = pid
	for line := range bytes.Lines(status) {
		key, value, _ := strings.Cut(strings.TrimSpace(string(line)), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "State":
			if strings.HasPrefix(value, "Z") || strings.HasPrefix(value, "X") {
				return one, false
			}
		case "PPid":
			one.parent, _ = strconv.Atoi(value)
		case "Groups":
			for group := range strings.FieldsSeq(value) {
				n, _ := strconv.ParseUint(group, 10, 32)
				one.groups = append(one.groups, uint32(n))
			}
		case "NSsid":
			fields := strings.Fields(value)
			one.session, _ = strconv.Atoi(fields[len(fields)-1])
		}
	}
	return one, true
}

// family is the leader, while it runs, and all that descends from it.
func (p *process) family() (pids []int) {
	leader := p.leader()
	if leader == 0 && p.mark == 0 {
		return nil
	}
	all := everyProcess()
	in := map[int]bool{}
	if leader != 0 {
		in[leader] = true
	}
	for grew := true; grew; {
		grew = false
		for _, one := range all {
			if !in[one.pid] && (in[one.parent] || in[one.session] || p.marks(one)) {
				in[one.pid], grew = true, true
			}
		}
	}
	for _, one := range all {
		if in[one.pid] {
			pids = append(pids, one.pid)
		}
	}
	return pids
}

func (p *process) marks(one running) bool {
	if p.mark == 0 {
		return false
	}
	for _, group := range one.groups {
		if group == p.mark {
			return true
		}
	}
	return false
}

// signalFamily signals them all, the leader's group at once, and nobody twice: many apps take a second TERM as "at once". It says how many there were.
func (p *process) signalFamily(signals ...syscall.Signal) int {
	leader, pids := p.leader(), p.family()
	var others []int
	for _, pid := range pids {
		if group, err := syscall.Getpgid(pid); err != nil || group != leader {
			others = append(others, pid)
		}
	}
	for _, sig := range signals {
		if p.signal(sig) != nil { // the leader has ended, and its group may live on
			others = pids
		}
		for _, pid := range others {
			_ = syscall.Kill(pid, sig)
		}
	}
	return len(pids)
}

// killFamily kills until nothing is left: what forks while it is looked for is met in the next round.
func (p *process) killFamily() {
	const rounds = 200
	for range rounds {
		if p.signalFamily(syscall.SIGKILL) == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

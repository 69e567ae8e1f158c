package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// startRequest describes one boot of a sandbox. All paths come from the runner, none from a sandbox.
type startRequest struct {
	ID    string `json:"id"`
	Slot  int    `json:"slot"`
	Stage string `json:"stage"` // an empty directory; everything mounted there is seen by this start alone
	// CgroupTasks are cgroup v1 `tasks` files; CgroupDir is one cgroup v2 directory. One of the two.
	CgroupTasks []string `json:"cgroupTasks"`
	CgroupDir   string   `json:"cgroupDir"`
	HideCgroup2 bool     `json:"hideCgroup2"` // crun 1.8 refuses hybrid hierarchies; the v2 part is taken out of its sight
	// HideDirs are taken out of the runtime's sight, and out of nobody else's.
	HideDirs []string `json:"hideDirs"`
	Lower    string   `json:"lower"`
	Upper    string   `json:"upper"`
	Work     string   `json:"work"`
	IDBase   int      `json:"idBase"`
	Agent    string   `json:"agent"`
	Etc      map[string]string
	Runtime  string `json:"runtime"`
	// RuntimeFlags come before those that all runtimes have.
	RuntimeFlags []string `json:"runtimeFlags"`
	// Relayed: connections reach the agent over a channel at its standard input, not by a listening socket as descriptor 3.
	Relayed   bool            `json:"relayed"`
	Spec      json.RawMessage `json:"spec"`
	Socket    string          `json:"socket"`
	SocketGid int             `json:"socketGid"`
	Env       json.RawMessage `json:"env"` // body of PUT /env
	TimeoutMs int             `json:"timeoutMs"`
	// Waiting: booted ahead, for whom is not known yet; claim makes it somebody's. Until then its Address reaches nobody.
	Waiting bool       `json:"waiting"`
	Address netip.Addr `json:"address"`
}

type startResult struct {
	Pid       int   `json:"pid"`
	StartTime int64 `json:"startTime"`
	// Where the time went, microseconds.
	MountUs int64 `json:"mountUs"`
	SpawnUs int64 `json:"spawnUs"`
	RunUs   int64 `json:"runUs"`
	ReadyUs int64 `json:"readyUs"`
}

// start boots a sandbox and returns when its agent has answered.
func start(r startRequest) (startResult, error) {
	began := time.Now()
	slot, err := slotOf(r.Slot)
	if err != nil {
		return startResult{}, err
	}
	listener, err := bindAgentSocket(r.Socket, r.SocketGid)
	if err != nil {
		return startResult{}, err
	}
	defer listener.Close()
	type outcome struct {
		result startResult
		err    error
	}
	thread := make(chan int, 1)
	done := make(chan outcome, 1)
	go func() {
		// Never unlocked: the thread has changed namespaces and cgroups and dies with this goroutine, and its mounts with it.
		runtime.LockOSThread()
		thread <- unix.Gettid()
		result, err := runContainer(r, slot, listener, began)
		done <- outcome{result, err}
	}()
	ran := <-done
	// While the thread is in the sandbox's cgroups, to end all that is in them would be to end this process.
	defer awaitThreadEnd(<-thread)
	if ran.err != nil {
		return startResult{}, ran.err
	}
	ready := time.Now()
	if err := waitReady(r.Socket, r.Env, r.TimeoutMs, ran.result); err != nil {
		return startResult{}, err
	}
	ran.result.ReadyUs = time.Since(ready).Microseconds()
	return ran.result, nil
}

func awaitThreadEnd(thread int) {
	for range 1000 {
		if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread)); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// bindAgentSocket listens before the container exists: the path is made by us in a directory that no sandbox sees, so it can be
// neither raced nor replaced, and a connection made early simply waits in the backlog.
func bindAgentSocket(path string, gid int) (*os.File, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	defer listener.Close()
	if err := errors.Join(os.Chown(path, 0, gid), os.Chmod(path, 0o660)); err != nil {
		return nil, err
	}
	return listener.File()
}

func runContainer(r startRequest, slot *slot, listener *os.File, began time.Time) (startResult, error) {
	root, err := stage(r, slot)
	if err != nil {
		return startResult{}, err
	}
	if err := unix.Setns(slot.network, unix.CLONE_NEWNET); err != nil {
		return startResult{}, fmt.Errorf("network namespace: %w", err)
	}
	if r.Waiting {
		if err := disconnectInside(r.Address); err != nil {
			return startResult{}, fmt.Errorf("address taken off: %w", err)
		}
	}
	if err := hideDirs(r.HideDirs, filepath.Join(root, "proc")); err != nil {
		return startResult{}, err
	}
	for _, tasks := range r.CgroupTasks {
		// "0" is the writing thread; the child inherits its cgroups.
		if err := os.WriteFile(tasks, []byte("0"), 0); err != nil {
			return startResult{}, err
		}
	}
	mounted := time.Now()
	pidFile, log := filepath.Join(r.Stage, "pid"), filepath.Join(r.Stage, "log")
	arguments := append(r.RuntimeFlags, "--root", filepath.Join(r.Stage, "state"), "--log", log, "run", "--detach", "--pid-file", pidFile, "--bundle", root)
	command := exec.Command(r.Runtime)
	if r.Relayed {
		inside, err := startRelay(listener)
		if err != nil {
			return startResult{}, err
		}
		defer inside.Close()
		command.Stdin = inside
	} else {
		arguments = append(arguments, "--preserve-fds=1")
		command.ExtraFiles = []*os.File{listener}
	}
	command.Args = append(append(command.Args, arguments...), r.ID)
	command.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LISTEN_FDS=1"}
	command.SysProcAttr = &syscall.SysProcAttr{}
	if r.CgroupDir != "" {
		dir, err := os.Open(r.CgroupDir)
		if err != nil {
			return startResult{}, err
		}
		defer dir.Close()
		command.SysProcAttr.UseCgroupFD, command.SysProcAttr.CgroupFD = true, int(dir.Fd())
	}
	if err := command.Start(); err != nil {
		return startResult{}, err
	}
	spawned := time.Now()
	hang := time.AfterFunc(time.Duration(r.TimeoutMs)*time.Millisecond, func() { _ = command.Process.Kill() })
	waitErr := command.Wait()
	hang.Stop()
	if waitErr != nil {
		text, _ := os.ReadFile(log)
		return startResult{}, fmt.Errorf("%s: %w: %s", r.Runtime, waitErr, bytes.TrimSpace(text))
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return startResult{}, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return startResult{}, err
	}
	startTime, err := startTimeOf(pid)
	if err != nil {
		return startResult{}, fmt.Errorf("the sandbox ended at once: %w", err)
	}
	return startResult{Pid: pid, StartTime: startTime, MountUs: mounted.Sub(began).Microseconds(),
		SpawnUs: spawned.Sub(mounted).Microseconds(), RunUs: time.Since(spawned).Microseconds()}, nil
}

// waitReady sends the base environment, which doubles as the readiness check: the agent answers only once it serves.
func waitReady(socket string, env json.RawMessage, timeoutMs int, ran startResult) error {
	deadline := time.Now().Add(time.Duration(timeoutMs) * time.Millisecond)
	connection, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := fmt.Fprintf(connection, "PUT /env HTTP/1.1\r\nHost: agent\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(env), env); err != nil {
		return err
	}
	// What answers is not trusted: a head of 16 KiB is plenty.
	reader := bufio.NewReader(io.LimitReader(connection, 16<<10))
	for {
		// Short reads: an init that dies before it accepts leaves the connection in the backlog for as long as we hold the listener.
		_ = connection.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		response, err := http.ReadResponse(reader, nil)
		if err == nil {
			response.Body.Close()
			if response.StatusCode/100 != 2 {
				return fmt.Errorf("the agent answered %s to PUT /env", response.Status)
			}
			return nil
		}
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			return fmt.Errorf("the agent hung up: %w", err)
		}
		if now, err := startTimeOf(ran.Pid); err != nil || now != ran.StartTime {
			return errors.New("the agent ended before it answered")
		}
		if time.Now().After(deadline) {
			return errors.New("the agent did not answer in time")
		}
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// post sends to an agent that runs as a program of its own.
func post(c *http.Client, path, body string) (result execResult, err error) {
	response, err := c.Post("http://agent"+path, "application/json", strings.NewReader(body))
	if err != nil {
		return result, err
	}
	defer response.Body.Close()
	return result, json.NewDecoder(response.Body).Decode(&result)
}

func TestAsPid1ItReapsOrphansAndEndsOnTerm(t *testing.T) {
	needRoot(t)
	socket := base + "/pid1.sock"
	self, err := os.Executable()
	must(err)
	view := start(t, object{"command": []string{"unshare", "--pid", "--fork", "--mount-proc", "--kill-child", self}, "user": "root", "env": object{asAgent: socket}})
	c := clientOf(socket)
	defer c.CloseIdleConnections()
	up := false
	for range 200 {
		if _, err := os.Stat(socket); err == nil {
			up = true
			break
		}
		if lookUp(t, view.ID).State == "exited" {
			t.Skip("no pid namespaces here: ", string(send(t, "GET", "/processes/"+view.ID+"/logs", nil).body))
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !up {
		t.Fatal("the agent did not come up")
	}
	got, err := post(c, "/exec", `{"command":"for i in 1 2 3 4 5; do (sleep 0.1 & ) ; done; exit 6","user":"root"}`)
	must(err)
	expect(t, "code", got.ExitCode, 6)
	eventually(t, "orphans are reaped", func() bool {
		got, err := post(c, "/exec", `{"command":["/bin/sh","-c","grep -l '^State:.Z' /proc/[0-9]*/status; ls -d /proc/[0-9]* | wc -l"],"user":"root"}`)
		return err == nil && strings.TrimSpace(got.Stdout) == "4" // agent, sh, ls, wc
	})
	_, err = post(c, "/exec", `{"command":"setsid sleep 1000 > /dev/null 2>&1 &","user":"root"}`)
	must(err)
	send(t, "POST", "/processes/"+view.ID+"/signal", object{"signal": "TERM"})
	eventually(t, "the agent has ended", func() bool { return lookUp(t, view.ID).State == "exited" })
}

func TestServesTheSocketPassedAsDescriptor3(t *testing.T) {
	path := base + "/passed.sock"
	listener, err := net.Listen("unix", path)
	must(err)
	defer listener.Close()
	file, err := listener.(*net.UnixListener).File()
	must(err)
	defer file.Close()
	self, err := os.Executable()
	must(err)
	leaked, err := os.Open("/")
	must(err)
	defer leaked.Close()
	exited := make(chan syscall.WaitStatus, 1)
	null := devNull()
	pid, err := subject.processes.reaper.start(func() (int, error) {
		return syscall.ForkExec(self, []string{"agent"}, &syscall.ProcAttr{Env: []string{asAgent + "="}, Files: []uintptr{null, null, null, file.Fd(), leaked.Fd()}})
	}, func(status syscall.WaitStatus) { exited <- status })
	must(err)
	c := clientOf(path)
	defer c.CloseIdleConnections()
	got, err := post(c, "/exec", `{"command":["/bin/sh","-c","ls -l /proc/self/fd; exit 3"]}`)
	must(err)
	expect(t, "code", got.ExitCode, 3)
	if strings.Contains(got.Stdout, "socket:") {
		t.Error("a command inherited the agent's socket:\n" + got.Stdout)
	}
	fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	for _, fd := range fds {
		if link, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, fd.Name())); link == "/" {
			t.Error("the agent kept a folder of the host open")
		}
	}
	_, err = post(c, "/processes", `{"command":"sleep 1000"}`)
	must(err)
	must(syscall.Kill(pid, syscall.SIGTERM))
	select {
	case status := <-exited:
		expect(t, "exit", fmt.Sprint(status.Exited(), status.ExitStatus()), "true 0")
	case <-time.After(10 * time.Second):
		t.Fatal("TERM did not end the agent")
	}
}

// enterPidsGroup makes a cgroup that allows limit processes; the cleanup ends all in it.
func enterPidsGroup(t *testing.T, limit int) (procs string) {
	t.Helper()
	group := fmt.Sprintf("/sys/fs/cgroup/pids/agent-test-%d", os.Getpid())
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skip("no pids cgroup (v1) can be made here:", err)
	}
	t.Cleanup(func() {
		eventually(t, "the cgroup is empty", func() bool {
			left, _ := os.ReadFile(group + "/cgroup.procs")
			for pid := range strings.FieldsSeq(string(left)) {
				if n, err := strconv.Atoi(pid); err == nil {
					_ = syscall.Kill(n, syscall.SIGKILL)
				}
			}
			return os.Remove(group) == nil
		})
	})
	must(os.WriteFile(group+"/pids.max", []byte(fmt.Sprint(limit)), 0o644))
	return group + "/cgroup.procs"
}

func TestSurvivesUsedUpProcessLimitUnderLoad(t *testing.T) {
	needRoot(t)
	procs := enterPidsGroup(t, 64)
	socket, dir := base+"/limited.sock", folder(t)
	must(os.WriteFile(dir+"/big", make([]byte, 8<<20), 0o644))
	self, err := os.Executable()
	must(err)
	view := start(t, object{"command": []string{"/bin/sh", "-c", "echo $$ > " + procs + "; exec " + self}, "user": "root", "env": object{asAgent: socket}})
	c := clientOf(socket)
	defer c.CloseIdleConnections()
	eventually(t, "it listens", func() bool { _, err := os.Stat(socket); return err == nil })
	_, err = post(c, "/processes", `{"command":["/bin/sh","-c","for i in 1 2 3 4; do (while :; do sleep 1000 & done) 2>/dev/null; done; exec sleep 1000"]}`)
	must(err)
	eventually(t, "the limit is reached", func() bool {
		result, err := c.Post("http://agent/exec", "application/json", strings.NewReader(`{"command":"sleep 0 & sleep 0 & sleep 0 & wait"}`))
		if err != nil {
			return false
		}
		defer result.Body.Close()
		text, _ := io.ReadAll(result.Body)
		return result.StatusCode == 503 || strings.Contains(string(text), "fork")
	})
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			if response, err := c.Get("http://agent" + content(dir+"/big")); err == nil {
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
			request, _ := http.NewRequest("PUT", "http://agent"+content(fmt.Sprintf("%s/up%d", dir, i)), bytes.NewReader(make([]byte, 2<<20)))
			if response, err := c.Do(request); err == nil {
				response.Body.Close()
			}
			_, _ = post(c, "/exec", `{"command":["/bin/true"]}`)
		})
	}
	group.Wait()
	response, err := c.Get("http://agent/health")
	if err != nil {
		t.Fatal("the agent did not survive: ", err, string(send(t, "GET", "/processes/"+view.ID+"/logs", nil).body[:500]))
	}
	response.Body.Close()
	must(syscall.Kill(view.Pid, syscall.SIGTERM))
	eventually(t, "it ends with all of them", func() bool { return lookUp(t, view.ID).State == "exited" })
}

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
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
	exited := make(chan syscall.WaitStatus, 1)
	null := devNull()
	pid, err := subject.processes.reaper.start(func() (int, error) {
		return syscall.ForkExec(self, []string{"agent"}, &syscall.ProcAttr{Env: []string{asAgent + "="}, Files: []uintptr{null, null, null, file.Fd()}})
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
	view, err := post(c, "/processes", `{"command":"sleep 1000"}`)
	must(err)
	_ = view
	must(syscall.Kill(pid, syscall.SIGTERM))
	select {
	case status := <-exited:
		expect(t, "exit", fmt.Sprint(status.Exited(), status.ExitStatus()), "true 0")
	case <-time.After(10 * time.Second):
		t.Fatal("TERM did not end the agent")
	}
}

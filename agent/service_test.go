package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

func TestDeleteEndsAllDescendantsOfAProcess(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	// In another session, with an empty environment, orphaned twice, deaf to TERM.
	script := `setsid sh -c 'trap "" TERM; echo $$ > deaf; while :; do sleep 0.1; done' &
setsid env -i sh -c '(/bin/sleep 987 & echo $! > orphan) &' &
sleep 988`
	view := start(t, object{"command": script, "cwd": dir})
	for _, name := range []string{"deaf", "orphan"} {
		eventually(t, name+" runs", func() bool { text, _ := os.ReadFile(dir + "/" + name); return len(text) > 1 })
	}
	eventually(t, "the orphan is one", func() bool { return strings.Contains(parentsOf(t, dir+"/orphan"), fmt.Sprint("PPid:\t", os.Getpid())) })
	expect(t, "delete", send(t, "DELETE", "/processes/"+view.ID, nil).status, 200)
	for _, name := range []string{"deaf", "orphan"} {
		expect(t, name, parentsOf(t, dir+"/"+name), "")
	}
	expectFault(t, send(t, "GET", "/processes/"+view.ID, nil), "NOT_FOUND")
}

func TestStopLetsAServiceAndItsChildrenEndAndKeepsWhatTheySaid(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	// The shell ends at once on TERM; its child needs a moment, and says so.
	script := `sh -c 'trap "sleep 0.3; echo flushed; exit 0" TERM; echo up; while :; do sleep 0.05; done' & echo $! > child; wait`
	view := start(t, object{"command": script, "cwd": dir, "restart": "always"})
	eventually(t, "the child is up", func() bool {
		return strings.Contains(string(send(t, "GET", "/processes/"+view.ID+"/logs", nil).body), "up")
	})
	expect(t, "stop", send(t, "POST", "/processes/"+view.ID+"/stop?graceMs=10000", nil).status, 200)
	expect(t, "child", parentsOf(t, dir+"/child"), "")
	got := string(send(t, "GET", "/processes/"+view.ID+"/logs", nil).body)
	if !strings.Contains(got, "flushed") {
		t.Error("the last words are lost: ", got)
	}
	var now processView
	must(json.Unmarshal(send(t, "GET", "/processes/"+view.ID, nil).body, &now))
	expect(t, "state", now.State, "exited")
}

func TestStopKillsWhatIsDeafWhenTheGraceIsOver(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	view := start(t, object{"command": `trap "" TERM; echo $$ > deaf; while :; do sleep 0.05; done`, "cwd": dir, "restart": "always"})
	eventually(t, "it runs", func() bool { text, _ := os.ReadFile(dir + "/deaf"); return len(text) > 1 })
	expect(t, "stop", send(t, "POST", "/processes/"+view.ID+"/stop?graceMs=200", nil).status, 200)
	expect(t, "deaf", parentsOf(t, dir+"/deaf"), "")
	expectFault(t, send(t, "POST", "/processes/"+view.ID+"/stop?graceMs=-1", nil), "VALIDATION_ERROR")
}

// parentsOf is the status of the process whose pid is in the file; "" when it is gone.
func parentsOf(t *testing.T, file string) string {
	t.Helper()
	pid, err := os.ReadFile(file)
	must(err)
	status, _ := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/status")
	if strings.Contains(string(status), "State:\tZ") {
		return ""
	}
	return string(status)
}

func TestATimeOutEndsAllDescendantsToo(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	got := execute(t, object{"command": "setsid sleep 986 & echo $! > child; sleep 985", "cwd": dir, "timeoutMs": 300})
	expect(t, "timed out", got.TimedOut, true)
	eventually(t, "the child is gone", func() bool { return parentsOf(t, dir+"/child") == "" })
}

func TestABackgroundChildOfAnEndedExecLivesOn(t *testing.T) {
	dir := folder(t)
	got := execute(t, object{"command": "sleep 984 > /dev/null 2>&1 & echo $! > child", "cwd": dir})
	expect(t, "code", got.ExitCode, 0)
	if parentsOf(t, dir+"/child") == "" {
		t.Error("it was ended")
	}
	execute(t, object{"command": "kill $(cat child)", "cwd": dir})
}

func TestAServiceIsStartedAgainWithBackOffUnderItsIdAndItsOutputGoesOn(t *testing.T) {
	dir := folder(t)
	view := start(t, object{"command": "n=$(wc -c < runs); printf x >> runs; echo run $n; [ $n -ge 2 ] && exec sleep 983; exit 3", "cwd": dir, "restart": "on_failure"})
	must(os.WriteFile(dir+"/runs", nil, 0o666))
	must(os.Chmod(dir+"/runs", 0o666))
	stream := openStream(t, "GET", "/processes/"+view.ID+"/stream", "")
	var runs []string
	starts := 0
	for len(runs) < 3 {
		switch e := stream.next(t); e.Type {
		case "started":
			starts++
		case "stdout":
			runs = append(runs, strings.Fields(e.Data)...)
		case "exit":
			t.Fatal("the stream ended with a run that was not the last")
		}
		if len(runs) > 0 && runs[len(runs)-1] == "2" {
			break
		}
	}
	eventually(t, "the third run is on", func() bool { v := lookUp(t, view.ID); return v.State == "running" && v.Restarts == 2 })
	if starts < 2 {
		t.Error("the stream did not tell of the new runs: ", starts)
	}
	expect(t, "policy", lookUp(t, view.ID).Restart, "on_failure")
	send(t, "POST", "/processes/"+view.ID+"/signal", object{"signal": "TERM"})
	eventually(t, "a process that was asked to end has not failed", func() bool { v := lookUp(t, view.ID); return v.State == "exited" && v.StateReason == nil })
}

func TestRestartPolicies(t *testing.T) {
	for policy, want := range map[string][2]string{"never": {"final", "final"}, "on_failure": {"final", "restarting"}, "always": {"restarting", "restarting"}} {
		for code, end := range want {
			view := start(t, object{"command": fmt.Sprintf("exit %d", code), "restart": policy})
			eventually(t, fmt.Sprint(policy, code, end), func() bool {
				v := lookUp(t, view.ID)
				return v.State == "exited" && (v.StateReason != nil) == (end == "restarting") && *v.ExitCode == code
			})
			expect(t, "delete", send(t, "DELETE", "/processes/"+view.ID, nil).status, 200)
		}
	}
	expectFault(t, send(t, "POST", "/processes", object{"command": "true", "restart": "sometimes"}), "VALIDATION_ERROR")
}

func TestAProbeSaysWhenAServiceTakesWork(t *testing.T) {
	dir := folder(t)
	ready := func(id, wait string) (v readinessView) {
		must(json.Unmarshal(send(t, "GET", "/processes/"+id+"/readiness?waitMs="+wait, nil).body, &v))
		return v
	}
	view := start(t, object{"command": "sleep 0.3; touch up; sleep 982", "cwd": dir, "readinessProbe": object{"type": "command", "command": "test -e up"}})
	expect(t, "at once", ready(view.ID, "0").Ready, false)
	expect(t, "later", ready(view.ID, "5000").Ready, true)
	view = start(t, object{"command": "sleep 981", "readinessProbe": object{"type": "tcp", "port": 1, "timeoutSec": 1}})
	got := ready(view.ID, "5000")
	expect(t, "never", fmt.Sprint(got.Ready, got.Over)+got.Message, "false truenothing listens on port 1")
	listener := http.Server{Addr: "127.0.0.1:38291", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			w.WriteHeader(500)
		}
	})}
	go listener.ListenAndServe()
	defer listener.Close()
	view = start(t, object{"command": "sleep 980", "readinessProbe": object{"type": "http", "port": 38291, "path": "/healthz"}})
	expect(t, "http", ready(view.ID, "5000").Ready, true)
	expectFault(t, send(t, "POST", "/processes", object{"command": "true", "readinessProbe": object{"type": "http"}}), "VALIDATION_ERROR")
}

// machine is an agent as PID 1 of a pid namespace of its own, which can be stopped and started again with its files.
type machine struct {
	t             *testing.T
	socket, state string
	view          processView
	client        *http.Client
}

func (m *machine) start() {
	m.t.Helper()
	_ = os.Remove(m.socket)
	self, err := os.Executable()
	must(err)
	m.view = start(m.t, object{"command": []string{"unshare", "--pid", "--fork", "--mount-proc", "--kill-child", self}, "user": "root",
		"env": object{asAgent: m.socket, asAgent + "_STATE": m.state}})
	m.client = clientOf(m.socket)
	eventually(m.t, "the agent listens", func() bool { _, err := os.Stat(m.socket); return err == nil })
}

// kill ends the machine as the host does: without a warning.
func (m *machine) kill() {
	m.client.CloseIdleConnections()
	send(m.t, "POST", "/processes/"+m.view.ID+"/signal", object{"signal": "KILL"})
	eventually(m.t, "it is dead", func() bool { return lookUp(m.t, m.view.ID).State == "exited" })
}

func (m *machine) call(method, path, body string, into any) {
	m.t.Helper()
	request, _ := http.NewRequest(method, "http://agent"+path, strings.NewReader(body))
	response, err := m.client.Do(request)
	if err != nil {
		m.t.Fatal(err)
	}
	defer response.Body.Close()
	must(json.NewDecoder(response.Body).Decode(into))
}

func TestProcessesOutliveTheMachineAsRecordsAndServicesRunAgainAtItsNextBoot(t *testing.T) {
	needRoot(t)
	m := &machine{t: t, socket: base + "/machine.sock", state: base + "/machine-state"}
	m.start()
	var ended, lost, web, list struct {
		processView
		Processes      []processView
		Stdout, Stderr string
	}
	m.call("POST", "/processes", `{"command":"echo out; echo err >&2; exit 5"}`, &ended)
	m.call("POST", "/processes", `{"command":"seq 300000; sleep 979"}`, &lost)
	m.call("POST", "/processes", `{"command":"echo web $RUN; sleep 978","name":"web","autostart":true,"restart":"always"}`, &web)
	m.call("POST", "/processes/boot", `{"start":{"command":"echo started; sleep 977","autostart":true,"restart":"on_failure"}}`, &list)
	m.call("POST", "/processes/boot", `{"start":{"command":"echo started; sleep 977","autostart":true,"restart":"on_failure"}}`, &list)
	expect(t, "processes, with one start however often it is asked for", len(list.Processes), 4)
	eventually(t, "the flood is written", func() bool { m.call("GET", "/processes/"+lost.ID, "", &lost); return lost.LogBytes == 1988895 })
	time.Sleep(3 * recordDelay)
	m.kill()

	m.start()
	defer m.kill()
	m.call("GET", "/processes/"+ended.ID, "", &ended)
	expect(t, "ended", fmt.Sprint(*ended.ExitCode, ended.StateReason == nil)+ended.State, "5 trueexited")
	m.call("GET", "/processes/"+ended.ID+"/logs", "", &ended)
	expect(t, "its output", ended.Stdout+ended.Stderr, "out\nerr\n")
	m.call("GET", "/processes/"+lost.ID, "", &lost)
	expect(t, "lost", fmt.Sprint(lost.ExitCode == nil, lost.LogBytes, lost.LogTruncated)+lost.State+*lost.StateReason, "true 1988895 trueexitedmachine_stopped")
	m.call("GET", "/processes/"+lost.ID+"/logs?tail=2", "", &lost)
	expect(t, "its last output", lost.Stdout, "299999\n300000\n")
	var answer struct{}
	m.call("PUT", "/env", `{"vars":{"RUN":"again"}}`, &answer)
	m.call("GET", "/processes/"+web.ID, "", &web)
	expect(t, "nothing runs before it is told to", web.State, "exited")
	m.call("POST", "/processes/boot", `{"start":{"command":"echo started; sleep 977"}}`, &list)
	expect(t, "processes", len(list.Processes), 4)
	eventually(t, "the service runs under its id, its output goes on", func() bool {
		m.call("GET", "/processes/"+web.ID, "", &web)
		m.call("GET", "/processes/"+web.ID+"/logs", "", &web)
		return web.State == "running" && web.Stdout == "web\nweb again\n"
	})
	m.call("DELETE", "/processes/"+web.ID, "", &answer)
	left, _ := os.ReadDir(m.state)
	for _, entry := range left {
		if strings.HasPrefix(entry.Name(), web.ID) {
			t.Error("left of what was deleted: ", entry.Name())
		}
	}
}

func TestTheOutputOfManyFinishedProcessesIsStillThere(t *testing.T) {
	var views []processView
	for i := range 6 {
		views = append(views, start(t, object{"command": fmt.Sprintf("head -c 900000 /dev/zero | tr '\\0' %d; echo; echo end %d", i, i)}))
	}
	for i, view := range views {
		eventually(t, "it has ended", func() bool { return lookUp(t, view.ID).State == "exited" })
		var logs struct{ Stdout string }
		must(json.Unmarshal(send(t, "GET", "/processes/"+view.ID+"/logs?tail=1", nil).body, &logs))
		expect(t, "output", logs.Stdout, fmt.Sprintf("end %d\n", i))
	}
	for i, view := range views {
		stream := openStream(t, "GET", fmt.Sprintf("/processes/%s/stream?offset=%d", view.ID, 900001), "")
		expect(t, "started", stream.next(t).Type, "started")
		expect(t, "from the offset", stream.next(t).Data, fmt.Sprintf("end %d\n", i))
		expect(t, "exit", stream.next(t).Type, "exit")
	}
}

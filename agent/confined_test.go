package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"
)

// outsideWorkspace is a folder beside the workspace in which the user sandbox may do everything: only the confinement protects it.
func outsideWorkspace(t *testing.T) string {
	t.Helper()
	name, err := os.MkdirTemp(base, "outside-")
	must(err)
	t.Cleanup(func() { _ = os.RemoveAll(name) })
	must(os.MkdirAll(name+"/sub", 0o755))
	must(os.WriteFile(name+"/secret", []byte("secret text"), 0o644))
	must(os.WriteFile(name+"/only-outside", []byte("secret text"), 0o644))
	must(os.WriteFile(name+"/sub/deep", []byte("secret text"), 0o644))
	must(filepath.Walk(name, func(inside string, _ fs.FileInfo, err error) error { must(err); return os.Lchown(inside, 1000, 1000) }))
	must(os.Chmod(name, 0o755))
	return name
}

// stateOf lists a tree with modes and contents.
func stateOf(name string) (state string) {
	_ = filepath.Walk(name, func(inside string, info fs.FileInfo, err error) error {
		if err != nil {
			state += fmt.Sprintln(inside, err)
			return nil
		}
		var text []byte
		if info.Mode().IsRegular() {
			text, _ = os.ReadFile(inside)
		}
		state += fmt.Sprintln(inside, info.Mode(), info.ModTime().UnixNano(), string(text))
		return nil
	})
	return state
}

type fileCall struct {
	method, target string
	body           any
}

// callsThrough are all file requests that go through the folder name or end at it.
func callsThrough(t *testing.T, dir, name string) []fileCall {
	q := func(inside string) string { return "?path=" + url.QueryEscape(name+inside) }
	archive := archiveOf(t, member{name: "sub/planted", body: "x"})
	return []fileCall{
		{"GET", "/files" + q(""), nil},
		{"GET", "/files" + q("/sub"), nil},
		{"GET", "/files/stat" + q("/secret"), nil},
		{"GET", "/files/content" + q("/secret"), nil},
		{"PUT", "/files/content" + q("/secret"), "overwritten"},
		{"PUT", "/files/content" + q("/planted/deep"), "x"},
		{"DELETE", "/files/content" + q("/secret"), nil},
		{"DELETE", "/files/content" + q("/sub") + "&recursive=true", nil},
		{"POST", "/files/mkdir", object{"path": name + "/planted"}},
		{"POST", "/files/mkdir", object{"path": name + "/planted", "recursive": false}},
		{"POST", "/files/chmod", object{"path": name + "/secret", "mode": "0600"}},
		{"POST", "/files/chmod", object{"path": name, "mode": "0700", "recursive": true}},
		{"POST", "/files/rename", object{"from": name + "/secret", "to": dir + "/taken"}},
		{"POST", "/files/rename", object{"from": dir + "/mine", "to": name + "/planted"}},
		{"POST", "/files/copy", object{"from": name + "/sub", "to": dir + "/taken"}},
		{"POST", "/files/copy", object{"from": dir + "/mine", "to": name + "/planted"}},
		{"GET", "/files/archive" + q(""), nil},
		{"PUT", "/files/archive" + q(""), archive},
	}
}

func expectOutside(t *testing.T, what string, got answer) {
	t.Helper()
	var f struct {
		Code    string
		Details struct{ Reason string }
	}
	_ = json.Unmarshal(got.body, &f)
	if got.status != 403 || f.Code != "FORBIDDEN" || f.Details.Reason != "outside_workspace" {
		t.Errorf("%s: got %d %s, want 403 outside_workspace", what, got.status, got.body)
	}
}

func TestConfinedRequestsFollowNoLinkOutOfTheWorkspace(t *testing.T) {
	dir, outside := folder(t), outsideWorkspace(t)
	must(os.WriteFile(dir+"/mine", []byte("mine"), 0o666))
	must(os.MkdirAll(dir+"/a/b", 0o777))
	upTwo := "../../" + filepath.Base(outside)
	links := map[string]string{"/relative": upTwo, "/absolute": outside, "/a/b/nested": "../../" + upTwo, "/twice": "relative", "/dots": "a/b/../../" + upTwo}
	for link, target := range links {
		must(os.Symlink(target, dir+link))
	}
	before := stateOf(outside)
	for link := range links {
		for _, call := range callsThrough(t, dir, dir+link) {
			expectOutside(t, fmt.Sprint(link, " ", call), send(t, call.method, "/confined"+call.target, call.body))
		}
	}
	// A link at the very end, to a file and to one that is not there yet.
	must(os.Symlink(upTwo+"/secret", dir+"/end"))
	must(os.Symlink(upTwo+"/planted", dir+"/dangling"))
	for _, name := range []string{dir + "/end", dir + "/dangling"} {
		for _, call := range []fileCall{{"GET", content(name), nil}, {"PUT", content(name), "x"}, {"POST", "/files/chmod", object{"path": name, "mode": "0600"}},
			{"POST", "/files/mkdir", object{"path": name}}, {"GET", "/files/archive?path=" + name, nil}} {
			expectOutside(t, fmt.Sprint(name, " ", call), send(t, call.method, "/confined"+call.target, call.body))
		}
	}
	many := send(t, "POST", "/confined/files/write-many", object{"files": []object{{"path": dir + "/relative/planted", "content": "x"}, {"path": dir + "/fine", "content": "x"}}})
	if text := string(many.body); !strings.Contains(text, `"code":"FORBIDDEN"`) || !strings.Contains(text, `"sizeBytes":1`) {
		t.Errorf("write-many: %s", text)
	}
	expect(t, "the folder outside", stateOf(outside), before)
	// The same links lead out for those who are not confined: the test tests something.
	expect(t, "not confined", string(send(t, "GET", content(dir+"/relative/secret"), nil).body), "secret text")
	noLeftovers(t, dir)
}

func TestConfinedRequestsRefuseNamesOutsideTheWorkspace(t *testing.T) {
	outside := outsideWorkspace(t)
	before := stateOf(outside)
	for _, name := range []string{outside, base + "/workspace/../" + filepath.Base(outside), "../" + filepath.Base(outside), base + "/workspacex"} {
		for _, call := range callsThrough(t, folder(t), name) {
			expectOutside(t, fmt.Sprint(call), send(t, call.method, "/confined"+call.target, call.body))
		}
	}
	expect(t, "the folder outside", stateOf(outside), before)
}

func TestConfinedRequestsWorkInsideTheWorkspace(t *testing.T) {
	dir := folder(t)
	at := "/confined"
	ok := func(method, target string, body any) answer {
		t.Helper()
		got := send(t, method, at+target, body)
		if got.status >= 300 {
			t.Errorf("%s %s: %d %s", method, target, got.status, got.body)
		}
		return got
	}
	ok("PUT", content(dir+"/real/deep/file"), "text")
	must(os.Symlink("real/deep", dir+"/inside"))
	must(os.Symlink("../real/deep/file", dir+"/real/again"))
	expect(t, "through a link inside", string(ok("GET", content(dir+"/inside/file"), nil).body), "text")
	expect(t, "at a link inside", string(ok("GET", content(dir+"/real/again"), nil).body), "text")
	ok("GET", "/files", nil)
	ok("GET", "/files/stat?path=.", nil)
	ok("POST", "/files/mkdir", object{"path": dir + "/m/n", "mode": "0750"})
	ok("POST", "/files/copy", object{"from": dir + "/real", "to": dir + "/copied"})
	ok("POST", "/files/rename", object{"from": dir + "/copied", "to": dir + "/moved"})
	ok("POST", "/files/chmod", object{"path": dir + "/moved", "mode": "0755", "recursive": true})
	packed := ok("GET", "/files/archive?path="+dir+"/real/deep", nil).body
	ok("PUT", "/files/archive?path="+dir+"/unpacked/new", packed)
	expect(t, "unpacked", onDisk(t, dir+"/unpacked/new/file"), "text")
	ok("DELETE", content(dir+"/moved")+"&recursive=true", nil)
	expectFault(t, send(t, "DELETE", "/confined"+content(".")+"&recursive=true", nil), "FORBIDDEN")
	noLeftovers(t, dir)
}

func TestAWorkspaceThatIsALinkIsNoWayOut(t *testing.T) {
	outside := outsideWorkspace(t)
	must(os.Symlink(outside, base+"/linked"))
	defer os.Remove(base + "/linked")
	if fd, err := (tree{base + "/linked"}).openFolder(base + "/linked/sub"); err == nil {
		_ = syscall.Close(fd)
		t.Error("opened a folder behind the link")
	}
}

// readable is the text of an answer, unpacked if it is an archive.
func readable(body []byte) string {
	unzipped, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return string(body)
	}
	text, err := io.ReadAll(unzipped)
	must(err)
	return string(text)
}

func exchange(one, other string) error {
	const renameExchange = 2
	onePtr, err := syscall.BytePtrFromString(one)
	must(err)
	otherPtr, err := syscall.BytePtrFromString(other)
	must(err)
	folder := atFdcwd
	_, _, errno := syscall.Syscall6(sysRenameat2, uintptr(folder), uintptr(unsafe.Pointer(onePtr)), uintptr(folder), uintptr(unsafe.Pointer(otherPtr)), renameExchange, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// The folder named is now a folder, now a link out, and changes all the time.
func TestNoRaceLeadsAConfinedRequestOut(t *testing.T) {
	dir, outside := folder(t), outsideWorkspace(t)
	must(os.WriteFile(dir+"/mine", []byte("mine"), 0o666))
	must(os.MkdirAll(dir+"/top/flip", 0o777))
	must(os.Mkdir(dir+"/top/other", 0o777))
	real, err := enter(dir + "/top/flip")
	must(err)
	defer real.close()
	fill := func() { // by the open folder, wherever it is just now
		_ = os.MkdirAll(real.path+"/sub", 0o777)
		_ = os.WriteFile(real.path+"/secret", []byte("own"), 0o666)
		_ = os.WriteFile(real.path+"/sub/deep", []byte("own"), 0o666)
		must(filepath.Walk(real.path+"/.", func(inside string, _ fs.FileInfo, _ error) error { _ = os.Lchown(inside, 1000, 1000); return nil }))
	}
	must(os.Lchown(dir+"/top", 1000, 1000))
	must(os.Lchown(dir+"/top/other", 1000, 1000))
	must(os.Symlink("../../../"+filepath.Base(outside), dir+"/link"))
	before := stateOf(outside)
	stop := make(chan struct{})
	var flipping sync.WaitGroup
	flipping.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				must(exchange(dir+"/top/flip", dir+"/link"))
			}
		}
	})
	statuses := map[int]int{}
	for round := range 60 {
		fill()
		calls := callsThrough(t, dir, dir+"/top/flip")
		// Whole trees with the changing folder in their middle.
		calls = append(calls, fileCall{"GET", "/files?depth=5&path=" + dir + "/top", nil}, fileCall{"GET", "/files/archive?path=" + dir + "/top", nil},
			fileCall{"POST", "/files/copy", object{"from": dir + "/top", "to": fmt.Sprint(dir, "/copy", round)}},
			fileCall{"POST", "/files/chmod", object{"path": dir + "/top", "mode": "0755", "recursive": true}},
			fileCall{"PUT", "/files/archive?path=" + dir + "/top", archiveOf(t, member{name: "flip/planted", body: "x"})})
		for _, call := range calls {
			got := send(t, call.method, "/confined"+call.target, call.body)
			statuses[got.status]++
			if text := readable(got.body); strings.Contains(text, "secret text") || strings.Contains(text, "only-outside") {
				t.Fatalf("%v: %s", call, text)
			}
		}
		for _, made := range []string{dir + "/taken", fmt.Sprint(dir, "/copy", round)} {
			if strings.Contains(stateOf(made), "secret text") {
				t.Errorf("%s was copied from outside", made)
			}
		}
		_ = os.RemoveAll(dir + "/taken")
	}
	close(stop)
	flipping.Wait()
	expect(t, "the folder outside", stateOf(outside), before)
	if statuses[200] == 0 || statuses[403] == 0 {
		t.Errorf("the race met only one side: %v", statuses)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func content(name string) string { return "/files/content?path=" + url.QueryEscape(name) }

func put(t *testing.T, name, text string, headers ...string) answer {
	t.Helper()
	return send(t, "PUT", content(name), text, headers...)
}

func onDisk(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// noLeftovers fails when a temporary file of the agent is left in a folder.
func noLeftovers(t *testing.T, dir string) {
	t.Helper()
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".miosa-") {
			t.Errorf("left behind: %s", entry.Name())
		}
	}
}

func TestWriteMakesParentsAndBelongsToSandbox(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	got := put(t, dir+"/a/b/c.txt", "hello")
	var view fileView
	must(json.Unmarshal(got.body, &view))
	expect(t, "size", view.SizeBytes, 5)
	expect(t, "mode", view.Mode, "0644")
	for _, name := range []string{"/a", "/a/b", "/a/b/c.txt"} {
		info, err := os.Stat(dir + name)
		must(err)
		expect(t, "owner of "+name, info.Sys().(*syscall.Stat_t).Uid, 1000)
	}
	send(t, "PUT", content(dir+"/x.sh")+"&mode=0755", "#!/bin/sh")
	put(t, dir+"/x.sh", "#!/bin/sh\n")
	info, _ := os.Stat(dir + "/x.sh")
	expect(t, "mode is kept", info.Mode().Perm(), 0o755)
	noLeftovers(t, dir)
}

func TestFileWorkHasOnlyTheRightsOfSandbox(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	secret := dir + "/secret"
	must(os.WriteFile(secret, []byte("root's"), 0o600))
	must(os.Mkdir(dir+"/locked", 0o755)) // root's
	expectFault(t, send(t, "GET", content(secret), nil), "FORBIDDEN")
	expectFault(t, put(t, dir+"/locked/x", "y"), "FORBIDDEN")
	expectFault(t, send(t, "POST", "/files/chmod", object{"path": secret, "mode": "0666"}), "FORBIDDEN")
	expectFault(t, send(t, "POST", "/files/copy", object{"from": secret, "to": dir + "/stolen"}), "FORBIDDEN")
	expectFault(t, send(t, "DELETE", content("/etc/passwd"), nil), "FORBIDDEN")
	noLeftovers(t, dir)
	// The threads have root's rights again.
	for range 50 {
		if _, err := os.ReadFile(secret); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGuardedTreesAreRefusedByAnyName(t *testing.T) {
	dir := folder(t)
	must(os.Symlink("/proc", dir+"/p"))
	must(os.Symlink("../../../../proc/self/environ", dir+"/e"))
	must(os.Symlink("/proc/self/root", dir+"/r"))
	must(os.Symlink("/dev/null", dir+"/n"))
	for _, name := range []string{"/proc/1/environ", "/proc", "/sys/kernel", "/dev/null", "//proc//version", "/tmp/../proc/version",
		dir + "/p/version", dir + "/p/self/root/etc/passwd", dir + "/e", dir + "/r/etc/passwd", dir + "/n"} {
		expectFault(t, send(t, "GET", content(name), nil), "FORBIDDEN")
		expectFault(t, put(t, name, "x"), "FORBIDDEN")
	}
	expectFault(t, send(t, "GET", "/files?path=/proc", nil), "FORBIDDEN")
	expectFault(t, send(t, "GET", "/files/archive?path="+dir+"/p", nil), "FORBIDDEN")
	expectFault(t, send(t, "PUT", "/files/archive?path=/dev/shm", ""), "FORBIDDEN")
	expectFault(t, send(t, "POST", "/files/mkdir", object{"path": dir + "/p/x"}), "FORBIDDEN")
	expectFault(t, send(t, "POST", "/files/rename", object{"from": dir + "/n", "to": "/dev/shm/n"}), "FORBIDDEN")
	expectFault(t, send(t, "POST", "/files/copy", object{"from": "/proc/version", "to": dir + "/v"}), "FORBIDDEN")
	expectFault(t, send(t, "POST", "/files/chmod", object{"path": "/dev/null", "mode": "0666"}), "FORBIDDEN")
	// The links themselves may be looked at and removed.
	expect(t, "stat of the link", send(t, "GET", "/files/stat?path="+dir+"/p", nil).status, 200)
	expect(t, "delete of the link", send(t, "DELETE", content(dir+"/p")+"&recursive=true", nil).status, 200)
}

func TestBadPathsAreRefused(t *testing.T) {
	expectFault(t, send(t, "GET", "/files/content?path=a%00b", nil), "VALIDATION_ERROR")
	expectFault(t, send(t, "GET", "/files/content", nil), "VALIDATION_ERROR")
	expectFault(t, send(t, "GET", content(strings.Repeat("a/", 3000)), nil), "VALIDATION_ERROR")
	expectFault(t, send(t, "GET", content(strings.Repeat("a", 300)), nil), "VALIDATION_ERROR")
	expectFault(t, send(t, "GET", content("/etc/passwd/x"), nil), "NOT_FOUND")
	expectFault(t, send(t, "GET", content("no/such"), nil), "NOT_FOUND")
	dir := folder(t)
	must(os.Symlink("loop", dir+"/loop"))
	expectFault(t, send(t, "GET", content(dir+"/loop"), nil), "VALIDATION_ERROR")
	must(syscall.Mkfifo(dir+"/pipe", 0o666))
	expectFault(t, send(t, "GET", content(dir+"/pipe"), nil), "CONFLICT")
	expectFault(t, put(t, dir+"/pipe", "x"), "CONFLICT")
	expectFault(t, put(t, dir, "x"), "CONFLICT")
	expectFault(t, send(t, "PUT", content(dir+"/m")+"&mode=9", "x"), "VALIDATION_ERROR")
	expectFault(t, put(t, "/", "x"), "CONFLICT")
}

func TestReadServesRangesAndConditions(t *testing.T) {
	name := folder(t) + "/f.html"
	tag := put(t, name, "0123456789").header.Get("ETag")
	got := send(t, "GET", content(name), nil)
	expect(t, "body", string(got.body), "0123456789")
	expect(t, "type", got.header.Get("Content-Type"), "text/html; charset=utf-8")
	expect(t, "tag", got.header.Get("ETag"), tag)
	part := send(t, "GET", content(name), nil, "Range", "bytes=2-4")
	expect(t, "part", fmt.Sprintf("%d %s", part.status, part.body), "206 234")
	expectFault(t, send(t, "GET", content(name), nil, "Range", "bytes=50-"), "RANGE_NOT_SATISFIABLE")
	expect(t, "unchanged", send(t, "GET", content(name), nil, "If-None-Match", tag).status, 304)
	head := send(t, "HEAD", content(name), nil)
	expect(t, "head", fmt.Sprintf("%d %s %d", head.status, head.header.Get("Content-Length"), len(head.body)), "200 10 0")
	expectFault(t, send(t, "GET", content(name), nil, "If-Match", `"other"`), "PRECONDITION_FAILED")
}

func TestWriteConditionsHold(t *testing.T) {
	name := folder(t) + "/f"
	expectFault(t, put(t, name, "x", "If-Match", "*"), "PRECONDITION_FAILED")
	tag := put(t, name, "1", "If-None-Match", "*").header.Get("ETag")
	expectFault(t, put(t, name, "2", "If-None-Match", "*"), "PRECONDITION_FAILED")
	expect(t, "right tag", put(t, name, "2", "If-Match", tag).status, 200)
	expectFault(t, put(t, name, "3", "If-Match", tag), "PRECONDITION_FAILED")
	expect(t, "content", onDisk(t, name), "2")
}

func TestOfManyConditionalCreatorsOneWins(t *testing.T) {
	name := folder(t) + "/once"
	var group sync.WaitGroup
	won := make(chan int, 40)
	for i := range 40 {
		group.Go(func() {
			if put(t, name, fmt.Sprint(i), "If-None-Match", "*").status == 200 {
				won <- i
			}
		})
	}
	group.Wait()
	expect(t, "winners", len(won), 1)
	expect(t, "content", onDisk(t, name), fmt.Sprint(<-won))
}

func TestInterruptedUploadLeavesTheOldFileAndNothingElse(t *testing.T) {
	dir := folder(t)
	put(t, dir+"/f", "old")
	reader, writer := io.Pipe()
	request, _ := http.NewRequest("PUT", "http://agent"+content(dir+"/f"), reader)
	go func() {
		_, _ = writer.Write(bytes.Repeat([]byte("new"), 100_000))
		_ = writer.CloseWithError(fmt.Errorf("cut"))
	}()
	if _, err := client.Do(request); err == nil {
		t.Fatal("the upload was not cut")
	}
	eventually(t, "temporary file removed", func() bool { entries, _ := os.ReadDir(dir); return len(entries) == 1 })
	expect(t, "content", onDisk(t, dir+"/f"), "old")
}

func TestReadersSeeOldOrNewNeverAMix(t *testing.T) {
	name := folder(t) + "/f"
	texts := []string{strings.Repeat("a", 300_000), strings.Repeat("b", 200_000)}
	put(t, name, texts[0])
	var group sync.WaitGroup
	group.Go(func() {
		for i := range 60 {
			put(t, name, texts[i%2])
		}
	})
	group.Go(func() {
		for range 200 {
			if got := onDisk(t, name); got != texts[0] && got != texts[1] {
				t.Errorf("a mix of %d bytes", len(got))
			}
		}
	})
	group.Wait()
}

func TestWriteGoesThroughLinksAndKeepsThem(t *testing.T) {
	dir := folder(t)
	put(t, dir+"/real", "1")
	must(os.Symlink("real", dir+"/link"))
	put(t, dir+"/link", "2")
	expect(t, "content", onDisk(t, dir+"/real"), "2")
	target, _ := os.Readlink(dir + "/link")
	expect(t, "link", target, "real")
}

func TestFullDiskIsStorageFullAndLeavesNothing(t *testing.T) {
	needRoot(t)
	dir := folder(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=777"); err != nil {
		t.Skip("cannot mount here:", err)
	}
	defer syscall.Unmount(dir, 0)
	expectFault(t, put(t, dir+"/big", strings.Repeat("x", 3<<20)), "STORAGE_FULL")
	expectFault(t, send(t, "PUT", "/files/archive?path="+dir, archiveOf(t, member{name: "big", body: strings.Repeat("x", 3<<20)})), "STORAGE_FULL")
	entries, _ := os.ReadDir(dir)
	expect(t, "entries", len(entries), 0)
}

func TestListIsInNameOrderAndDoesNotFollowLinks(t *testing.T) {
	dir := folder(t)
	put(t, dir+"/b/inner", "1")
	put(t, dir+"/a", "1")
	must(os.Symlink("b", dir+"/c"))
	var got struct{ Entries []fileView }
	must(json.Unmarshal(send(t, "GET", "/files?depth=3&path="+dir, nil).body, &got))
	var seen []string
	for _, e := range got.Entries {
		seen = append(seen, e.Type+":"+strings.TrimPrefix(e.Path, dir))
	}
	expect(t, "entries", strings.Join(seen, " "), "file:/a dir:/b file:/b/inner symlink:/c")
	expect(t, "target", *got.Entries[3].SymlinkTarget, "b")
	expectFault(t, send(t, "GET", "/files?depth=11&path="+dir, nil), "VALIDATION_ERROR")
	must(json.Unmarshal(send(t, "GET", "/files?depth=2&path=/", nil).body, &got))
	for _, e := range got.Entries {
		if strings.HasPrefix(e.Path, "/proc/") {
			t.Fatal("listed inside /proc: " + e.Path)
		}
	}
}

func TestMkdirRenameCopyChmodDelete(t *testing.T) {
	dir := folder(t)
	expect(t, "mkdir", send(t, "POST", "/files/mkdir", object{"path": dir + "/d/e", "mode": "0700"}).status, 200)
	expectFault(t, send(t, "POST", "/files/mkdir", object{"path": dir + "/x/y", "recursive": false}), "NOT_FOUND")
	put(t, dir+"/d/e/f", "data")
	expect(t, "copy", send(t, "POST", "/files/copy", object{"from": dir + "/d", "to": dir + "/copy"}).status, 200)
	expect(t, "copied", onDisk(t, dir+"/copy/e/f"), "data")
	expectFault(t, send(t, "POST", "/files/copy", object{"from": dir + "/d", "to": dir + "/copy"}), "CONFLICT")
	expectFault(t, send(t, "POST", "/files/copy", object{"from": dir + "/d", "to": dir + "/d/e/into"}), "VALIDATION_ERROR")
	expectFault(t, send(t, "POST", "/files/rename", object{"from": dir + "/d", "to": dir + "/d/e/into"}), "VALIDATION_ERROR")
	expect(t, "overwrite", send(t, "POST", "/files/copy", object{"from": dir + "/d/e", "to": dir + "/copy", "overwrite": true}).status, 200)
	expect(t, "replaced", onDisk(t, dir+"/copy/f"), "data")
	expectFault(t, send(t, "POST", "/files/rename", object{"from": dir + "/d", "to": dir + "/copy"}), "CONFLICT")
	expect(t, "rename", send(t, "POST", "/files/rename", object{"from": dir + "/d", "to": dir + "/copy", "overwrite": true}).status, 200)
	expect(t, "renamed", onDisk(t, dir+"/copy/e/f"), "data")
	expectFault(t, send(t, "POST", "/files/rename", object{"from": dir + "/gone", "to": dir + "/z"}), "NOT_FOUND")
	expect(t, "chmod", send(t, "POST", "/files/chmod", object{"path": dir + "/copy", "mode": "0750", "recursive": true}).status, 200)
	info, _ := os.Stat(dir + "/copy/e/f")
	expect(t, "mode", info.Mode().Perm(), 0o750)
	expectFault(t, send(t, "DELETE", content(dir+"/copy"), nil), "NOT_EMPTY")
	expect(t, "delete", send(t, "DELETE", content(dir+"/copy")+"&recursive=true", nil).status, 200)
	expectFault(t, send(t, "DELETE", content(dir+"/copy"), nil), "NOT_FOUND")
	noLeftovers(t, dir)
}

func TestRecursiveDeleteDoesNotLeaveThroughLinks(t *testing.T) {
	dir := folder(t)
	put(t, dir+"/keep/file", "1")
	must(os.Mkdir(dir+"/tree", 0o777))
	must(os.Symlink(dir+"/keep", dir+"/tree/link"))
	must(os.Lchown(dir+"/tree", 1000, 1000))
	expect(t, "status", send(t, "DELETE", content(dir+"/tree")+"&recursive=true", nil).status, 200)
	expect(t, "behind the link", onDisk(t, dir+"/keep/file"), "1")
}

func TestWriteManyIsAtomicPerFileAndTellsWhatFailed(t *testing.T) {
	dir := folder(t)
	got := send(t, "POST", "/files/write-many", object{"files": []object{
		{"path": dir + "/a", "content": "é"}, {"path": "/proc/x", "content": ""}, {"path": dir + "/b", "contentBase64": "AP8=", "mode": "0600"},
		{"path": dir, "content": ""}, {"path": "a\x00", "content": ""}}})
	var body struct {
		Written []struct {
			Path      string
			SizeBytes int64
		}
		Failed []struct{ Path, Code string }
	}
	must(json.Unmarshal(got.body, &body))
	expect(t, "result", fmt.Sprint(body), fmt.Sprintf("{[{%s/a 2} {%s/b 2}] [{/proc/x FORBIDDEN} {%s CONFLICT} {a\x00 VALIDATION_ERROR}]}", dir, dir, dir))
	expect(t, "bytes", onDisk(t, dir+"/b"), "\x00\xff")
	expectFault(t, send(t, "POST", "/files/write-many", object{"files": []object{}}), "VALIDATION_ERROR")
}

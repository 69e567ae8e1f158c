package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

type manifest struct {
	Root  string
	Files []struct {
		Path, Mode, Sha256 string
		SizeBytes          int64
	}
	TotalBytes int64
	Skipped    int
}

func (m manifest) paths() string {
	var names []string
	for _, file := range m.Files {
		names = append(names, file.Path)
	}
	return strings.Join(names, " ")
}

func manifestOf(t *testing.T, request object) manifest {
	t.Helper()
	got := send(t, "POST", "/files/manifest", request)
	if got.status != 200 {
		t.Fatalf("manifest: %d %s", got.status, got.body)
	}
	var m manifest
	must(json.Unmarshal(got.body, &m))
	return m
}

func write(name, text string) {
	must(os.MkdirAll(filepath.Dir(name), 0o755))
	must(os.WriteFile(name, []byte(text), 0o644))
}

func TestManifestListsEveryFileWithItsHash(t *testing.T) {
	dir := folder(t)
	for name, text := range map[string]string{"index.html": "<h1>", "b/two": "2", "b.txt": "", "ü/\"x\n": "quoted", ".well-known/a": "dot"} {
		write(dir+"/"+name, text)
	}
	must(os.Chmod(dir+"/b/two", 0o755))
	m := manifestOf(t, object{"path": dir})
	expect(t, "root", m.Root, dir)
	expect(t, "paths", m.paths(), ".well-known/a b.txt b/two index.html ü/\"x\n")
	expect(t, "bytes", m.TotalBytes, int64(14))
	sum := sha256.Sum256([]byte("<h1>"))
	expect(t, "hash", m.Files[3].Sha256, hex.EncodeToString(sum[:]))
	expect(t, "mode", m.Files[2].Mode+" "+m.Files[3].Mode, "0755 0644")
	expect(t, "empty", manifestOf(t, object{"path": dir + "/b", "exclude": []string{"*"}}).paths(), "")
}

func TestManifestTakesWhatLinksInsideLeadTo(t *testing.T) {
	dir := folder(t)
	write(dir+"/real/deep/file", "text")
	must(os.Symlink("real/deep/file", dir+"/again"))
	must(os.Symlink("../real", dir+"/real/self"))
	must(os.Symlink("real/deep", dir+"/folder"))
	must(os.Symlink("../..", dir+"/real/deep/top"))
	m := manifestOf(t, object{"path": dir})
	expect(t, "paths", m.paths(), "again folder/file real/deep/file")
	for _, file := range m.Files {
		expect(t, file.Path, file.Sha256, m.Files[0].Sha256)
	}
	// Seen from a folder further down, the same links lead out.
	expectFault(t, send(t, "POST", "/files/manifest", object{"path": dir + "/real"}), "VALIDATION_ERROR")
}

func TestManifestRefusesWhatIsNoFileInside(t *testing.T) {
	outside := outsideWorkspace(t)
	bad := func(make func(dir string), named ...string) {
		t.Helper()
		dir := folder(t)
		write(dir+"/fine", "x")
		make(dir)
		for _, route := range []string{"/files/manifest", "/confined/files/manifest"} {
			got := send(t, "POST", route, object{"path": dir})
			expectFault(t, got, "VALIDATION_ERROR")
			for _, name := range named {
				if !strings.Contains(string(got.body), name) {
					t.Errorf("does not name %s: %s", name, got.body)
				}
			}
		}
		m := manifestOf(t, object{"path": dir, "unsuitable": "skip"})
		expect(t, "others", m.paths(), "fine")
		if m.Skipped == 0 {
			t.Error("does not tell what it skipped")
		}
	}
	link := func(target string) func(string) { return func(dir string) { must(os.Symlink(target, dir+"/bad")) } }
	bad(link("../../../"+filepath.Base(outside)+"/secret"), "bad is a link that leads out")
	bad(link("../../../"+filepath.Base(outside)), "bad is a link that leads out")
	bad(link(outside+"/secret"), "bad is a link that leads out")
	bad(link("/proc/self/environ"), "bad is a link that leads out")
	bad(link("nowhere"), "bad is a link to nothing")
	bad(link("bad"), "bad is a link")
	bad(func(dir string) { must(syscall.Mkfifo(dir+"/pipe", 0o666)) }, "pipe is a named pipe")
	bad(func(dir string) { must(syscall.Mknod(dir+"/null", syscall.S_IFCHR|0o666, 1<<8|3)) }, "null is a device")
	bad(func(dir string) {
		listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: dir + "/s", Net: "unix"})
		must(err)
		listener.SetUnlinkOnClose(false)
		must(listener.Close())
	}, "s is a socket")
	bad(func(dir string) { write(dir+"/\xff\xfe", "x") }, "not UTF-8")
	bad(func(dir string) {
		for i := range 30 {
			must(os.Symlink("nowhere", fmt.Sprintf("%s/bad%02d", dir, i)))
		}
	}, "has 30 entries")
	if os.Geteuid() == 0 {
		bad(func(dir string) { write(dir+"/secret", "x"); must(os.Chmod(dir+"/secret", 0)) }, "secret cannot be read")
		bad(func(dir string) { write(dir+"/closed/secret", "x"); must(os.Chmod(dir+"/closed", 0)) }, "closed cannot be read")
	}
}

func TestManifestTellsLimitsBeforeItReads(t *testing.T) {
	dir := folder(t)
	must(os.WriteFile(dir+"/huge", nil, 0o644))
	must(os.Truncate(dir+"/huge", 1<<40)) // takes no room; reading it would take an hour
	got := send(t, "POST", "/files/manifest", object{"path": dir, "maxBytes": 1 << 30})
	expectFault(t, got, "PAYLOAD_TOO_LARGE")
	for i := range 20 {
		write(fmt.Sprint(dir, "/many/", i), "x")
	}
	expectFault(t, send(t, "POST", "/files/manifest", object{"path": dir + "/many", "maxFiles": 19}), "PAYLOAD_TOO_LARGE")
	expect(t, "at the limit", len(manifestOf(t, object{"path": dir + "/many", "maxFiles": 20}).Files), 20)
	// Folders count as well, or links could multiply them without end.
	for i := range 12 {
		name := fmt.Sprintf("%s/maze/%02d", dir, i)
		must(os.MkdirAll(name, 0o755))
		for _, way := range []string{"a", "b"} {
			must(os.Symlink(fmt.Sprintf("../%02d", i+1), name+"/"+way))
		}
	}
	must(os.Mkdir(dir+"/maze/12", 0o755))
	expectFault(t, send(t, "POST", "/files/manifest", object{"path": dir + "/maze", "maxFiles": 1000}), "PAYLOAD_TOO_LARGE")
}

func TestManifestRefusesWhatItCannotDo(t *testing.T) {
	dir := folder(t)
	write(dir+"/file", "x")
	missing := send(t, "POST", "/files/manifest", object{"path": dir + "/dist"})
	expectFault(t, missing, "NOT_FOUND")
	if !strings.Contains(string(missing.body), dir+"/dist does not exist") {
		t.Errorf("%s", missing.body)
	}
	expectFault(t, send(t, "POST", "/files/manifest", object{"path": "/proc/self"}), "FORBIDDEN")
	for _, request := range []object{{"path": ""}, {"path": "/"}, {"path": dir + "/file"}, {"path": dir, "maxFiles": -1}, {"path": dir, "maxBytes": -1},
		{"path": dir, "ignoreFile": "../x"}, {"path": dir, "exclude": []string{"["}}, {"path": dir, "unsuitable": "x"}} {
		expectFault(t, send(t, "POST", "/files/manifest", request), "VALIDATION_ERROR")
	}
	write(dir+"/.miosaignore", "[\n")
	expectFault(t, send(t, "POST", "/files/manifest", object{"path": dir, "ignoreFile": ".miosaignore"}), "VALIDATION_ERROR")
}

func TestManifestLeavesOutWhatItIsTold(t *testing.T) {
	dir := folder(t)
	for _, name := range []string{"a.log", "keep.log", "b/c.log", "node_modules/m/x", "b/node_modules/x", "b/src/x.ts", "b/src/x.js", "out/a/deep", "build", "b/build/x", "#1", "d1", "d2",
		"cache/x", "cache/keep"} {
		write(dir+"/"+name, "x")
	}
	must(os.Symlink("/etc", dir+"/node_modules/etc")) // what is left out is not looked at
	write(dir+"/.miosaignore", "\uFEFF# a comment\n\n*.log  \r\n!/keep.log\nnode_modules/\nb/**/*.js\n/out\nbuild/\n\\#1\nd[!1]\ncache/**\n!cache/keep\n")
	m := manifestOf(t, object{"path": dir, "ignoreFile": ".miosaignore", "exclude": []string{"*.ts"}})
	expect(t, "paths", m.paths(), ".miosaignore build cache/keep d1 keep.log")
	expect(t, "without the file", len(manifestOf(t, object{"path": dir + "/b", "ignoreFile": ".miosaignore"}).Files), 5)
	slow := append(bytes.Repeat([]byte("**/"), 2000), 'x')
	write(dir+"/.miosaignore", string(slow))
	write(dir+"/"+strings.Repeat("y/", 60)+"y", "x")
	manifestOf(t, object{"path": dir, "ignoreFile": ".miosaignore", "exclude": []string{"node_modules"}})
}

// packed reads a pack to its end.
func packed(t *testing.T, request object) (names, texts []string, fault string) {
	t.Helper()
	got := send(t, "POST", "/files/pack", request)
	if got.status != 200 {
		return nil, nil, string(got.body)
	}
	for r := tar.NewReader(bytes.NewReader(got.body)); ; {
		header, err := r.Next()
		var text []byte
		if err == nil {
			text, err = io.ReadAll(r)
		}
		if err != nil {
			fault, _ = url.PathUnescape(got.trailer.Get(packFaultTrailer))
			return names, texts, fault
		}
		names, texts = append(names, header.Name), append(texts, string(text))
	}
}

func TestPackHoldsExactlyTheFilesNamedInTheirOrder(t *testing.T) {
	dir := folder(t)
	long := strings.Repeat("long/", 60) + "ü"
	for name, text := range map[string]string{"a": "1", "b/c": "", long: "3", "other": "no"} {
		write(dir+"/"+name, text)
	}
	must(os.Symlink("b", dir+"/link"))
	names, texts, fault := packed(t, object{"path": dir, "files": []string{"link/c", long, "a", "a"}})
	expect(t, "names", strings.Join(names, " "), "link/c "+long+" a a")
	expect(t, "texts", strings.Join(texts, "|"), "|3|1|1")
	expect(t, "fault", fault, "")
}

func TestPackThatFailsIsNoWholeTarAndSaysWhy(t *testing.T) {
	dir, outside := folder(t), outsideWorkspace(t)
	write(dir+"/a", "1")
	must(os.Symlink("../../../"+filepath.Base(outside)+"/secret", dir+"/out"))
	must(syscall.Mkfifo(dir+"/pipe", 0o666))
	for _, bad := range []string{"gone", "out", "pipe"} {
		got := send(t, "POST", "/files/pack", object{"path": dir, "files": []string{"a", bad}})
		if strings.Contains(string(got.body), "secret text") || bytes.HasSuffix(got.body, make([]byte, 1024)) {
			t.Errorf("%s: %q", bad, got.body)
		}
		if _, _, fault := packed(t, object{"path": dir, "files": []string{"a", bad}}); !strings.Contains(fault, bad) {
			t.Errorf("%s: says %q", bad, fault)
		}
	}
	for _, bad := range []string{"../a", "/etc/passwd", "", ".", "b/../a", "a\x00", "b//c"} {
		expectFault(t, send(t, "POST", "/files/pack", object{"path": dir, "files": []string{bad}}), "VALIDATION_ERROR")
	}
	expectFault(t, send(t, "POST", "/files/pack", object{"path": dir + "/no", "files": []string{}}), "NOT_FOUND")
}

func TestPackTellsOfAFileThatChangesUnderIt(t *testing.T) {
	dir := folder(t)
	for name, change := range map[string]func(string){
		"shrinks": func(file string) { must(os.Truncate(file, 1000)) },
		"grows":   func(file string) { must(os.Truncate(file, 200<<20)) },
	} {
		file := dir + "/" + name
		write(file, "x")
		must(os.Truncate(file, 100<<20)) // far more than the socket and its buffers hold
		body, writer := io.Pipe()
		go func() {
			text, _ := json.Marshal(object{"path": dir, "files": []string{name}})
			_, _ = writer.Write(text)
			_ = writer.Close()
		}()
		response, err := client.Post("http://agent/files/pack", "application/json", body)
		must(err)
		r := tar.NewReader(response.Body)
		_, err = r.Next()
		must(err)
		change(file)
		_, err = io.Copy(io.Discard, r)
		if err == nil {
			_, err = r.Next()
		}
		if err == nil || err == io.EOF {
			t.Errorf("%s: a whole tar", name)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		if !strings.Contains(response.Trailer.Get(packFaultTrailer), "changed") {
			t.Errorf("%s: says %q", name, response.Trailer.Get(packFaultTrailer))
		}
		_ = response.Body.Close()
	}
}

func BenchmarkManifest(b *testing.B) {
	dir := base + "/workspace/bench"
	for i := range 1000 {
		write(fmt.Sprintf("%s/%d/%d", dir, i%20, i), strings.Repeat("x", 4096))
	}
	defer os.RemoveAll(dir)
	text, _ := json.Marshal(object{"path": dir})
	for b.Loop() {
		start := time.Now()
		response, err := client.Post("http://agent/files/manifest", "application/json", bytes.NewReader(text))
		must(err)
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		b.ReportMetric(float64(time.Since(start).Microseconds())/1000, "last-ms")
	}
}

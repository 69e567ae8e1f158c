package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// member is an entry of a test archive.
type member struct {
	name, body, link string
	kind             byte
	mode             int64
	size             int64
}

// archiveOf builds a tar as asked, however bad.
func archiveOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, m := range members {
		header := &tar.Header{Name: m.name, Typeflag: m.kind, Linkname: m.link, Mode: m.mode, Size: int64(len(m.body))}
		if m.kind == 0 {
			header.Typeflag = tar.TypeReg
		}
		if m.mode == 0 {
			header.Mode = 0o644
		}
		if m.size > 0 {
			header.Size = m.size
		}
		must(w.WriteHeader(header))
		_, _ = w.Write([]byte(m.body))
	}
	_ = w.Close()
	return out.Bytes()
}

func zipped(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(data)
	must(w.Close())
	return out.Bytes()
}

func TestArchiveGoesInAndComesOutAgain(t *testing.T) {
	dir := folder(t)
	in := archiveOf(t, member{name: "./", kind: tar.TypeDir}, member{name: "d/", kind: tar.TypeDir, mode: 0o555}, member{name: "d/x.sh", body: "#!", mode: 0o4755},
		member{name: "deep/er/file", body: "hello"}, member{name: "link", link: "deep/er/file", kind: tar.TypeSymlink},
		member{name: "deep/up", link: "../d", kind: tar.TypeSymlink}, member{name: "hard", link: "deep/er/file", kind: tar.TypeLink},
		member{name: "d/x.sh", body: "#!/bin/sh", mode: 0o755})
	for _, body := range [][]byte{in, zipped(in)} {
		got := send(t, "PUT", "/files/archive?path="+dir+"/new/t", body)
		if got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		expect(t, "linked", onDisk(t, dir+"/new/t/link"), "hello")
		expect(t, "hard", onDisk(t, dir+"/new/t/hard"), "hello")
		expect(t, "later wins", onDisk(t, dir+"/new/t/d/x.sh"), "#!/bin/sh")
		info, _ := os.Stat(dir + "/new/t/d/x.sh")
		expect(t, "mode", info.Mode(), 0o755)
		noLeftovers(t, dir+"/new/t")
	}
	put(t, dir+"/new/t/node_modules/m/index.js", "no")
	put(t, dir+"/new/t/deep/skip.log", "no")
	out := send(t, "GET", "/files/archive?path="+dir+"/new/t&exclude=node_modules,*.log&exclude=**/up", nil)
	unzipped, err := gzip.NewReader(bytes.NewReader(out.body))
	must(err)
	var names []string
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		must(err)
		names = append(names, h.Name)
	}
	expect(t, "names", strings.Join(names, " "), "d/ d/x.sh deep/ deep/er/ deep/er/file hard link")
	must(os.Mkdir(dir+"/second", 0o777))
	must(os.Chmod(dir+"/second", 0o777))
	expect(t, "goes in again", send(t, "PUT", "/files/archive?path="+dir+"/second", out.body).status, 200)
	expect(t, "same", onDisk(t, dir+"/second/link"), "hello")
}

func TestArchiveMergesWithWhatIsThere(t *testing.T) {
	dir := folder(t)
	put(t, dir+"/d/old", "old")
	put(t, dir+"/d/both", "old")
	got := send(t, "PUT", "/files/archive?path="+dir, archiveOf(t, member{name: "d/both", body: "new"}, member{name: "d/e/f", body: "new"}))
	expect(t, "answer", strings.TrimSpace(string(got.body)), `{"files":2,"sizeBytes":6}`)
	expect(t, "old", onDisk(t, dir+"/d/old"), "old")
	expect(t, "both", onDisk(t, dir+"/d/both"), "new")
}

func TestHarmfulArchivesAreRefusedAndWriteNothing(t *testing.T) {
	good := member{name: "good", body: "x"}
	for what, members := range map[string][]member{
		"absolute":                     {{name: "/etc/evil", body: "x"}},
		"parent":                       {{name: "../evil", body: "x"}},
		"parent inside":                {{name: "a/../../evil", body: "x"}},
		"harmless parent":              {{name: "a/../evil", body: "x"}},
		"link absolute":                {{name: "l", link: "/etc", kind: tar.TypeSymlink}},
		"link out":                     {{name: "l", link: "../x", kind: tar.TypeSymlink}},
		"link out, deep":               {{name: "a/b/l", link: "../../../x", kind: tar.TypeSymlink}},
		"link out by a link":           {{name: "a/b/l", link: "../..", kind: tar.TypeSymlink}, {name: "m", link: "a/b/l/..", kind: tar.TypeSymlink}},
		"link, then written through":   {{name: "l", link: ".", kind: tar.TypeSymlink}, {name: "l/evil", body: "x"}},
		"link, then folder":            {{name: "l", link: "good", kind: tar.TypeSymlink}, {name: "l/", kind: tar.TypeDir}},
		"folder, then link":            {{name: "d/", kind: tar.TypeDir}, {name: "d", link: "good", kind: tar.TypeSymlink}},
		"link below a link":            {{name: "l", link: ".", kind: tar.TypeSymlink}, {name: "l/m", link: "..", kind: tar.TypeSymlink}},
		"hard link absolute":           {{name: "h", link: "/etc/passwd", kind: tar.TypeLink}},
		"hard link out":                {{name: "h", link: "../../etc/passwd", kind: tar.TypeLink}},
		"hard link to nothing":         {{name: "h", link: "nothing", kind: tar.TypeLink}},
		"hard link through a link":     {{name: "l", link: ".", kind: tar.TypeSymlink}, {name: "h", link: "l/good", kind: tar.TypeLink}},
		"hard link to what is outside": {{name: "h", link: "there", kind: tar.TypeLink}},
		"device":                       {{name: "dev", kind: tar.TypeBlock}},
		"character device":             {{name: "dev", kind: tar.TypeChar}},
		"pipe":                         {{name: "pipe", kind: tar.TypeFifo}},
		"the folder itself":            {{name: ".", body: "x"}},
		"folder over a file there":     {{name: "there/x", body: "x"}},
		"file over a folder there":     {{name: "folder", body: "x"}},
		"through a link there":         {{name: "outward/evil", body: "x"}},
		"promises too much":            {{name: "huge", size: maxUnpacked + 1}},
	} {
		dir := folder(t)
		put(t, dir+"/target/there", "kept")
		put(t, dir+"/target/folder/x", "kept")
		must(os.Mkdir(dir+"/outside", 0o777))
		must(os.Chmod(dir+"/outside", 0o777))
		must(os.Symlink("../outside", dir+"/target/outward"))
		body := archiveOf(t, append([]member{good}, members...)...)
		for _, target := range []string{dir + "/target", dir + "/fresh/folder"} {
			if strings.HasSuffix(what, "there") && target != dir+"/target" {
				continue
			}
			if got := send(t, "PUT", "/files/archive?path="+target, body); got.code() != "VALIDATION_ERROR" {
				t.Errorf("%s: got %d %s", what, got.status, got.body)
			}
		}
		listing := string(send(t, "GET", "/files?depth=5&path="+dir, nil).body)
		expect(t, what+": entries", strings.Count(listing, `"path":`)-1, 6)
	}
}

func TestBrokenAndHugeArchivesAreRefused(t *testing.T) {
	dir := folder(t)
	whole := archiveOf(t, member{name: "a", body: strings.Repeat("x", 5000)})
	packed := zipped(whole)
	damaged := bytes.Clone(packed)
	damaged[len(damaged)-6] ^= 1 // the checksum
	for what, body := range map[string][]byte{"text": bytes.Repeat([]byte("no tar"), 500), "cut": whole[:2000], "cut gzip": packed[:len(packed)/2], "checksum": damaged, "empty": {}} {
		if got := send(t, "PUT", "/files/archive?path="+dir, body); got.code() != "VALIDATION_ERROR" {
			t.Errorf("%s: got %d %s", what, got.status, got.body)
		}
	}
	entries, _ := os.ReadDir(dir)
	expect(t, "entries", len(entries), 0)
}

func TestArchiveBombStopsAtTheBound(t *testing.T) {
	// The bound itself is 8 GiB; here it is driven with what would pass it by headers alone and with a small one.
	u := &unpacker{bytes: maxUnpacked - 10}
	err := u.entry(&tar.Header{Name: "x", Typeflag: tar.TypeReg, Size: 11}, nil)
	if f, ok := err.(*fault); !ok || f.code != "VALIDATION_ERROR" {
		t.Errorf("bytes: %v", err)
	}
	u = &unpacker{members: maxMembers}
	if err := u.entry(&tar.Header{Name: "x", Typeflag: tar.TypeReg}, nil); err == nil {
		t.Error("one entry too many was taken")
	}
}

func TestArchiveOfManyFilesArrivesWhole(t *testing.T) {
	dir := folder(t)
	var members []member
	for i := range 2000 {
		members = append(members, member{name: fmt.Sprintf("d%d/f%d", i%50, i), body: fmt.Sprint(i)})
	}
	var answer struct{ Files int }
	must(json.Unmarshal(send(t, "PUT", "/files/archive?path="+dir, zipped(archiveOf(t, members...))).body, &answer))
	expect(t, "files", answer.Files, 2000)
	expect(t, "content", onDisk(t, dir+"/d49/f1999"), "1999")
}

func TestGlobs(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"node_modules", "a/node_modules", true}, {"*.log", "x/y.log", true}, {"dist/*", "dist/x", true}, {"dist/*", "a/dist/x", false},
		{"**/cache", "a/b/cache", true}, {"**/cache", "cache", true}, {"a/**/z", "a/z", true}, {"a/**/z", "a/b/c/z", true}, {"a/**/z", "b/z", false},
	} {
		expect(t, c.pattern+" "+c.name, globs{c.pattern}.match(c.name), c.want)
	}
	if _, err := parseGlobs([]string{"[a"}); err == nil {
		t.Error("a broken pattern was taken")
	}
}

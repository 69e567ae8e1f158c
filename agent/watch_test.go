package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// watching follows a folder; changes come on the channel as "kind path", with the folder's own name left out.
func watching(t *testing.T, route, dir, more string) (changes chan string) {
	t.Helper()
	stream := openStream(t, "GET", route+"/watch?path="+url.QueryEscape(dir)+more, "")
	if first, err := stream.lines.ReadString('\n'); err != nil || first != "\n" {
		t.Fatal("no beginning: ", first, err)
	}
	changes = make(chan string, 1000)
	go func() {
		defer close(changes)
		for {
			line, err := stream.lines.ReadBytes('\n')
			if err != nil {
				return
			}
			var v changeView
			if len(line) < 2 || json.Unmarshal(line, &v) != nil {
				continue
			}
			text := v.Type + " " + strings.TrimPrefix(v.Path, dir+"/")
			if v.OldPath != "" {
				text += " from " + strings.TrimPrefix(v.OldPath, dir+"/")
			}
			if v.IsDir {
				text += " dir"
			} else if v.SizeBytes > 0 {
				text += fmt.Sprintf(" %d", v.SizeBytes)
			}
			changes <- text
		}
	}()
	return changes
}

// expectChanges reads until a marker file shows that all that was done before is told.
func expectChanges(t *testing.T, changes chan string, dir string, want ...string) {
	t.Helper()
	time.Sleep(watchLongest) // a window of its own
	must(os.WriteFile(dir+"/.marker", nil, 0o644))
	must(os.Remove(dir + "/.marker"))
	must(os.WriteFile(dir+"/.marker", []byte("x"), 0o644))
	var got []string
	for timeout := time.After(5 * time.Second); ; {
		select {
		case change, more := <-changes:
			if strings.Contains(change, ".marker") {
				must(os.Remove(dir + "/.marker"))
				<-changes
				if !slices.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
				return
			}
			if !more {
				t.Fatalf("the watch ended after %q", got)
			}
			got = append(got, change)
		case <-timeout:
			t.Fatalf("no end: %q", got)
		}
	}
}

func TestWatchTellsOneChangeForAnAtomicSave(t *testing.T) {
	dir := folder(t)
	must(os.WriteFile(dir+"/app.ts", []byte("old"), 0o644))
	changes := watching(t, "/files", dir, "")
	must(os.WriteFile(dir+"/.app.ts.swp", []byte("newer"), 0o644))
	must(os.Rename(dir+"/.app.ts.swp", dir+"/app.ts"))
	expectChanges(t, changes, dir, "modified app.ts 5")
	// As vim does with backups: the file moves away, is written anew, the backup goes.
	must(os.Rename(dir+"/app.ts", dir+"/app.ts~"))
	must(os.WriteFile(dir+"/app.ts", []byte("anew"), 0o644))
	must(os.Remove(dir + "/app.ts~"))
	expectChanges(t, changes, dir, "modified app.ts 4")
	// A file that was not there before.
	must(os.WriteFile(dir+"/tmp", []byte("x"), 0o644))
	must(os.Rename(dir+"/tmp", dir+"/new.ts"))
	expectChanges(t, changes, dir, "created new.ts 1")
	// The agent's own writes are atomic saves too.
	expect(t, "put", send(t, "PUT", content(dir+"/new.ts"), "four").status, 200)
	expectChanges(t, changes, dir, "modified new.ts 4")
}

func TestWatchTellsRenamesDeletionsAndNothingOfWhatCameAndWent(t *testing.T) {
	dir := folder(t)
	must(os.MkdirAll(dir+"/src/deep", 0o755))
	must(os.WriteFile(dir+"/src/deep/a", []byte("a"), 0o644))
	changes := watching(t, "/files", dir, "")
	must(os.Rename(dir+"/src/deep/a", dir+"/src/b"))
	expectChanges(t, changes, dir, "renamed src/b from src/deep/a 1")
	must(os.Rename(dir+"/src", dir+"/lib"))
	expectChanges(t, changes, dir, "renamed lib from src dir")
	must(os.WriteFile(dir+"/lib/deep/c", []byte("cc"), 0o644))
	expectChanges(t, changes, dir, "created lib/deep/c 2")
	must(os.WriteFile(dir+"/passing", nil, 0o644))
	must(os.Remove(dir + "/passing"))
	must(os.RemoveAll(dir + "/lib"))
	expectChanges(t, changes, dir, "deleted lib dir")
	must(os.Mkdir(dir+"/lib", 0o755))
	must(os.WriteFile(dir+"/lib/again", nil, 0o644))
	expectChanges(t, changes, dir, "created lib dir", "created lib/again")
}

func TestWatchMissesNothingInFoldersThatComeWithTheirContent(t *testing.T) {
	dir, outside := folder(t), folder(t)
	must(os.MkdirAll(outside+"/x/y", 0o755))
	must(os.WriteFile(outside+"/x/y/file", []byte("1"), 0o644))
	changes := watching(t, "/files", dir, "")
	must(os.Rename(outside+"/x", dir+"/x"))
	expectChanges(t, changes, dir, "created x dir", "created x/y dir", "created x/y/file 1")
	for i := range 50 {
		deep := fmt.Sprintf("%s/n%d/a/b/c", dir, i)
		must(os.MkdirAll(deep, 0o755))
		must(os.WriteFile(deep+"/leaf", nil, 0o644))
	}
	leaves := 0
	for timeout := time.After(5 * time.Second); leaves < 50; {
		select {
		case change := <-changes:
			if strings.HasSuffix(change, "/leaf") {
				leaves++
			}
		case <-timeout:
			t.Fatal("leaves seen: ", leaves)
		}
	}
	must(os.Rename(dir+"/x", outside+"/x"))
	must(os.WriteFile(outside+"/x/y/later", nil, 0o644))
	expectChanges(t, changes, dir, "deleted x dir")
}

func TestWatchFollowsNoLinkAndKeepsItsLimits(t *testing.T) {
	t.Cleanup(func() { eventually(t, "all watches are gone", func() bool { return subject.watchers.Load() == 0 }) })
	dir, outside := folder(t), folder(t)
	changes := watching(t, "/files", dir, "")
	must(os.Symlink(outside, dir+"/link"))
	expectChanges(t, changes, dir, fmt.Sprintf("created link %d", len(outside)))
	must(os.WriteFile(outside+"/secret", []byte("x"), 0o644))
	expectChanges(t, changes, dir)
	expectFault(t, send(t, "GET", "/files/watch?path="+dir+"/none", nil), "NOT_FOUND")
	expectFault(t, send(t, "GET", "/files/watch?path=/proc", nil), "FORBIDDEN")
	expectFault(t, send(t, "GET", "/files/watch?recursive=maybe", nil), "VALIDATION_ERROR")
	for range maxWatchers - int(subject.watchers.Load()) {
		watching(t, "/files", dir, "")
	}
	expectFault(t, send(t, "GET", "/files/watch?path="+dir, nil), "UNAVAILABLE")
}

func TestWatchOfAFileAndOfOneLevel(t *testing.T) {
	dir := folder(t)
	must(os.Mkdir(dir+"/sub", 0o755))
	must(os.WriteFile(dir+"/one", nil, 0o644))
	file := watching(t, "/files", dir+"/one", "")
	level := watching(t, "/files", dir, "&recursive=false")
	must(os.WriteFile(dir+"/other", nil, 0o644))
	must(os.WriteFile(dir+"/sub/below", nil, 0o644))
	must(os.WriteFile(dir+"/tmp", []byte("x"), 0o644))
	must(os.Rename(dir+"/tmp", dir+"/one"))
	expect(t, "of the file", <-file, "modified "+dir+"/one 1")
	expect(t, "first of the level", <-level, "created other")
	expect(t, "second of the level", <-level, "modified one 1")
}

func TestWatchEndsWithItsFolderAndConfinedOnesStayInside(t *testing.T) {
	dir, outside := folder(t), outsideWorkspace(t)
	must(os.Symlink(outside, dir+"/out"))
	expectOutside(t, "watch", send(t, "GET", "/confined/files/watch?path="+dir+"/out", nil))
	expectOutside(t, "watch", send(t, "GET", "/confined/files/watch?path=/etc", nil))
	must(os.MkdirAll(dir+"/a/b", 0o755))
	changes := watching(t, "/confined/files", dir+"/a/b", "")
	must(os.Rename(dir+"/a", outside+"/a"))
	must(os.WriteFile(outside+"/a/b/secret", nil, 0o644))
	expect(t, "the end", <-changes, "deleted "+dir+"/a/b dir")
	if change, more := <-changes; more {
		t.Error("told after the end: ", change)
	}
}

func TestWatchSaysWhenNewsWereLost(t *testing.T) {
	dir := folder(t)
	changes := watching(t, "/files", dir, "")
	for i := range 2 * maxPending {
		must(os.WriteFile(fmt.Sprint(dir, "/", i), nil, 0o644))
		if i%64 == 0 {
			must(syscall.Rename(fmt.Sprint(dir, "/", i), fmt.Sprint(dir, "/renamed-", i)))
		}
	}
	time.Sleep(time.Second)
	must(os.WriteFile(dir+"/last", nil, 0o644))
	found := map[string]bool{}
	for timeout := time.After(10 * time.Second); !found["created last"] && !found["overflow "+dir+" dir"]; {
		select {
		case change := <-changes:
			found[change] = true
		case <-timeout:
			t.Fatal("neither told nor said to be lost")
		}
	}
}

func TestAWatchThatEndsLeavesNothing(t *testing.T) {
	before := len(must2(os.ReadDir("/proc/self/fd")))
	dir := folder(t)
	stream := openStream(t, "GET", "/files/watch?path="+dir, "")
	stream.response.Body.Close()
	eventually(t, "the watch is gone", func() bool { return subject.watchers.Load() == 0 })
	eventually(t, "its descriptors are closed", func() bool { return len(must2(os.ReadDir("/proc/self/fd"))) <= before+2 })
}

func must2[T any](value T, err error) T {
	must(err)
	return value
}

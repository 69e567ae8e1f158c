package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path"
	"syscall"
	"time"
)

const (
	// watchQuiet: changes are told once nothing has happened for this long, and watchLongest after the first of them at the latest.
	watchQuiet   = 50 * time.Millisecond
	watchLongest = 250 * time.Millisecond
	// maxPending is how many paths a window may hold.
	maxPending = 4096
	// maxWatchers bounds the watches of a sandbox at a time.
	maxWatchers = 16
)

// watcher follows the changes below one folder for one client.
type watcher struct {
	agent     *agent
	name      string // the folder as the caller names it
	real      string // and without links; once it has another name the watch is over
	root      int    // O_PATH
	only      string // the caller named a file: changes of that entry alone
	recursive bool
	queue     *inotify

	top     *watched
	folders map[int32]*watched
	known   int
	moving  map[uint32]*halfMove
	changes changeSet
	lost    string // why the client must list again; "" when it need not
	isShort bool   // the limit was met; said once
}

// halfMove is the first half of a rename, until the second one comes.
type halfMove struct {
	what   seen
	folder *watched // when it is a folder under watch
	missed bool     // and something has happened in it
}

// watchFiles streams changes as newline-delimited JSON. When the answer begins everything is under watch.
func (a *agent) watchFiles(in tree, w http.ResponseWriter, r *http.Request) error {
	name, err := a.queryPath(r, a.config.workspace)
	if err != nil {
		return err
	}
	recursive, err := queryBool(r, "recursive", true)
	if err != nil {
		return err
	}
	defer a.watchers.Add(-1)
	if a.watchers.Add(1) > maxWatchers {
		return newFault("UNAVAILABLE", "At most %d watches of a sandbox at a time; end one.", maxWatchers)
	}
	watch := &watcher{agent: a, name: name, recursive: recursive, root: -1}
	defer watch.close()
	if err := watch.open(in); err != nil {
		return asFault(err, name)
	}
	watch.stream(w, r)
	return nil
}

// open locates the folder in the tree and puts it under watch.
func (w *watcher) open(in tree) (err error) {
	err = w.agent.asSandbox(func() error {
		place, err := in.locate(w.name, true)
		if err != nil {
			return err
		}
		defer place.close()
		info, err := os.Lstat(place.path())
		if err != nil {
			return err
		}
		folder := place.path()
		if !info.IsDir() {
			folder, w.only, w.recursive = descriptorPath(place.folder)+"/.", place.base, false
			w.name = path.Dir(w.name)
		}
		if w.root, err = syscall.Open(folder, oPath|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0); err != nil {
			return err
		}
		if w.real, err = os.Readlink(descriptorPath(w.root)); err != nil {
			return err
		}
		return syscall.Access(descriptorPath(w.root)+"/.", 4)
	})
	if err != nil {
		return err
	}
	if w.queue, err = openInotify(); err != nil {
		return err
	}
	return w.begin()
}

// begin reads the tree, at first and after news were lost.
func (w *watcher) begin() error {
	if w.top != nil {
		w.forget(w.top) // what is still in the queue is about watches that are no longer known
	}
	w.top, w.folders, w.known, w.moving, w.changes = nil, map[int32]*watched{}, 0, map[uint32]*halfMove{}, changeSet{}
	w.watch(nil, "", false)
	if w.top == nil {
		return newFault("UNAVAILABLE", "%s cannot be watched: it is gone, or the system's limit of watches is reached.", w.name)
	}
	return nil
}

func (w *watcher) close() {
	if w.queue != nil {
		w.queue.close()
	}
	if w.root >= 0 {
		_ = syscall.Close(w.root)
	}
}

// stream tells changes until the client hangs up or the folder is gone.
func (w *watcher) stream(answer http.ResponseWriter, r *http.Request) {
	s := &eventStream{w: answer, control: http.NewResponseController(answer)}
	defer func() { _ = s.control.SetWriteDeadline(time.Time{}) }()
	answer.Header().Set("Content-Type", "application/x-ndjson")
	s.line = append(s.line, '\n')
	ctx := r.Context()
	defer context.AfterFunc(ctx, func() { _ = w.queue.file.SetReadDeadline(time.Unix(1, 0)) })()
	buf := make([]byte, 8<<10)
	beat := time.Now().Add(heartbeat)
	var latest time.Time // by when the window must be told; zero: nothing to tell
	for s.flush() {
		_ = w.queue.file.SetReadDeadline(w.readUntil(latest, beat))
		if ctx.Err() != nil {
			return
		}
		n, err := w.queue.file.Read(buf)
		if ctx.Err() != nil || err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		for _, news := range notices(buf[:max(n, 0)]) {
			// What is known of paths below a folder is told under the name it had.
			if news.is(syscall.IN_MOVED_FROM) && news.isDir() && !w.changes.empty() && !w.tell(s) {
				s.flush()
				return
			}
			w.take(news)
		}
		now := time.Now()
		switch pending := w.lost != "" || !w.changes.empty(); {
		case pending && latest.IsZero() && n > 0 && !w.changes.full():
			latest = now.Add(watchLongest)
		case pending && (n <= 0 || now.After(latest) || w.changes.full()):
			latest = time.Time{}
			if !w.tell(s) {
				s.flush()
				return
			}
		}
		if now.After(beat) {
			beat = now.Add(heartbeat)
			s.line = append(s.line, '\n')
		}
	}
}

// readUntil bounds the next read: until it is quiet when there is something to tell, else until the next heartbeat.
func (w *watcher) readUntil(latest, beat time.Time) time.Time {
	if latest.IsZero() {
		return beat
	}
	if quiet := time.Now().Add(watchQuiet); quiet.Before(latest) {
		return quiet
	}
	return latest
}

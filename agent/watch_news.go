package main

import (
	"encoding/json"
	"os"
	"path"
	"syscall"
)

// take notes one piece of news of the kernel.
func (w *watcher) take(news notice) {
	if news.is(syscall.IN_Q_OVERFLOW) {
		w.lost = "queue"
		if w.begin() != nil {
			w.top = nil // tell ends the watch
		}
		return
	}
	folder := w.folders[news.wd]
	switch {
	case folder == nil || w.only != "" && news.name != w.only && news.name != "":
	case news.is(syscall.IN_IGNORED):
		w.forget(folder) // the folder was deleted
	case news.is(syscall.IN_DELETE_SELF | syscall.IN_MOVE_SELF):
		if folder == w.top {
			w.changes.of("", true) // tell looks whether it is still there
		}
	case folder.root() != w.top:
		w.missed(folder.root()) // inside a folder whose new name is not known yet
	default:
		w.takeEntry(folder, news)
	}
}

func (w *watcher) takeEntry(folder *watched, news notice) {
	name := path.Join(folder.path(), news.name)
	switch {
	case news.is(syscall.IN_CREATE):
		if !w.learn(folder, news.name) {
			return // found when its folder was read
		}
		w.changes.created(name, news.isDir())
		w.enter(folder, news)
	case news.is(syscall.IN_MODIFY):
		w.changes.modified(name)
	case news.is(syscall.IN_DELETE):
		w.unlearn(folder, news.name)
		w.changes.gone(name, news.isDir())
	case news.is(syscall.IN_MOVED_FROM):
		w.leave(folder, news, name)
	case news.is(syscall.IN_MOVED_TO):
		w.arrive(folder, news, name)
	}
}

// enter puts a folder that has come under watch.
func (w *watcher) enter(folder *watched, news notice) {
	if news.isDir() && w.recursive {
		w.watch(folder, news.name, true)
	}
}

// leave notes the first half of a rename.
func (w *watcher) leave(folder *watched, news notice, name string) {
	w.unlearn(folder, news.name)
	moved := &halfMove{folder: folder.children[news.name]}
	if moved.folder != nil {
		// Its path is that of its news from here on; until the other half comes it has none.
		delete(folder.children, news.name)
		moved.folder.parent = nil
	}
	moved.what = w.changes.gone(name, news.isDir())
	w.moving[news.cookie] = moved
}

// arrive notes the second half, or what came from outside of the watch.
func (w *watcher) arrive(folder *watched, news notice, name string) {
	existed := folder.partial || folder.has(news.name)
	w.learn(folder, news.name)
	moved := w.moving[news.cookie]
	delete(w.moving, news.cookie)
	if moved == nil {
		if existed {
			w.changes.modified(name)
		} else {
			w.changes.created(name, news.isDir())
		}
		w.enter(folder, news)
		return
	}
	w.changes.arrived(moved.what, name, existed, news.isDir())
	if replaced := folder.children[news.name]; replaced != nil && replaced != moved.folder {
		w.forget(replaced)
	}
	if moved.folder == nil {
		w.enter(folder, news)
		return
	}
	if moved.missed {
		w.lost = "moving"
	}
	moved.folder.parent, moved.folder.name = folder, news.name
	if folder.children == nil {
		folder.children = map[string]*watched{}
	}
	folder.children[news.name] = moved.folder
}

// missed notes that a folder on its way was changed: should it arrive, the client must list again.
func (w *watcher) missed(folder *watched) {
	for _, moved := range w.moving {
		moved.missed = moved.missed || moved.folder == folder
	}
}

// limited notes that folders are left out; the client is told once.
func (w *watcher) limited() {
	if !w.isShort {
		w.isShort, w.lost = true, "watch_limit"
	}
}

// changeView is a change on the wire. An overflow names the watched folder: list it again.
type changeView struct {
	Type      string `json:"type"`
	Path      string `json:"path"`
	OldPath   string `json:"oldPath,omitempty"`
	IsDir     bool   `json:"isDir"`
	SizeBytes int64  `json:"sizeBytes"`
	Reason    string `json:"reason,omitempty"`
}

// tell writes what the window holds. False: the folder is no longer where it was, so nothing of it is told any more.
func (w *watcher) tell(s *eventStream) bool {
	for cookie, moved := range w.moving { // the other half will not come: it has left the tree
		if moved.folder != nil {
			w.forget(moved.folder)
		}
		delete(w.moving, cookie)
	}
	list, lost := w.changes.take(), w.lost
	w.lost = ""
	if real, err := os.Readlink(descriptorPath(w.root)); err != nil || real != w.real || w.top == nil {
		s.append(changeView{Type: "deleted", Path: w.name, IsDir: true})
		return false
	}
	if lost != "" {
		s.append(changeView{Type: "overflow", Path: w.name, IsDir: true, Reason: lost})
	}
	views := make([]changeView, 0, len(list))
	_ = w.agent.asSandbox(func() error {
		for _, c := range list {
			if c.path != "" {
				views = append(views, w.view(c))
			}
		}
		return nil
	})
	for _, view := range views {
		s.append(view)
		if len(s.line) > eventBytes && !s.flush() {
			return false
		}
	}
	return true
}

func (w *watcher) view(c change) changeView {
	v := changeView{Type: c.kind, Path: path.Join(w.name, c.path), IsDir: c.dir}
	if c.old != "" {
		v.OldPath = path.Join(w.name, c.old)
	}
	if c.kind == "deleted" {
		return v
	}
	folder, err := w.openBelow(path.Dir(c.path))
	if err != nil {
		return v
	}
	defer syscall.Close(folder)
	if info, err := os.Lstat(descriptorPath(folder) + "/" + path.Base(c.path)); err == nil {
		v.IsDir, v.SizeBytes = info.IsDir(), info.Size()
	}
	return v
}

// append adds one line to what the next flush sends.
func (s *eventStream) append(line any) {
	text, _ := json.Marshal(line)
	s.line = append(append(s.line, text...), '\n')
}

package capture

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Library finds the captures of children: sensors and switches that a hub
// lists are kept in files of their own, see [ChildName]. It reads a file once,
// however many hubs refer to it, and may be used from several goroutines. The
// zero value knows no files; a nil *Library neither.
type Library struct {
	mu      sync.Mutex
	folders []string
	loaded  map[string]*File
	failed  map[string]error
}

// NewLibrary makes a library of the files given and of those that lie beside
// the paths, which are captures or folders of captures: in the same folder, in
// child/ of it, and in smart/child/ and smartcam/child/ next to it.
func NewLibrary(paths ...string) *Library {
	l := &Library{}
	seen := map[string]bool{}
	for _, p := range paths {
		folder := p
		if strings.EqualFold(filepath.Ext(p), ".json") {
			folder = filepath.Dir(p)
		}
		for _, f := range []string{
			folder, filepath.Join(folder, "child"),
			filepath.Join(folder, "smart", "child"), filepath.Join(folder, "smartcam", "child"),
			filepath.Join(folder, "..", "smart", "child"), filepath.Join(folder, "..", "smartcam", "child"),
		} {
			if !seen[f] {
				seen[f] = true
				l.folders = append(l.folders, f)
			}
		}
	}
	return l
}

// Add puts captures into the library that come from somewhere else.
func (l *Library) Add(files ...*File) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.loaded == nil {
		l.loaded = map[string]*File{}
	}
	for _, f := range files {
		l.loaded[f.Name] = f
	}
}

// Child gives the capture of the child that a hub describes so, or nil when
// there is none. An error means that there is a file and it cannot be read.
func (l *Library) Child(description json.RawMessage) (*File, error) {
	name, ok := ChildName(description)
	if l == nil || !ok {
		return nil, nil //nolint:nilnil // having no file is usual
	}
	return l.Named(name)
}

// Named gives the capture of that name (see [File.Name]), nil when there is none.
func (l *Library) Named(name string) (*File, error) {
	if l == nil {
		return nil, nil //nolint:nilnil // as in Child
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if f, ok := l.loaded[name]; ok {
		return f, l.failed[name]
	}
	f, err := l.search(name)
	if l.loaded == nil {
		l.loaded = map[string]*File{}
	}
	if l.failed == nil {
		l.failed = map[string]error{}
	}
	l.loaded[name], l.failed[name] = f, err
	return f, err
}

// Model gives a capture of a child of that model, of whatever version, nil when
// there is none. Of several it is the first by name.
func (l *Library) Model(model string) (*File, error) {
	if l == nil || model == "" || strings.ContainsAny(model, `/\*?[`) {
		return nil, nil //nolint:nilnil // as in Child
	}
	fits := func(name string) bool {
		return strings.HasPrefix(name, model+"(") || strings.HasPrefix(name, model+"_")
	}
	var names []string
	l.mu.Lock()
	for name, f := range l.loaded {
		if f != nil && f.Child && fits(name) {
			names = append(names, name)
		}
	}
	folders := l.folders
	l.mu.Unlock()
	for _, folder := range folders {
		if filepath.Base(folder) != "child" {
			continue
		}
		paths, err := filepath.Glob(filepath.Join(folder, model+"*.json"))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			if name := strings.TrimSuffix(filepath.Base(path), ".json"); fits(name) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil, nil //nolint:nilnil // as in Child
	}
	return l.Named(slices.Min(names))
}

func (l *Library) search(name string) (*File, error) {
	for _, folder := range l.folders {
		path := filepath.Join(folder, name+".json")
		if _, err := os.Stat(path); err != nil {
			continue
		}
		return Load(path)
	}
	return nil, nil //nolint:nilnil // as in Child
}

// ReadAll loads captures. A path is a file, or a folder, of which all *.json
// files are taken, also those in folders below, in the order of their paths.
// In a folder, JSON that is no capture is left out, and so are children while
// there is anything else, since they belong to hubs; broken JSON is an error
// everywhere. All errors are reported, joined, next to the files that are good.
func ReadAll(paths ...string) ([]*File, error) {
	var files []*File
	var errs []error
	for _, p := range paths {
		info, err := os.Stat(p)
		if err == nil && info.IsDir() {
			found, err := readFolder(p)
			files = append(files, found...)
			errs = append(errs, err)
			continue
		}
		f, err := Load(p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, f)
	}
	return files, errors.Join(errs...)
}

func readFolder(folder string) ([]*File, error) {
	var alone, children []*File
	var errs []error
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() || !strings.EqualFold(filepath.Ext(path), ".json") {
			return nil
		}
		f, err := Load(path)
		var format *FormatError
		switch {
		case errors.As(err, &format) && format.Unknown:
		case err != nil:
			errs = append(errs, err)
		case f.Child:
			children = append(children, f)
		default:
			alone = append(alone, f)
		}
		return nil
	})
	if len(alone) == 0 {
		alone = children
	}
	return alone, errors.Join(append(errs, err)...)
}

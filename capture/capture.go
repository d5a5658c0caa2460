// Package capture reads the file format in which the answers of a device are
// kept: one JSON object per device, that names for each query what the device
// answered. Simulated devices are made of captures, and a snapshot of a real
// device is written as one.
//
// IOT devices are kept as module, method, answer; all others as method,
// result. An integer in place of a result is an error code, and null means
// success without a result. The member discovery_result holds the answer to
// the discovery on UDP port 20002.
//
// The package checks the shape and copies nothing out of it: what an answer
// means is the business of packages method and simulator.
//
//	f, err := capture.Load("P110(EU)_1.0_1.3.0.json")
//	if err != nil {
//		return err // names file, line and column
//	}
//	fmt.Println(f.Name, f.Family, len(f.Data))
package capture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"wattle"
)

// MaxSize is how many bytes a capture may have. The largest known ones, of
// vacuums with their map, have a few hundred KiB.
const MaxSize = 8 << 20

// The kinds of captures: the folders in which collections keep them.
const (
	KindIOT           = "iot"
	KindIOTCamera     = "iotcam"
	KindSmart         = "smart"
	KindSmartChild    = "smart/child"
	KindSmartcam      = "smartcam"
	KindSmartcamChild = "smartcam/child"
)

// File is one capture. It is not changed after it was read, so many devices
// may be made of it at once and from several goroutines.
type File struct {
	// Name is the file name without folder and ".json", such as
	// "P110(EU)_1.0_1.3.0".
	Name string
	// Path is where it was read from, "" if not from a file.
	Path   string
	Kind   string        // one of the Kind constants
	Family wattle.Family // follows from Kind
	// Child: of a device that is reached through a hub, not by itself.
	Child bool
	// Data holds, compact, the answers by module (IOT) or method (all
	// others), without discovery_result.
	Data map[string]json.RawMessage
	// Discovery is "result" of the answer on UDP port 20002, nil if there is
	// none. See docs/protocol/discovery.md section 2.3.
	Discovery json.RawMessage

	mu      sync.Mutex
	methods map[string]map[string]json.RawMessage
}

// Load reads and checks the capture at path.
func Load(path string) (*File, error) {
	in, err := os.Open(path) //nolint:gosec // reading the file the user names is the purpose
	if err != nil {
		return nil, fmt.Errorf("open capture: %w", err)
	}
	defer in.Close()
	if info, err := in.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder, not a capture: name the files in it, or use ReadAll", path)
	}
	f, err := Parse(path, in)
	if err != nil {
		return nil, err
	}
	f.Path = path
	return f, nil
}

// Parse reads a capture. name is its path or file name: it names the capture,
// appears in errors, and its folder decides where the content leaves open
// whether it is of a child. Errors are a *[FormatError].
func Parse(name string, r io.Reader) (*File, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read capture %s: %w", name, err)
	}
	if len(text) > MaxSize {
		return nil, &FormatError{
			Name: name, Reason: fmt.Sprintf("larger than %d MiB", MaxSize>>20),
			Advice: "this is not a capture of a device",
		}
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	data, err := decode(name, text)
	if err != nil {
		return nil, err
	}
	f := &File{Name: baseName(name), Data: data}
	if err := f.takeDiscovery(name); err != nil {
		return nil, err
	}
	f.Kind = kindOf(name, f)
	switch f.Kind {
	case KindIOT, KindIOTCamera:
		f.Family = wattle.IOT
	case KindSmart, KindSmartChild:
		f.Family = wattle.SMART
	case KindSmartcam, KindSmartcamChild:
		f.Family = wattle.SMARTCAM
	default:
		return nil, &FormatError{
			Name: name, Reason: "has the answers of no known kind of device", Unknown: true,
			Advice: "a capture has system.get_sysinfo (Kasa), get_device_info (Tapo) or getDeviceInfo (cameras)",
		}
	}
	f.Child = f.Kind == KindSmartChild || f.Kind == KindSmartcamChild
	if f.Family == wattle.IOT {
		if err := f.checkModules(name); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// takeDiscovery moves discovery_result out of the data. Both the whole answer
// and its result alone are in use.
func (f *File) takeDiscovery(name string) error {
	raw, ok := f.Data["discovery_result"]
	if !ok {
		return nil
	}
	delete(f.Data, "discovery_result")
	if isNull(raw) {
		return nil
	}
	var answer struct {
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return &FormatError{
			Name: name, Reason: "discovery_result is not an object",
			Advice: "it is the JSON body of the answer on UDP port 20002; leave it out if there is none",
		}
	}
	f.Discovery = raw
	if !isNull(answer.Result) {
		f.Discovery = answer.Result
	}
	if f.Discovery[0] != '{' {
		return &FormatError{
			Name: name, Reason: "the result of discovery_result is not an object",
			Advice: "leave discovery_result out if there is none",
		}
	}
	return nil
}

func (f *File) checkModules(name string) error {
	for _, module := range slices.Sorted(maps.Keys(f.Data)) {
		if f.Data[module][0] != '{' {
			return &FormatError{
				Name: name, Reason: fmt.Sprintf("module %q is not an object", module),
				Advice: "IOT captures have the form {MODULE: {METHOD: ANSWER}}",
			}
		}
	}
	return nil
}

// Methods gives the answers of an IOT module by method, nil if the module is
// not in the capture. A module that the device lacks is kept as an error; then
// the members are err_code and err_msg. The map is shared: do not change it.
func (f *File) Methods(module string) map[string]json.RawMessage {
	raw, ok := f.Data[module]
	if !ok {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if m, ok := f.methods[module]; ok {
		return m
	}
	m := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil // not an object: checked when it was read
	}
	if f.methods == nil {
		f.methods = map[string]map[string]json.RawMessage{}
	}
	f.methods[module] = m
	return m
}

func baseName(name string) string {
	return strings.TrimSuffix(filepath.Base(filepath.ToSlash(name)), ".json")
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

package method

import (
	"sync"
	"time"
	_ "time/tzdata" // a host without zone data must still show a device's time
)

// zones are the zones that were needed so far, by name; nil for a name that
// is none.
var zones = struct {
	sync.Mutex
	known map[string]*time.Location
}{known: map[string]*time.Location{}}

// maxZones bounds what devices can make us remember: there are about 600
// names.
const maxZones = 1000

// Zone is the time zone of an IANA name such as "Europe/Berlin", and whether
// there is one. It is looked up once.
func Zone(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil, false
	}
	zones.Lock()
	defer zones.Unlock()
	zone, seen := zones.known[name]
	if !seen {
		if loaded, err := time.LoadLocation(name); err == nil {
			zone = loaded
		}
		if len(zones.known) < maxZones {
			zones.known[name] = zone
		}
	}
	return zone, zone != nil
}

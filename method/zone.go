package method

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // a host without zone data must still show a device's time
)

// zones are the zones that were needed so far, by name; nil for a name that
// is none. The map is replaced and never changed, since it is read often and
// grows rarely.
var (
	zones     atomic.Pointer[map[string]*time.Location]
	growZones sync.Mutex
)

// maxZones bounds what devices can make us remember: there are about 600
// names.
const maxZones = 1000

// Zone is the time zone of an IANA name such as "Europe/Berlin", and whether
// there is one. It is looked up once.
func Zone(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil, false
	}
	if known := zones.Load(); known != nil {
		if zone, seen := (*known)[name]; seen {
			return zone, zone != nil
		}
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = nil
	}
	remember(name, zone)
	return zone, zone != nil
}

func remember(name string, zone *time.Location) {
	growZones.Lock()
	defer growZones.Unlock()
	next := map[string]*time.Location{}
	if known := zones.Load(); known != nil {
		if len(*known) >= maxZones {
			return
		}
		next = maps.Clone(*known)
	}
	next[name] = zone
	zones.Store(&next)
}

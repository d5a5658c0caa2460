package cli

import (
	"context"
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // containers and Windows have none

	"wattle/history"
	"wattle/history/store"
	"wattle/recorder"
)

// archive is what the hub keeps: the open history, what is written into it, and
// what may be asked of it.
type archive struct {
	store    *store.Store
	recorder *recorder.Recorder
	reader   *recorder.Archive
}

// zone is that of the home.
func (a *app) homeZone() (*time.Location, error) {
	set, err := a.settings()
	if err != nil {
		return nil, err
	}
	name := set.text("hub.zone")
	if name == "" {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, usagef("for example Europe/Berlin", "hub.zone: %q is not a time zone that this system knows", name)
	}
	return zone, nil
}

// openHistory opens the history of the profile; nil where none is kept.
func (d *daemon) openHistory(ctx context.Context) (*archive, error) {
	set, err := d.app().settings()
	if err != nil || !set.bool("history.enabled") {
		return nil, err
	}
	zone, err := d.app().homeZone()
	if err != nil {
		return nil, err
	}
	tariffs, err := recorder.ParseTariffs(zone, set.tariffs)
	if err != nil {
		return nil, of(tariffsKey, err)
	}
	address, err := d.app().historyAddress()
	if err != nil {
		return nil, err
	}
	if !strings.Contains(address, "://") {
		if err := ensureFolder(filepath.Dir(address)); err != nil {
			return nil, err
		}
	}
	o := store.Options{Address: address, Zone: zone, Retention: history.Retention{
		Raw: set.span("history.keep.samples"), Minute: set.span("history.keep.minutes"), Hour: set.span("history.keep.hours"),
		States: set.span("history.keep.states"), Events: set.span("history.keep.events"),
	}}
	if err := o.Retention.Check(); err != nil {
		return nil, of("history.keep", err)
	}
	s, err := store.Open(ctx, o)
	if err != nil {
		return nil, of("history", err)
	}
	return &archive{
		store: s, recorder: recorder.New(&recorder.Options{Sink: s, Every: writeEvery, Grace: endings, Logger: d.log}), reader: recorder.NewArchive(s, tariffs),
	}, nil
}

// writeEvery is how often the hub writes what it has seen: memory cards wear out
// by each write, and what a power cut may take is one poll.
const writeEvery = 5 * time.Second

// close writes what waits, and closes.
func (h *archive) close(d *daemon) {
	ctx, cancel := context.WithTimeout(context.Background(), endings)
	defer cancel()
	if err := h.store.Close(ctx); err != nil {
		d.log.Error("history not closed", "err", err)
	}
}

package cli

import (
	"context"
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // containers and Windows have none

	"wattle/history"
	"wattle/history/store"
	"wattle/hub"
	"wattle/recorder"
)

// archive is what the hub keeps: the open history, what is written into it, and
// what may be asked of it.
type archive struct {
	address  string
	store    *store.Store
	recorder *recorder.Recorder
	reader   *recorder.Archive
	writes   *part // the recorder, nil before it runs
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
func (d *daemon) openHistory(ctx context.Context, a *app) (*archive, error) {
	set, err := a.settings()
	if err != nil || !set.bool("history.enabled") {
		return nil, err
	}
	zone, err := a.homeZone()
	if err != nil {
		return nil, err
	}
	tariffs, err := recorder.ParseTariffs(zone, set.tariffs)
	if err != nil {
		return nil, of(tariffsKey, err)
	}
	address, err := a.historyAddress()
	if err != nil {
		return nil, err
	}
	if !strings.Contains(address, "://") {
		if err := ensureFolder(filepath.Dir(address)); err != nil {
			return nil, settledBy(err, movesHistory)
		}
	}
	keep, err := set.retention()
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, store.Options{Address: address, Zone: zone, Retention: keep})
	if err != nil {
		return nil, of("history", err)
	}
	return &archive{
		address: address, store: s, recorder: recorder.New(&recorder.Options{Sink: s, Every: writeEvery, Grace: endings, Logger: d.log}), reader: recorder.NewArchive(s, tariffs),
	}, nil
}

// retention is for how long what is kept.
func (s *settings) retention() (history.Retention, error) {
	r := history.Retention{
		Raw: s.span("history.keep.samples"), Minute: s.span("history.keep.minutes"), Hour: s.span("history.keep.hours"),
		States: s.span("history.keep.states"), Events: s.span("history.keep.events"),
	}
	return r, of("history.keep", r.Check())
}

// record begins to write what the hub tells. Before that, and without a history,
// nothing is kept of it.
func (d *daemon) record(h *archive) {
	if h != nil {
		h.recorder.Attach(d.hub)
		h.writes = d.begin("recorder", h.recorder.Run)
	}
	d.archive.Store(h)
}

// observe and happened are told by the hub.
func (d *daemon) observe(o hub.Observation) {
	if h := d.archive.Load(); h != nil {
		h.recorder.Observe(o)
	}
}

func (d *daemon) happened(e hub.Event) {
	if h := d.archive.Load(); h != nil {
		h.recorder.Happened(e)
	}
}

// writeEvery is how often the hub writes what it has seen: memory cards wear out
// by each write, and what a power cut may take is one poll.
const writeEvery = 5 * time.Second

// close writes what waits, and closes. A nil archive has nothing to close.
func (h *archive) close(d *daemon) {
	if h == nil {
		return
	}
	if h.writes != nil {
		h.writes.end()
	}
	ctx, cancel := context.WithTimeout(context.Background(), endings)
	defer cancel()
	if err := h.store.Close(ctx); err != nil {
		d.log.Error("history not closed", "err", err)
	}
}

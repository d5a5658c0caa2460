package device

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/smart"
)

const (
	// scanPoll is how often a hub is asked what it has found.
	scanPoll = 2 * time.Second
	// scanLeast is how long a scan goes on at least, whatever its status says:
	// other programs wait as long before they ask for the first time.
	scanLeast = 10 * time.Second
	// ScanLength is how long a scan goes on that is not told otherwise.
	ScanLength = 30 * time.Second
	// joining is how long a child may take from being added to being listed.
	joining = 20 * time.Second
	// pairAction is the id of the action that is [Device.Pair].
	pairAction = "pair"
)

// Candidate is a device that waits to be paired: its button was pressed until
// it blinks.
type Candidate struct {
	ID       string `json:"device_id"`
	Model    string `json:"model"`
	Name     string `json:"name"`
	Category string `json:"category"` // such as "subg.trigger.contact-sensor"

	raw json.RawMessage // as the hub wants it back
}

// Pairing lets a hub take in children. See docs/protocol/smart.md section 11.
type Pairing struct{ hub *Device }

// Pairing is for hubs; for others the error wraps [wattle.ErrUnsupported].
func (d *Device) Pairing() (*Pairing, error) {
	if d.parent != nil {
		return nil, fmt.Errorf("%s: %w: its hub pairs", d.label(), wattle.ErrUnsupported)
	}
	if err := d.needs("child_quick_setup", "it is no hub that can pair"); err != nil {
		return nil, err
	}
	return &Pairing{hub: d}, nil
}

// Categories are the kinds of children that the hub can have.
func (p *Pairing) Categories(ctx context.Context) ([]string, error) {
	list, err := ask(ctx, p.hub, smart.GetCategories, method.None{})
	if list == nil {
		return nil, err
	}
	var out []string
	for _, raw := range list.List {
		var entry struct {
			Category string `json:"category"`
		}
		if json.Unmarshal(raw, &entry) == nil && entry.Category != "" {
			out = append(out, entry.Category)
		}
	}
	return out, nil
}

// Scan lets the hub look for devices that wait to be paired, and gives each as
// soon as it is found, until the scan ends: after length, 0 for [ScanLength],
// or when the hub says so.
func (p *Pairing) Scan(ctx context.Context, length time.Duration) iter.Seq2[Candidate, error] {
	if length <= 0 {
		length = ScanLength
	}
	return func(yield func(Candidate, error) bool) {
		categories, err := ask(ctx, p.hub, smart.GetCategories, method.None{})
		if categories == nil {
			yield(Candidate{}, err)
			return
		}
		if err := do(ctx, p.hub, smart.BeginScan, method.None{}); err != nil {
			yield(Candidate{}, err)
			return
		}
		begin := time.Now()
		seen := map[string]bool{}
		for going := true; going; {
			if err := pause(ctx, min(scanPoll, length-time.Since(begin))); err != nil {
				yield(Candidate{}, err)
				return
			}
			found, err := ask(ctx, p.hub, smart.GetScan, smart.ScanQuery{List: categories.List})
			if found == nil {
				yield(Candidate{}, err)
				return
			}
			for _, c := range candidates(found) {
				if seen[c.ID] {
					continue
				}
				seen[c.ID] = true
				if !yield(c, nil) {
					return
				}
			}
			ran := time.Since(begin)
			going = ran < length && (ran < scanLeast || found.Status.Or("") == smart.Scanning)
		}
	}
}

func candidates(r *smart.ScanResult) []Candidate {
	var out []Candidate
	for _, raw := range r.List {
		var c smart.ScannedChild
		if json.Unmarshal(raw, &c) == nil && c.ID != "" {
			out = append(out, Candidate{ID: c.ID, Model: c.Model, Name: smart.Text(c.Name), Category: c.Category, raw: raw})
		}
	}
	return out
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Add takes in what [Pairing.Scan] has found, and waits until the hub lists
// it. It gives the new children; one that the hub does not list in time is
// an error that wraps [wattle.ErrNotFound], next to those that came.
func (p *Pairing) Add(ctx context.Context, found ...Candidate) ([]*Device, error) {
	if len(found) == 0 {
		return nil, nil
	}
	var params smart.AddParams
	for _, c := range found {
		if c.raw == nil {
			return nil, fmt.Errorf("%w: %q is not the result of a scan", wattle.ErrParam, c.ID)
		}
		params.List = append(params.List, c.raw)
	}
	if err := do(ctx, p.hub, smart.AddChildren, params); err != nil {
		return nil, err
	}
	begin := time.Now()
	for {
		if _, err := p.hub.Refresh(ctx); err != nil {
			return nil, err
		}
		var out []*Device
		for _, c := range p.hub.Children() {
			if slices.ContainsFunc(found, func(f Candidate) bool { return f.ID == c.child }) {
				out = append(out, c)
			}
		}
		switch {
		case len(out) == len(found):
			return out, nil
		case time.Since(begin) >= joining:
			return out, fmt.Errorf("%w: the hub lists %d of %d after %v; press the button of the others until they blink, and pair again",
				wattle.ErrNotFound, len(out), len(found), joining)
		}
		if err := pause(ctx, scanPoll); err != nil {
			return out, err
		}
	}
}

// Remove makes the hub forget children, which are then free to be paired
// elsewhere.
func (p *Pairing) Remove(ctx context.Context, children ...*Device) error {
	var params smart.Children
	for _, c := range children {
		if c.parent != p.hub {
			return fmt.Errorf("%w: %s is no child of %s", wattle.ErrParam, c.label(), p.hub.label())
		}
		params.List = append(params.List, smart.ChildID{ID: c.child})
	}
	if len(params.List) == 0 {
		return nil
	}
	if err := do(ctx, p.hub, smart.RemoveChildren, params); err != nil {
		return err
	}
	_, err := p.hub.Refresh(ctx)
	return err
}

// Pair scans for ten seconds and takes in all that is found then: what the
// action "pair" does. The error wraps [wattle.ErrNotFound] when nothing was.
func (d *Device) Pair(ctx context.Context) ([]*Device, error) {
	p, err := d.Pairing()
	if err != nil {
		return nil, err
	}
	var found []Candidate
	for c, err := range p.Scan(ctx, scanLeast) {
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: %w: no device waits to be paired; press its button until it blinks", d.label(), wattle.ErrNotFound)
	}
	return p.Add(ctx, found...)
}

// Unpair makes the hub of a child forget it.
func (d *Device) Unpair(ctx context.Context) error {
	if d.parent == nil {
		return fmt.Errorf("%s: %w: it is not behind a hub", d.label(), wattle.ErrUnsupported)
	}
	p, err := d.parent.Pairing()
	if err != nil {
		return err
	}
	return p.Remove(ctx, d)
}

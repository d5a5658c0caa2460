package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"wattle"
	"wattle/connect"
	"wattle/discover"
	"wattle/hub"
	"wattle/internal/known"
)

// everything is the word for all known devices.
const everything = "all"

// resolve finds what the user calls devices. A name that is not known is
// looked for once in the network. The targets are in the order of the names,
// each device once.
func (a *app) resolve(ctx context.Context, refs []string) ([]target, error) {
	book, err := a.book()
	if err != nil {
		return nil, err
	}
	if err := book.load(ctx); err != nil {
		return nil, err
	}
	found := make([][]target, len(refs))
	var missing []int
	for i, ref := range refs {
		if room, ok := hub.CutRoom(ref); ok { // only memory knows rooms: nobody is asked
			if found[i], err = book.inRoom(room, hub.Within); err != nil {
				return nil, err
			}
			continue
		}
		if group, ok := strings.CutPrefix(ref, "@"); ok {
			if found[i], err = a.inGroup(ctx, group); err != nil {
				return nil, err
			}
			continue
		}
		found[i], err = lookUp(book, ref)
		switch {
		case errors.Is(err, wattle.ErrNotFound):
			missing = append(missing, i)
		case err != nil:
			return nil, err
		}
	}
	missing, err = a.askParents(ctx, book, refs, missing, found)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 && a.policy() == connect.CloudOnly {
		if missing, err = a.askCloud(ctx, book, refs, missing, found); err != nil {
			return nil, err
		}
		if len(missing) > 0 {
			return nil, notOnAccount(refs, missing)
		}
	}
	if len(missing) > 0 {
		if err := a.search(ctx, book, refs, missing, found); err != nil {
			return nil, err
		}
	}
	var out []target
	seen := map[string]bool{}
	for _, targets := range found {
		for _, t := range targets {
			if key := t.key() + "/" + t.child; !seen[key] {
				seen[key] = true
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// lookUp finds a reference among the known devices; an address needs not be known.
func lookUp(b *book, ref string) ([]target, error) {
	if ref == everything {
		var all []target
		for _, d := range b.devices() {
			all = append(all, target{known: d, label: d.Name(), every: true})
		}
		if len(all) == 0 {
			return nil, wattle.ErrNotFound
		}
		return all, nil
	}
	t, err := b.find(ref)
	if err == nil {
		return []target{t}, nil
	}
	if host, child, _ := strings.Cut(ref, "/"); isNotFound(err) && isAddress(host) {
		return []target{{known: known.Device{Address: host}, label: ref, child: child}}, nil
	}
	return nil, err
}

// isAddress reports whether a reference can only be the address of a device.
func isAddress(ref string) bool {
	_, err := netip.ParseAddr(ref)
	return err == nil
}

func isNotFound(err error) bool { return errors.Is(err, wattle.ErrNotFound) }

// askParents asks strips and hubs that are known for children that are not,
// and gives what is still missing then.
func (a *app) askParents(ctx context.Context, book *book, refs []string, missing []int, found [][]target) (still []int, err error) {
	for _, i := range missing {
		parent, ok := parentOf(book, refs[i])
		if ok {
			_, errs := visit(ctx, a, []target{parent}, func(ctx context.Context, d *opened) (struct{}, error) {
				_, err := d.dev.Refresh(ctx)
				return struct{}{}, err
			})
			if errs[0] != nil {
				return nil, errs[0]
			}
			if found[i], err = lookUp(book, refs[i]); err != nil {
				return nil, err
			}
			continue
		}
		still = append(still, i)
	}
	return still, nil
}

// parentOf is the known device before a slash of a reference.
func parentOf(book *book, ref string) (target, bool) {
	for at := range len(ref) {
		if ref[at] == '/' {
			if t, err := book.find(ref[:at]); err == nil && t.child == "" {
				return t, true
			}
		}
	}
	return target{}, false
}

// search sweeps for names that are not known, and ends as soon as all are found.
func (a *app) search(ctx context.Context, book *book, refs []string, missing []int, found [][]target) error {
	o, err := a.sweepOptions(nil)
	if err != nil {
		return err
	}
	o.Timeout = min(o.Timeout, max(a.timeout/2, 3*1e9))
	if a.errTTY {
		a.say("looking for %s in the network", quoted(refs, missing))
	}
	sweepCtx, stop := context.WithCancel(ctx)
	defer stop()
	check := func() {
		for _, i := range missing {
			if refs[i] == everything {
				return // there may always be one more
			}
			if targets, err := lookUp(book, refs[i]); err != nil || targets[0].known.MAC.IsZero() {
				return
			}
		}
		stop()
	}
	learn := newLearner(a, func(*discover.Found, known.Device) { check() })
	problems := sweep(sweepCtx, o, func(f *discover.Found) {
		learn.name(sweepCtx, f, book.sighted(f))
		check()
	})
	learn.wait()
	if err := book.save(ctx); err != nil {
		a.warn(err)
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	errs := make([]error, len(missing))
	var left []int
	for n, i := range missing {
		var err error
		if found[i], err = lookUp(book, refs[i]); err != nil {
			errs[n] = notFound(err, problems, learn.failures())
			if refs[i] != everything {
				left = append(left, i)
			}
		}
	}
	if left, err = a.askCloud(ctx, book, refs, left, found); err != nil {
		return err
	}
	for n, i := range missing {
		if found[i] != nil && !slices.Contains(left, i) {
			errs[n] = nil
		}
	}
	return join(errs)
}

// notOnAccount explains why a name was not found in the cloud.
func notOnAccount(refs []string, missing []int) error {
	return &fault{
		err:  fmt.Errorf("%s is not on the TP-Link account", quoted(refs, missing)),
		code: CodeNotFound, hint: `"wattle cloud devices" lists what is on it`,
	}
}

// notFound explains why a name was not found: nobody answered, or devices did
// that do not tell their name without a login.
func notFound(err error, problems, unnamed []error) error {
	f := &fault{err: err, code: CodeNotFound}
	if _, ok := errors.AsType[*known.NotFoundError](err); !ok {
		f.err = errors.New("no device was found")
	}
	switch {
	case len(unnamed) > 0 && errors.Is(unnamed[0], wattle.ErrAuth):
		f.hint = `devices answered that tell their names only after a login: run "wattle auth login"`
	case len(problems) > 0:
		f.hint = problems[0].Error()
	default:
		f.hint = `"wattle list" shows the known devices; "wattle discover --target" looks in other networks`
	}
	return f
}

func quoted(refs []string, which []int) string {
	var names []string
	for _, i := range which {
		names = append(names, `"`+refs[i]+`"`)
	}
	return strings.ReplaceAll(list(names), " or ", " and ")
}

// learner asks devices for their names that tell them only after a login,
// a few at once, while the sweep goes on.
type learner struct {
	app   *app
	named func(*discover.Found, known.Device)
	slots chan struct{}
	wg    sync.WaitGroup

	mu   sync.Mutex
	done map[wattle.MAC]bool
	errs []error
}

func newLearner(a *app, named func(*discover.Found, known.Device)) *learner {
	return &learner{app: a, named: named, slots: make(chan struct{}, parallel), done: map[wattle.MAC]bool{}}
}

// name begins to learn the name of a device, unless it is known.
func (l *learner) name(ctx context.Context, f *discover.Found, d known.Device) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.Alias != "" || d.MAC.IsZero() || len(f.Routes) == 0 || l.done[d.MAC] || ctx.Err() != nil {
		return
	}
	l.done[d.MAC] = true
	l.wg.Go(func() {
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		defer func() { <-l.slots }()
		c := newConnection(l.app, d)
		c.routes = f.Routes
		_, err := c.wake(ctx)
		c.close(ctx)
		if err != nil {
			l.mu.Lock()
			l.errs = append(l.errs, of(d.Name(), err))
			l.mu.Unlock()
			if ctx.Err() == nil {
				f.Reason = short(err)
			}
		}
		l.named(f, c.known)
	})
}

func (l *learner) wait() { l.wg.Wait() }

func (l *learner) failures() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.errs
}

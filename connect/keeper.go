package connect

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"wattle"
	"wattle/discover"
	"wattle/method"
	"wattle/transport"
)

// KeeperOptions are settings of a [Keeper] besides those of the connection; nil
// and the zero value work.
type KeeperOptions struct {
	// Learned is told what is worth being remembered of the device: where it is,
	// what worked, what was refused. It must not call the Keeper.
	Learned func(Target)
	// Changed is told each change of state, and that a device is reached locally
	// again. It must not call the Keeper.
	Changed func(Status)
	// Logger gets one line for each change of state; nil means none. The attempts
	// in between are debug lines of [Options.Logger].
	Logger *slog.Logger
	// Gate holds a token for each attempt that is under way: its capacity is how
	// many of the Keepers that share it connect at once. nil: no limit.
	Gate chan struct{}
	// Probe is how often the port of a device that does not answer is tried, which
	// is a connection without a word: the device is opened when that begins to
	// succeed. 0 means 5 s, below 0 never.
	Probe time.Duration
}

// Keeper keeps one device connected as long as [Keeper.Run] runs: it opens the
// device, and again after each loss, at once and then less often, asks it what
// it speaks after each refusal, and finds it when its address has changed. It
// is a [method.Caller] and may be used by several goroutines.
//
// A device that does not answer is tried every 25 s at least, and when its port
// begins to answer, see [KeeperOptions.Probe]. One that refuses
// is tried after 3 s, and then after twice as long up to 5 min; meanwhile it is
// asked by discovery, which costs it nothing, whether it speaks something else.
// Credentials that it refused and counted are not sent again before
// [Keeper.SetAccount]; one that is locked is left alone for
// [wattle/session.LockWait]. See docs/protocol/tpap.md section 12.2.
//
// With [Options.Cloud] and the policy [PreferLocal] a device that is not reached
// locally is opened through the cloud, and a call that was not carried out is
// repeated there. It is tried locally again when its port begins to answer or a
// sweep meets it, and once a minute.
type Keeper struct {
	log     *slog.Logger
	learned func(Target)
	told    func(Status)
	loss    chan loss
	kick    chan struct{} // try at once
	gate    chan struct{} // nil: open

	mu      sync.Mutex
	probe   time.Duration
	target  Target
	options Options
	result  *Result // nil while there is no session
	opening bool    // an attempt follows a loss: calls wait for it
	status  Status
	misses  int            // calls in a row whose caller did not wait for the answer
	closing sync.WaitGroup // ways that the last calls are still using
	changed chan struct{}  // closed when result, opening or status changes
}

// loss is the end of a session.
type loss struct {
	of  *Result
	err error
}

var _ method.Caller = (*Keeper)(nil)

const (
	// probeEvery is how often a device that does not answer is tried, at least,
	// and how often one that refuses is asked by discovery.
	probeEvery = 25 * time.Second
	// refusedFirst and refusedMost bound the pauses after refusals.
	refusedFirst = 3 * time.Second
	refusedMost  = 5 * time.Minute
	// defaultProbe is how often the port of a device is tried that does not answer,
	// and probeTimeout how long: longer than TCP takes to ask again.
	defaultProbe = 5 * time.Second
	probeTimeout = 1500 * time.Millisecond
)

// NewKeeper makes a Keeper; it does no I/O before Run.
func NewKeeper(t Target, o *Options, ko *KeeperOptions) *Keeper {
	k := &Keeper{target: t, loss: make(chan loss, 1), kick: make(chan struct{}, 1), changed: make(chan struct{})}
	if o != nil {
		k.options = *o
	}
	k.probe = defaultProbe
	if ko != nil {
		k.learned, k.told, k.log, k.gate = ko.Learned, ko.Changed, ko.Logger, ko.Gate
		k.probe = cmp.Or(ko.Probe, defaultProbe)
	}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	k.status = Status{State: Waiting, Since: time.Now()}
	return k
}

// Run keeps the device connected until ctx ends, and closes it then.
func (k *Keeper) Run(ctx context.Context) error {
	defer k.closing.Wait()
	defer k.drop(false)
	var lost error // what ended the last session, where no attempt may follow
	failures := 0
	for ctx.Err() == nil {
		begun := time.Now()
		err := lost
		if lost == nil {
			err = k.connect(ctx)
		}
		lost = nil
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			if lost = k.serve(ctx); ctx.Err() == nil && time.Since(begun) < refusedFirst {
				// It is lost as soon as it is there: no faster than this.
				wait(ctx, refusedFirst-time.Since(begun))
			}
			failures = 0
			continue
		}
		failures++
		if k.pause(ctx, begun, err, failures) {
			failures = 0
		}
	}
	return nil
}

// connect makes a session.
func (k *Keeper) connect(ctx context.Context) error {
	leave, err := k.pass(ctx)
	if err != nil {
		return err
	}
	defer leave()
	result, err := k.opener().choose(ctx)
	if err != nil {
		k.refusedBy(err)
		return err
	}
	k.took(result)
	k.mu.Lock()
	k.result, k.misses = result, 0
	k.mu.Unlock()
	if k.Away() {
		k.log.LogAttrs(ctx, slog.LevelInfo, "device is reached through the cloud", slog.String("device", k.name()))
	}
	k.become(Status{State: Online})
	return nil
}

// opener is what makes an attempt, with what is known of the device by now.
func (k *Keeper) opener() *opener {
	k.mu.Lock()
	target, options := k.target, k.options
	k.mu.Unlock()
	p := newOpener(target, &options)
	p.kept = true
	return p
}

// pass waits for a turn at the gate, until leave.
func (k *Keeper) pass(ctx context.Context) (leave func(), err error) {
	if k.gate == nil {
		return func() {}, nil
	}
	select {
	case k.gate <- struct{}{}:
		return func() { <-k.gate }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// refusedBy remembers which credentials an attempt found refused.
func (k *Keeper) refusedBy(err error) {
	if e, ok := errors.AsType[*Error](err); ok && e.Refused != "" {
		k.learn(func(t *Target) { t.Refused = e.Refused })
	}
}

// took remembers how the device was reached.
func (k *Keeper) took(result *Result) {
	k.learn(func(t *Target) {
		t.Resume, t.Refused = nil, ""
		if t.MAC.IsZero() {
			t.MAC = result.MAC
		}
		t.Name = cmp.Or(t.Name, result.Alias)
		if result.Way == nil {
			t.Host, t.Routes, t.Prefer = result.Route.Host, []wattle.Route{result.Route}, result.Credential
		}
		if result.Found != nil {
			t.Owner, t.Type = cmp.Or(result.Found.Owner, t.Owner), cmp.Or(result.Found.Type, t.Type)
		}
	})
}

// learn changes the target, and tells of it.
func (k *Keeper) learn(change func(*Target)) {
	k.mu.Lock()
	before := k.target
	change(&k.target)
	now := k.target
	k.mu.Unlock()
	same := before.Name == now.Name && before.Host == now.Host && slices.Equal(before.Routes, now.Routes) && before.MAC == now.MAC &&
		before.Owner == now.Owner && before.Type == now.Type && before.Prefer == now.Prefer && before.Refused == now.Refused
	if !same && k.learned != nil {
		k.learned(now)
	}
}

// serve waits for the end of the session. What it returns forbids the next
// attempt; nil means that it may follow at once.
func (k *Keeper) serve(ctx context.Context) error {
	if k.Away() {
		if lost, home := k.serveAway(ctx); !home {
			return lost
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.kick: // it is online: nothing to hurry
		case l := <-k.loss:
			if !k.dropped(l) {
				continue
			}
			refusal, ok := errors.AsType[*transport.AuthError](l.err)
			switch {
			case errors.Is(l.err, wattle.ErrLockout), ok && refusal.Proven():
				return l.err
			case ok && spends(refusal.Route.Transport):
				account := k.account() // learn holds the lock
				k.learn(func(t *Target) { t.Refused = Refusal(account, t.MAC) })
			}
			return nil
		}
	}
}

func (k *Keeper) account() wattle.Credentials {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.options.Account
}

// dropped closes the session that is lost, unless it is not the present one.
func (k *Keeper) dropped(l loss) bool {
	k.mu.Lock()
	current := k.result == l.of
	k.mu.Unlock()
	if current {
		k.drop(true)
	}
	return current
}

// drop closes the session. opening tells callers to wait for the next one.
func (k *Keeper) drop(opening bool) {
	k.mu.Lock()
	result := k.result
	k.result, k.opening = nil, opening
	k.tellLocked()
	k.mu.Unlock()
	if result != nil {
		if err := result.Close(); err != nil {
			k.log.Debug("close", "device", k.name(), "err", err)
		}
	}
}

func (k *Keeper) tellLocked() {
	close(k.changed)
	k.changed = make(chan struct{})
}

func (k *Keeper) name() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.target.Name == "" {
		return k.target.Host
	}
	return k.target.Name
}

// SetName says what the user calls the device by now, for messages.
func (k *Keeper) SetName(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.target.Name = name
}

// Status is how the device stands.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.status
}

// Retry makes the next attempt at once where one is waited for.
func (k *Keeper) Retry() {
	select {
	case k.kick <- struct{}{}:
	default:
	}
}

// SetAccount gives other credentials for the next attempt, which follows at
// once where one is waited for. What was refused before is tried again: it is
// for people who have typed it anew.
func (k *Keeper) SetAccount(account wattle.Credentials) {
	k.mu.Lock()
	k.options.Account, k.target.Refused = account, ""
	k.mu.Unlock()
	k.Retry()
}

// SetProbe changes [KeeperOptions.Probe] and [Options.NoSearch] for what comes
// next.
func (k *Keeper) SetProbe(every time.Duration, noSearch bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.probe, k.options.NoSearch = cmp.Or(every, defaultProbe), noSearch
}

// SetDiscover changes [Options.Discover] for what comes next.
func (k *Keeper) SetDiscover(o *discover.Options) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.options.Discover = o
}

// Found tells where a sweep has met the device, which is tried there at once
// where an attempt is waited for.
func (k *Keeper) Found(f *discover.Found) {
	k.mu.Lock()
	known := f.MAC == k.target.MAC && !f.MAC.IsZero() && (k.result == nil && k.status.State == Unreachable || k.awayLocked())
	if known {
		k.target.Host, k.target.Routes = f.Addr.String(), f.Routes
	}
	k.mu.Unlock()
	if known {
		k.Retry()
	}
}

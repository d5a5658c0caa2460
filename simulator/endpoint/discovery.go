package endpoint

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"sync"
	"time"

	"wattle/internal/wire/discovery"
)

// DefaultJitter is how long devices take to answer a probe at most: without
// it the answers of a large home arrive at once and overrun the asker.
const DefaultJitter = 300 * time.Millisecond

// maxPending bounds the answers that one device has still to send; further
// probes are not answered until some are out.
const maxPending = 64

// DiscoveryOptions are the manners of a device on UDP 20002 and 20004; nil and
// the zero value work.
type DiscoveryOptions struct {
	// Jitter is the longest wait before an answer; 0 means DefaultJitter,
	// below 0 no wait at all.
	Jitter time.Duration
	// Loss and Duplicate are the probabilities, 0 to 1, that an answer is
	// not sent, and that it is sent twice.
	Loss, Duplicate float64
	// Logger gets debug lines about probes that are not answered; nil means none.
	Logger *slog.Logger
}

// ServeDiscovery answers the probes that arrive at pc, from the address and
// port of pc, until ctx ends; then it closes pc, waits for what it started
// and returns nil. answer gives the JSON of the answer, see
// [DiscoveryAnswer], or nil to stay silent; it is called from one goroutine.
// Probes with a wrong header or checksum are not answered.
// See docs/protocol/discovery.md sections 2 and 4.
func ServeDiscovery(ctx context.Context, pc net.PacketConn, answer func(p *discovery.Probe) []byte, o *DiscoveryOptions) error {
	if o == nil {
		o = &DiscoveryOptions{}
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { _ = pc.Close() })
	var pending sync.WaitGroup
	defer func() {
		cancel()
		pending.Wait()
		if stop() {
			_ = pc.Close()
		}
	}()
	slots := make(chan struct{}, maxPending)
	buffer := make([]byte, 2048) // probes have 501 bytes
	for {
		n, from, err := pc.ReadFrom(buffer)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("read discovery probes: %w", err)
		}
		probe, err := discovery.ParseProbe(buffer[:n])
		if err != nil {
			log.DebugContext(ctx, "probe ignored", "from", from, "err", err)
			continue
		}
		payload := answer(probe)
		if payload == nil || mathrand.Float64() < o.Loss {
			continue
		}
		datagram, err := discovery.MarshalAnswer(probe.Serial, payload)
		if err != nil {
			log.DebugContext(ctx, "answer not sent", "to", from, "err", err)
			continue
		}
		times := 1
		if mathrand.Float64() < o.Duplicate {
			times = 2
		}
		select {
		case slots <- struct{}{}:
		default:
			log.DebugContext(ctx, "too many probes", "from", from)
			continue
		}
		pending.Go(func() {
			defer func() { <-slots }()
			for range times {
				if !pause(ctx, o.Jitter) {
					return
				}
				if _, err := pc.WriteTo(datagram, from); err != nil {
					log.DebugContext(ctx, "answer not sent", "to", from, "err", err)
				}
			}
		})
	}
}

// pause waits for up to jitter; false means that ctx ended.
func pause(ctx context.Context, jitter time.Duration) bool {
	if jitter == 0 {
		jitter = DefaultJitter
	}
	if jitter < 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(mathrand.N(jitter))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// DiscoveryAnswer is the JSON that answers a probe: result as it is, and
// private sealed for the key of the probe as encrypt_info. Without a private
// part or a usable key there is no encrypt_info; one that is in result, such
// as a captured one, never goes out, since nobody could open it. A nil random
// means crypto/rand.
func DiscoveryAnswer(p *discovery.Probe, result, private json.RawMessage, random io.Reader) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(result, &fields); err != nil {
		return nil, fmt.Errorf("discovery result: %w", err)
	}
	_, captured := fields["encrypt_info"]
	seal := private != nil && p.Key != nil
	if captured || seal {
		delete(fields, "encrypt_info")
		if seal {
			if random == nil {
				random = rand.Reader
			}
			info, err := discovery.SealInfo(random, p.Key, private)
			if err != nil {
				return nil, err
			}
			if fields["encrypt_info"], err = json.Marshal(info); err != nil {
				return nil, err
			}
		}
		var err error
		if result, err = json.Marshal(fields); err != nil {
			return nil, err
		}
	}
	return json.Marshal(struct {
		ErrorCode int             `json:"error_code"`
		Result    json.RawMessage `json:"result"`
	}{Result: result})
}

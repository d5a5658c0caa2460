package rest

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rates says who asks too often.
type rates struct {
	requests *buckets[string]
	wrong    *buckets[netip.Addr] // tokens, by address
	hooks    *buckets[string]
}

func newRates(l Limits) *rates {
	return &rates{
		requests: newBuckets[string](rate.Limit(l.Rate), l.Burst),
		wrong:    newBuckets[netip.Addr](0.2, 10),
		hooks:    newBuckets[string](1, 5),
	}
}

// mostBuckets is how many clients are remembered. One that is forgotten begins
// with a full bucket again.
const mostBuckets = 4096

// buckets is a token bucket per client.
type buckets[K comparable] struct {
	rate  rate.Limit
	burst int

	mu sync.Mutex
	of map[K]*rate.Limiter
}

func newBuckets[K comparable](r rate.Limit, burst int) *buckets[K] {
	return &buckets[K]{rate: r, burst: burst, of: map[K]*rate.Limiter{}}
}

// take counts one request of a client. It gives how long the client has to wait,
// 0 where it may go on.
func (b *buckets[K]) take(who K) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.of[who]
	if l == nil {
		if len(b.of) >= mostBuckets {
			b.forget()
		}
		l = rate.NewLimiter(b.rate, b.burst)
		b.of[who] = l
	}
	r := l.Reserve()
	wait := r.Delay()
	if wait > 0 {
		r.Cancel()
	}
	return wait
}

// forget drops who has a full bucket, and somebody else where all are in use.
func (b *buckets[K]) forget() {
	for who, l := range b.of {
		if l.Tokens() >= float64(b.burst) {
			delete(b.of, who)
		}
	}
	for who := range b.of {
		if len(b.of) < mostBuckets {
			return
		}
		delete(b.of, who)
	}
}

package cli

import (
	"context"
	"sync"
)

// parallel is how many devices are spoken to at once.
const parallel = 16

// fan runs do for 0 to n-1, at most limit at once, and then calls done for
// each in order, as soon as it and all before it are ready. The errors of both
// are returned in order. It comes back when everything has ended; with ctx
// ended, what has not begun fails with its cause.
func fan(ctx context.Context, n, limit int, do func(ctx context.Context, i int) error, done func(i int, err error) error) []error {
	errs := make([]error, n)
	ready := make([]chan struct{}, n)
	for i := range ready {
		ready[i] = make(chan struct{})
	}
	slots := make(chan struct{}, max(1, limit))
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range n {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				errs[i] = context.Cause(ctx)
				close(ready[i])
				continue
			}
			wg.Go(func() {
				defer func() { <-slots; close(ready[i]) }()
				errs[i] = do(ctx, i)
			})
		}
	})
	for i := range n {
		<-ready[i]
		if done != nil {
			if err := done(i, errs[i]); err != nil && errs[i] == nil {
				errs[i] = err
			}
		}
	}
	wg.Wait()
	return errs
}

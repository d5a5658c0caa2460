//go:build !unix

package hub_test

import "time"

func cpuTime() time.Duration { return 0 }

func openLimit() uint64 { return 1 << 20 }

package cli

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// manager is the service manager that has started us: systemd, or nobody. It
// speaks the protocol of sd_notify(3): lines to a datagram socket.
type manager struct {
	socket   string
	watchdog time.Duration // how often it wants to hear of us, 0: never
}

func (a *app) manager() manager {
	m := manager{socket: a.getenv("NOTIFY_SOCKET")}
	if strings.HasPrefix(m.socket, "@") {
		m.socket = "\x00" + m.socket[1:] // of the abstract namespace
	}
	usec, err := strconv.ParseInt(a.getenv("WATCHDOG_USEC"), 10, 64)
	pid := a.getenv("WATCHDOG_PID")
	if err == nil && usec > 0 && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		m.watchdog = time.Duration(usec) * time.Microsecond
	}
	return m
}

// tell sends lines such as READY=1. That nobody listens is no error.
func (m manager) tell(ctx context.Context, lines ...string) {
	if m.socket == "" {
		return
	}
	var d net.Dialer
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	conn, err := d.DialContext(ctx, "unixgram", m.socket)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = conn.Write([]byte(strings.Join(lines, "\n")))
}

// watch tells that we are alive as long as alive returns, and what status says.
func (m manager) watch(ctx context.Context, alive func() (status string)) error {
	every := 10 * time.Second
	if m.watchdog > 0 {
		every = min(every, m.watchdog/3)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		lines := []string{"WATCHDOG=1"}
		if now := alive(); now != last {
			last = now
			lines = append(lines, "STATUS="+now)
		}
		m.tell(ctx, lines...)
	}
}

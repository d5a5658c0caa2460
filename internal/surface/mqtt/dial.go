package mqtt

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wattle"
)

// dial opens connections by the dialer of the options, with TLS where the broker's
// address says so.
func (s *Surface) dial(ctx context.Context) paho.OpenConnectionFunc {
	return func(u *url.URL, o paho.ClientOptions) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, s.opt.Timeout)
		defer cancel()
		var secure bool
		switch u.Scheme {
		case "mqtt", "tcp":
		case "mqtts", "ssl", "tls":
			secure = true
		default:
			return nil, fmt.Errorf("%w: %s goes through no dialer of one's own", wattle.ErrUnsupported, u.Scheme)
		}
		conn, err := s.opt.DialContext(ctx, "tcp", u.Host)
		if err != nil || !secure {
			return conn, err
		}
		config := o.TLSConfig.Clone()
		if config.ServerName == "" {
			config.ServerName = u.Hostname()
		}
		t := tls.Client(conn, config)
		if err := t.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		return t, nil
	}
}

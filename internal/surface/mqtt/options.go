package mqtt

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"wattle"
	"wattle/history"
	"wattle/hub"
)

// Options are settings of the surface; only Broker is needed.
type Options struct {
	// Broker is mqtt://HOST:1883 or, with TLS, mqtts://HOST:8883; ws:// and wss://
	// are known as well. A user goes into Username, not here.
	Broker   string
	Username string
	Password wattle.Secret
	// TLS is for mqtts and wss, see [TLSConfig]; nil means the certificates of the
	// system.
	TLS *tls.Config
	// ClientID must be another one for each client of a broker; "" means wattle.
	ClientID string
	// Base is the first level of our topics, "" means wattle; Discovery that of
	// Home Assistant's, "" means homeassistant.
	Base, Discovery string
	// Lifetimes gives the lifetime counters of a history, as for package metrics:
	// they become the energy that Home Assistant sums up. It is asked every minute.
	Lifetimes func(context.Context) (map[hub.ID]history.Energy, error)
	// Keep remembers between runs what was announced, so that what has gone since is
	// taken back; nil: only what goes during a run is.
	Keep hub.Keep
	// Install lets Home Assistant start firmware updates.
	Install bool
	// Version and Support (a URL) are told as the origin of devices; URL is where
	// people configure them. "" leaves them out.
	Version, Support, URL string
	// DialContext connects to the broker; nil means net.Dialer.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Timeout is how long the broker may take to answer; 0 means 10 s.
	Timeout time.Duration
	// Logger gets a line for each change of the connection; nil means none.
	Logger *slog.Logger
}

var (
	topicPattern = regexp.MustCompile(`^[^/+#\s\x00-\x1f$][^+#\x00-\x1f]*$`)
	schemes      = []string{"mqtt", "mqtts", "tcp", "ssl", "tls", "ws", "wss"}
)

// complete fills in what was left out, and says what is wrong.
func (o *Options) complete() error {
	o.ClientID = cmp.Or(o.ClientID, "wattle")
	o.Base = cmp.Or(o.Base, "wattle")
	o.Discovery = cmp.Or(o.Discovery, "homeassistant")
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	u, err := url.Parse(o.Broker)
	switch {
	case err != nil:
		return fmt.Errorf("%w: the broker's address cannot be read: write mqtt://HOST:1883", wattle.ErrParam) // err may quote a password
	case u.User != nil:
		return fmt.Errorf("%w: the broker's address has a user: set user and password by themselves", wattle.ErrParam)
	case !slices.Contains(schemes, u.Scheme) || u.Hostname() == "":
		return fmt.Errorf("%w: broker %q: write mqtt://HOST:1883, or mqtts://HOST:8883 with TLS", wattle.ErrParam, o.Broker)
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), map[string]string{"mqtts": "8883", "ssl": "8883", "tls": "8883", "ws": "80", "wss": "443"}[u.Scheme])
		if strings.HasSuffix(u.Host, ":") {
			u.Host += "1883"
		}
		o.Broker = u.String()
	}
	for name, topic := range map[string]string{"base topic": o.Base, "discovery prefix": o.Discovery} {
		if !topicPattern.MatchString(topic) || strings.HasSuffix(topic, "/") || len(topic) > 200 {
			return fmt.Errorf("%w: %s %q: write words with / between, without + and #", wattle.ErrParam, name, topic)
		}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// TLSConfig makes settings of PEM files: ca is who signed the broker's
// certificate, empty for the certificates of the system; certificate and key are
// the client's own, both or neither. Errors wrap [wattle.ErrParam].
func TLSConfig(ca, certificate []byte, key wattle.Secret) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(ca) > 0 {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(ca) {
			return nil, fmt.Errorf("%w: the CA file has no certificate in PEM form", wattle.ErrParam)
		}
	}
	if (len(certificate) > 0) == key.IsZero() {
		return nil, fmt.Errorf("%w: a client certificate needs its key, and a key its certificate", wattle.ErrParam)
	}
	if len(certificate) > 0 {
		pair, err := tls.X509KeyPair(certificate, []byte(key.Reveal()))
		if err != nil {
			return nil, fmt.Errorf("%w: the client certificate and its key: %w", wattle.ErrParam, withoutSecret(err))
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// withoutSecret keeps the sentence of an error; those of crypto/tls quote no key.
func withoutSecret(err error) error { return errors.New(err.Error()) }

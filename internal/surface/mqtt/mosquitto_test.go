//go:build unix

package mqtt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"wattle"
	"wattle/device"
	"wattle/hub"
	"wattle/hub/hubtest"
	"wattle/internal/surface/mqtt"
)

// mosquitto is a real broker on loopback: one listener with a password, one with
// TLS that wants a client certificate.
type mosquitto struct {
	t           *testing.T
	program     string
	dir         string
	plain, safe string // addresses
	cmd         *exec.Cmd
}

func freeAddress(t *testing.T, ip string) string {
	t.Helper()
	ln, err := net.Listen("tcp", ip+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// newMosquitto starts one. ./check mqtt installs it and sets the variable.
func newMosquitto(t *testing.T) *mosquitto {
	t.Helper()
	program := os.Getenv("WATTLE_MOSQUITTO")
	if program == "" {
		t.Skip("./check mqtt runs this: it wants Debian's mosquitto")
	}
	m := &mosquitto{t: t, program: program, dir: t.TempDir(), plain: freeAddress(t, "127.0.23.2"), safe: freeAddress(t, "127.0.23.3")}
	ca, caKey := m.certificate("ca", nil, nil)
	m.certificate("server", ca, caKey)
	m.certificate("client", ca, caKey)
	passwords := filepath.Join(m.dir, "passwords")
	if out, err := exec.CommandContext(t.Context(), "mosquitto_passwd", "-b", "-c", passwords, "wattle", "test password").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	split := func(address string) string { host, port, _ := net.SplitHostPort(address); return port + " " + host }
	config := fmt.Sprintf(`user root
per_listener_settings true
persistence false
log_dest stderr
listener %s
password_file %s
allow_anonymous false
listener %s
cafile %[4]s/ca.pem
certfile %[4]s/server.pem
keyfile %[4]s/server.key
require_certificate true
use_identity_as_username true
allow_anonymous true
`, split(m.plain), passwords, split(m.safe), m.dir)
	if err := os.WriteFile(filepath.Join(m.dir, "mosquitto.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	m.start()
	t.Cleanup(m.stop)
	return m
}

func (m *mosquitto) start() {
	m.t.Helper()
	log, err := os.OpenFile(filepath.Join(m.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		m.t.Fatal(err)
	}
	defer log.Close()
	m.cmd = exec.Command(m.program, "-c", filepath.Join(m.dir, "mosquitto.conf"))
	m.cmd.Stdout, m.cmd.Stderr = log, log
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	wait(m.t, 10*time.Second, "mosquitto listens", func() bool {
		conn, err := net.Dial("tcp", m.safe)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

func (m *mosquitto) stop() {
	_ = m.cmd.Process.Signal(syscall.SIGCONT)
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait()
}

// certificate makes one, signed by ca or by itself, and writes it as PEM.
func (m *mosquitto) certificate(name string, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	m.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		m.t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP("127.0.23.3")}, BasicConstraintsValid: true, IsCA: ca == nil, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ca == nil {
		ca, caKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, ca, &key.PublicKey, caKey)
	if err != nil {
		m.t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		m.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".pem": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "EC PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(m.dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			m.t.Fatal(err)
		}
	}
	return c, key
}

func (m *mosquitto) file(name string) []byte {
	m.t.Helper()
	data, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		m.t.Fatal(err)
	}
	return data
}

// wait waits until something is so.
func wait(t *testing.T, limit time.Duration, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %v", what, limit)
		case <-tick.C:
		}
	}
}

// reader is another program that reads the broker.
type reader struct {
	client   paho.Client
	mu       sync.Mutex
	retained map[string]string
	live     []message
}

func (m *mosquitto) reader() *reader {
	m.t.Helper()
	r := &reader{retained: map[string]string{}}
	o := paho.NewClientOptions().AddBroker("mqtt://" + m.plain).SetClientID(fmt.Sprint("reader", time.Now().UnixNano()))
	o.SetUsername("wattle").SetPassword("test password").SetAutoReconnect(false)
	r.client = paho.NewClient(o)
	if token := r.client.Connect(); !token.WaitTimeout(5*time.Second) || token.Error() != nil {
		m.t.Fatal("reader:", token.Error())
	}
	token := r.client.Subscribe("#", 1, func(_ paho.Client, p paho.Message) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if p.Retained() {
			r.retained[p.Topic()] = string(p.Payload())
		} else {
			r.live = append(r.live, message{p.Topic(), string(p.Payload()), false})
			r.retained[p.Topic()] = string(p.Payload())
		}
	})
	if !token.WaitTimeout(5*time.Second) || token.Error() != nil {
		m.t.Fatal("reader:", token.Error())
	}
	m.t.Cleanup(func() { r.client.Disconnect(0) })
	return r
}

func (r *reader) get(topic string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, ok := r.retained[topic]
	return text, ok && text != ""
}

// TestMosquitto runs the whole demo home on a real broker: every announcement
// field by field, a command, errors, a broker that restarts and one that hangs.
func TestMosquitto(t *testing.T) {
	m := newMosquitto(t)
	files := hubtest.Models()
	home := hubtest.Start(t, files)
	h := home.Hub(nil)
	hubtest.Online(t, h, len(files))
	run(t, h, home, &mqtt.Options{
		Broker: "mqtt://" + m.plain, Username: "wattle", Password: wattle.NewSecret("test password"), Timeout: 3 * time.Second,
	})
	r := m.reader()
	f := readFields(t)
	views := h.Views()
	wait(t, 20*time.Second, "all devices are announced", func() bool {
		for _, v := range views {
			if _, ok := r.get("wattle/" + hub.Slug(v.ID) + "/availability"); !ok {
				return false
			}
		}
		return true
	})
	r.client.Disconnect(0)
	r = m.reader() // what a program finds that comes later: retained messages only
	last := "wattle/" + hub.Slug(views[len(views)-1].ID) + "/availability"
	wait(t, 10*time.Second, "retained messages", func() bool { _, ok := r.get(last); return ok })
	components := 0
	for _, v := range views {
		topic := "homeassistant/device/wattle_" + hub.Slug(v.ID) + "/config"
		text, ok := r.get(topic)
		if !ok {
			t.Errorf("%s is not announced", v.Name)
			continue
		}
		components += strings.Count(text, `"unique_id"`)
		for _, problem := range f.check(topic, text, r.get) {
			t.Errorf("%s: %s", v.Name, problem)
		}
	}
	t.Logf("%d devices, %d components", len(views), components)

	plug := named(t, h, "P110")
	base := "wattle/" + hub.Slug(plug.ID) + "/"
	on, _ := plug.Value("state").Bool()
	want := map[bool]string{true: "OFF", false: "ON"}[on]
	begun := time.Now()
	r.client.Publish(base+"state/set", 1, false, want)
	wait(t, 5*time.Second, "the command is shown", func() bool { got, _ := r.get(base + "state"); return got == want })
	t.Logf("from the command to the new state %v", time.Since(begun).Round(time.Millisecond))
	r.client.Publish(base+"state/set", 1, false, "maybe")
	wait(t, 5*time.Second, "the error is told", func() bool { got, _ := r.get(base + "error"); return strings.Contains(got, "write ON or OFF") })

	slow := func(how string) {
		t.Helper()
		for i := range 10 {
			begun := time.Now()
			if err := h.Set(t.Context(), plug.ID, device.Setting{ID: "state", Value: i%2 == 1}); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begun); took > time.Second {
				t.Errorf("%s: a command took %v", how, took)
			}
		}
	}
	if err := m.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	slow("the broker hangs")
	if err := m.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	m.stop()
	slow("the broker is gone")
	m.start()
	r = m.reader()
	wait(t, 30*time.Second, "everything is back, with the newest state", func() bool {
		state, _ := r.get(base + "state")
		bridge, _ := r.get("wattle/bridge/state")
		_, announced := r.get("homeassistant/device/wattle_" + hub.Slug(plug.ID) + "/config")
		return state == "ON" && bridge == "online" && announced
	})
}

// TestMosquittoTLS connects with a CA and a certificate of its own, and not
// without them.
func TestMosquittoTLS(t *testing.T) {
	m := newMosquitto(t)
	home := hubtest.Start(t, hubtest.Models("P110"))
	h := home.Hub(nil)
	hubtest.Online(t, h, 1)
	config, err := mqtt.TLSConfig(m.file("ca.pem"), m.file("client.pem"), wattle.NewSecret(string(m.file("client.key"))))
	if err != nil {
		t.Fatal(err)
	}
	withoutClient, err := mqtt.TLSConfig(m.file("ca.pem"), nil, wattle.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		tls    *tls.Config
		broker string
		works  bool
	}{
		{"all", config, "mqtts://" + m.safe, true},
		{"no client certificate", withoutClient, "mqtts://" + m.safe, false},
		{"no CA", nil, "mqtts://" + m.safe, false},
		{"wrong password", nil, "mqtt://" + m.plain, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := mqtt.New(h, &mqtt.Options{Broker: tt.broker, TLS: tt.tls, ClientID: "tls test", Username: "wattle", Password: wattle.NewSecret("wrong")})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- s.Run(ctx) }()
			connected := false
			for !connected && ctx.Err() == nil {
				timer := time.NewTimer(10 * time.Millisecond)
				<-timer.C
				connected = s.Connected()
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if connected != tt.works {
				t.Errorf("connected %v; mosquitto says\n%s", connected, m.file("log"))
			}
		})
	}
}

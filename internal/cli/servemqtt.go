package cli

import (
	"context"
	"os"
	"strings"

	"wattle"
	"wattle/internal/surface/mqtt"
)

// makeMQTT shows the home at a broker, and in Home Assistant.
func (d *daemon) makeMQTT(context.Context) (func(context.Context) error, error) {
	a := d.app()
	set := a.set
	if set.text("mqtt.broker") == "" {
		return nil, nil
	}
	o := &mqtt.Options{
		Broker: set.text("mqtt.broker"), Username: set.text("mqtt.username"), ClientID: set.text("mqtt.client_id"),
		Base: set.text("mqtt.base"), Discovery: set.text("mqtt.discovery"), Install: set.bool("mqtt.install"),
		Keep: d.keep, Version: buildVersion().Version, Logger: d.log,
	}
	if d.archive.Load() != nil {
		o.Lifetimes = d.lifetimes
	}
	var err error
	if o.Password, err = a.secretOf("WATTLE_MQTT_PASSWORD", set.text("mqtt.password_file")); err != nil {
		return nil, err
	}
	read := func(key string) (text []byte) {
		if path := set.text(key); path != "" && err == nil {
			if text, err = os.ReadFile(path); err != nil {
				err = of(key, err)
			}
		}
		return text
	}
	ca, cert, key := read("mqtt.ca_file"), read("mqtt.client_cert"), read("mqtt.client_key")
	if err != nil {
		return nil, err
	}
	if o.TLS, err = mqtt.TLSConfig(ca, cert, wattle.NewSecret(string(key))); err != nil {
		return nil, err
	}
	s, err := mqtt.New(d.hub, o)
	if err != nil {
		return nil, of("mqtt.broker", err)
	}
	return s.Run, nil
}

// secretOf is a secret of the environment, of the file that NAME_FILE says, or of
// a file of the settings. An empty file is none: a unit fills in with one.
func (a *app) secretOf(name, file string) (wattle.Secret, error) {
	if text := a.getenv(name); text != "" {
		return wattle.NewSecret(text), nil
	}
	for _, path := range []string{a.getenv(name + "_FILE"), file} {
		if path == "" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return wattle.Secret{}, of(name+"_FILE", err)
		}
		if secret := strings.TrimSpace(string(text)); secret != "" {
			return wattle.NewSecret(secret), nil
		}
	}
	return wattle.Secret{}, nil
}

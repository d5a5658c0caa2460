package device_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"wattle"
	"wattle/connect"
	"wattle/device"
	"wattle/internal/memnet"
	"wattle/simulator"
	"wattle/simulator/endpoint"
	"wattle/simulator/homes"
)

// TestOpen goes the whole way: address, handshake, first contact, command.
func TestOpen(t *testing.T) {
	account := wattle.Credentials{Username: "demo@example.com", Password: wattle.NewSecret("demo")}
	network := memnet.New()
	ln, err := network.Listen("tcp", "127.0.8.1:80")
	if err != nil {
		t.Fatal(err)
	}
	file := homes.Demo()[0]
	for _, f := range homes.Demo() {
		if f.Name == "L530(EU)_3.0_1.2.3" {
			file = f
		}
	}
	virtual, err := simulator.New(file, &simulator.DeviceOptions{KeepIDs: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var served sync.WaitGroup
	served.Go(func() {
		if err := endpoint.ServeKLAP(ctx, ln, virtual, &endpoint.Options{Account: account, Version: 2}); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); served.Wait() })

	target := connect.Target{Host: "127.0.8.1", Only: true, Routes: []wattle.Route{
		{Family: wattle.SMART, Transport: wattle.KLAP, Host: "127.0.8.1", Port: 80, Version: 2},
	}}
	options := &device.Options{Account: account, Connect: &connect.Options{DialContext: network.DialContext}}
	d, err := device.Open(t.Context(), target, options)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Set(t.Context(), "brightness", 33); err != nil {
		t.Error(err)
	}
	s, err := d.Poll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Value("brightness").String(); got != "33" {
		t.Errorf("brightness %s", got)
	}
	if c := d.Connection(); c == nil || c.Route.Version != 2 || c.Credential != "account" {
		t.Errorf("connection %+v", c)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	if _, err := d.Poll(t.Context()); !errors.Is(err, wattle.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}

	options.Account.Password = wattle.NewSecret("wrong")
	if _, err := device.Open(t.Context(), target, options); !errors.Is(err, wattle.ErrAuth) {
		t.Errorf("a wrong password: %v", err)
	}
}

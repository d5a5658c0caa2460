package session_test

import (
	"context"
	"fmt"
	"log"

	"wattle"
	"wattle/internal/memnet"
	"wattle/method"
	"wattle/session"
	"wattle/simulator/endpoint"
	"wattle/transport"
)

// A plug that speaks IOT over KLAP is read and switched. Network and plug are
// in memory here.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	account := wattle.Credentials{Username: "user@example.com", Password: wattle.NewSecret("password")}
	network := memnet.New()
	listener, err := network.Listen("tcp", "127.0.5.2:80")
	if err != nil {
		log.Fatal(err)
	}
	plug := endpoint.DeviceFunc(func(_ context.Context, request []byte) ([]byte, error) {
		fmt.Printf("device: %s\n", request)
		return []byte(`{"system":{"get_sysinfo":{"alias":"Desk","err_code":0},"set_relay_state":{"err_code":0}}}`), nil
	})
	served := make(chan error)
	go func() {
		served <- endpoint.ServeKLAP(ctx, listener, plug, &endpoint.Options{Account: account, IOT: true})
	}()

	route := wattle.Route{Family: wattle.IOT, Transport: wattle.KLAP, Host: "127.0.5.2"}
	conn, err := transport.Open(route, &transport.Options{
		Account: account, DialContext: network.DialContext, Timeout: session.MaxTimeout,
	})
	if err != nil {
		log.Fatal(err)
	}
	s := session.New(conn, wattle.IOT, nil)
	defer s.Close()
	results, err := s.Do(ctx,
		method.Call{Module: "system", Method: "set_relay_state", Params: []byte(`{"state":1}`), Effect: method.Absolute},
		method.Call{Module: "system", Method: "get_sysinfo"},
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("client: %s, %s\n", results[0].Raw, results[1].Raw)
	cancel()
	<-served
	// Output:
	// device: {"system":{"set_relay_state":{"state":1},"get_sysinfo":{}}}
	// client: {"err_code":0}, {"alias":"Desk","err_code":0}
}

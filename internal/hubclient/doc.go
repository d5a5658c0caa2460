// Package hubclient speaks to a running hub: over the Unix socket of a hub on this
// machine, or by URL with a token. Devices of the hub are Callers like any other.
//
//	c, err := hubclient.New(hubclient.Options{Socket: path})
//	if err != nil {
//		return err
//	}
//	if _, err := c.Hello(ctx); err != nil {
//		return err // nobody is there, or somebody who is no hub
//	}
//	d, err := device.New(ctx, c.Device("5091e3000001"), wattle.SMART, nil)
//
// Errors of the hub are *[hubapi.Problem]: errors.Is finds the class that they had
// there. Where the hub itself cannot be reached they are an *[UnreachableError], of
// class [wattle.ErrUnreachable]. A Client may be used by several goroutines.
package hubclient

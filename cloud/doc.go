// Package cloud is a client of the TP-Link cloud: one account with its tokens,
// its lists of devices, and callers that reach a device from anywhere.
//
//	c, err := cloud.New(&cloud.Options{Save: keep})
//	report, err := c.Login(ctx, wattle.Credentials{Username: "…", Password: …}, nil)
//	home, err := c.Devices(ctx)
//	way, err := c.Open(ctx, home.Find("desk"))
//	d, err := device.New(ctx, way.Caller, way.Family, nil)
//
// An account is two logins, one to the Kasa and one to the Tapo side ([Line]).
// [CodeError] tells that TP-Link wants a verification code. What is kept between
// runs is [Client.Export]: tokens and the identity of this install, never the
// password. Tokens are renewed when they expire, once for all who meet that.
//
// The client is careful with accounts: credentials that were refused are not
// sent again, a rate limit stops every call of the terminal for the time that it
// lasts, and URLs that the service sends are followed only to TP-Link's own
// hosts. It decides nothing about local and remote; see package connect.
//
// The API is unofficial. Its use may be against TP-Link's terms, and it can end
// any day. See docs/protocol/cloud.md.
package cloud

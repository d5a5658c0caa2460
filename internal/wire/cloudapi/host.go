package cloudapi

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"wattle"
)

// Entries of the services for accounts whose region is not known yet. See
// docs/protocol/cloud.md section 2.1.
const (
	EntryV1     = "https://wap.tplinkcloud.com"
	EntryKasa   = "https://n-wap.tplinkcloud.com"
	EntryTapo   = "https://n-wap-gw.tplinkcloud.com"
	EntryThings = "https://app-server.iot.i.tplinknbu.com"
)

// Service is one of the services behind an account.
type Service string

// The services.
const (
	V1     Service = "v1"     // unsigned, POST /
	V2     Service = "v2"     // signed
	Things Service = "things" // REST
)

// domains are TP-Link's own.
var domains = []string{"tplinkcloud.com", "tplinknbu.com", "tplinkra.com"}

// Trust makes a base URL (scheme and host) of a URL that came from a service,
// where that may be followed: https, no user information, one of TP-Link's
// domains or one of the hosts that are allowed besides (host or host:port,
// compared as a whole). Errors wrap [wattle.ErrIdentity]: the token must not
// go there. See docs/protocol/cloud.md section 2.2.
func Trust(raw string, allowed ...string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%w: %q is not a URL that can be followed", wattle.ErrIdentity, clip(raw))
	}
	host := strings.ToLower(u.Hostname())
	ours := slices.ContainsFunc(domains, func(d string) bool { return host == d || strings.HasSuffix(host, "."+d) })
	extra := slices.ContainsFunc(allowed, func(a string) bool {
		return a != "" && (strings.EqualFold(a, u.Host) || strings.EqualFold(a, u.Hostname()))
	})
	switch {
	case u.Scheme != "https":
		return "", fmt.Errorf("%w: %q is not https, so that no token is sent there", wattle.ErrIdentity, clip(raw))
	case u.User != nil || u.Opaque != "":
		return "", fmt.Errorf("%w: a URL with user information is not followed", wattle.ErrIdentity)
	case !ours && !extra:
		return "", fmt.Errorf("%w: %q is not a host of TP-Link, so that no token is sent there", wattle.ErrIdentity, clip(u.Host))
	}
	return "https://" + strings.ToLower(u.Host), nil
}

// clip keeps foreign text in messages short.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

var regions = []*regexp.Regexp{
	regexp.MustCompile(`^https://n-([a-z0-9]+)-wap[-.]`),
	regexp.MustCompile(`^https://([a-z0-9]+)-wap[-.]`),
	regexp.MustCompile(`^https://([a-z0-9]+)-(?:account-api|app-server|app-cloudgateway|app-tapo-care)\.`),
}

// Region is the label of the region in the URL of a host, such as "use1"; ""
// for entries that have none. The URL passes [Trust] first.
func Region(raw string) (string, error) {
	base, err := Trust(raw)
	if err != nil {
		return "", err
	}
	for _, pattern := range regions {
		m := pattern.FindStringSubmatch(base)
		switch {
		case m == nil, m[1] == "n": // n-wap has no region
			continue
		case m[1] == "eu":
			return "euw1", nil
		}
		return m[1], nil
	}
	return "", nil
}

// ThingsURL is where the things service of a region is, for when discovery
// fails; the global entry for "".
func ThingsURL(region string) string {
	if region == "" {
		return EntryThings
	}
	return "https://" + region + "-app-server.iot.i.tplinknbu.com"
}

// ServiceOf tells which service a host plays, "" where its name does not tell.
func ServiceOf(raw string) Service {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	first, rest, _ := strings.Cut(host, ".")
	switch {
	case strings.HasSuffix(first, "app-server"):
		return Things
	case !strings.HasSuffix(rest, "tplinkcloud.com"):
		return ""
	case strings.HasPrefix(first, "n-") || strings.HasSuffix(first, "-wap-gw") || strings.HasPrefix(rest, "i."):
		return V2
	case first == "wap" || strings.HasSuffix(first, "-wap"):
		return V1
	}
	return ""
}

// Private reports whether a host has a certificate under TP-Link's own roots,
// which no system trusts. See docs/protocol/cloud.md section 2.3.
func Private(host string) bool {
	host = strings.ToLower(host)
	first, rest, _ := strings.Cut(host, ".")
	switch {
	case host == "tplinknbu.com" || strings.HasSuffix(host, ".tplinknbu.com"):
		return true
	case rest == "i.tplinkcloud.com" || strings.HasSuffix(rest, ".i.tplinkcloud.com"):
		return true
	}
	return rest == "tplinkcloud.com" && strings.HasPrefix(first, "n-")
}

// PublicTwin is the host that serves the same API as a V2 host with a
// certificate that systems trust, according to two clients; "" for other hosts.
func PublicTwin(base string) string {
	rest, found := strings.CutPrefix(base, "https://n-")
	if !found {
		return ""
	}
	return "https://" + strings.Replace(rest, "wap.i.", "wap.", 1)
}

// ThingID is what stands for a device in topics of the push service.
func ThingID(deviceID string) string {
	sum := md5.Sum([]byte(deviceID))
	return hex.EncodeToString(sum[:])
}

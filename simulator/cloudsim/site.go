package cloudsim

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"wattle"
)

// regions are the labels that there are, and how device lists spell them. See
// docs/protocol/cloud.md section 2.1.
var regions = map[string]string{"use1": "us-east-1", "euw1": "eu-west-1", "aps1": "ap-southeast-1"}

func unknownRegion(label string) error {
	return fmt.Errorf("region %q: want one of %s: %w", label, strings.Join(regionLabels(), ", "), wattle.ErrParam)
}

func regionLabels() []string { return slices.Sorted(maps.Keys(regions)) }

// site is the entry that a request came to.
type site struct {
	region string // "" is the global entry
	// domain is what the host is of TP-Link's, domainOwn for any other.
	domain domain
	own    string // scheme and host, where it is our own
}

// domain tells hosts apart, by which their twins of other regions are named.
type domain int

const (
	domainOwn     domain = iota
	domainV1             // wap.tplinkcloud.com
	domainV2             // n-wap.tplinkcloud.com
	domainTapo           // n-wap.i.tplinkcloud.com
	domainGateway        // n-wap-gw.tplinkcloud.com
	domainThings         // app-server.iot.i.tplinknbu.com
)

var hostForms = []struct {
	domain domain
	form   *regexp.Regexp // with the label of the region
}{
	{domainV2, regexp.MustCompile(`^n-(?:([a-z0-9]+)-)?wap\.tplinkcloud\.com$`)},
	{domainTapo, regexp.MustCompile(`^n-(?:([a-z0-9]+)-)?wap\.i\.tplinkcloud\.com$`)},
	{domainGateway, regexp.MustCompile(`^n-(?:([a-z0-9]+)-)?wap-gw\.tplinkcloud\.com$`)},
	{domainThings, regexp.MustCompile(`^(?:([a-z0-9]+)-)?app-server\.iot\.i\.(?:tplinknbu|tplinkcloud)\.com$`)},
	{domainV1, regexp.MustCompile(`^(?:([a-z0-9]+)-)?wap\.tplinkcloud\.com$`)},
}

// siteOf reads the host of a request; region is that of the listener.
func siteOf(r *http.Request, region string) site {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	for _, f := range hostForms {
		if m := f.form.FindStringSubmatch(strings.ToLower(host)); m != nil {
			label := m[1]
			if label == "eu" {
				label = "euw1"
			}
			return site{region: label, domain: f.domain}
		}
	}
	scheme := "https://"
	if r.TLS == nil {
		scheme = "http://"
	}
	return site{region: region, own: scheme + r.Host}
}

// url is where a service of a region is, for somebody who came to s.
func (c *Cloud) url(s site, d domain, region string) string {
	if s.domain == domainOwn {
		c.mu.Lock()
		defer c.mu.Unlock()
		if base := c.bases[region]; base != "" {
			return base
		}
		return s.own
	}
	switch d {
	case domainV2:
		return "https://n-" + region + "-wap.tplinkcloud.com"
	case domainTapo:
		return "https://n-" + region + "-wap.i.tplinkcloud.com"
	case domainGateway:
		return "https://n-" + region + "-wap-gw.tplinkcloud.com"
	case domainThings:
		return "https://" + region + "-app-server.iot.i.tplinknbu.com"
	}
	if region == "euw1" {
		region = "eu"
	}
	return "https://" + region + "-wap.tplinkcloud.com"
}

// again is the entry of a region at the service that was asked.
func (c *Cloud) again(s site, region string) string { return c.url(s, s.domain, region) }

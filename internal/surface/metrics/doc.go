// Package metrics shows a hub to Prometheus: /metrics for the whole home and
// /probe?target= for one device. Everything is served from what the hub knows;
// a scrape sends nothing to a device.
//
//	home, err := metrics.New(h, &metrics.Options{Version: version})
//	if err != nil {
//		return err
//	}
//	mux.Handle("/metrics", home)
//	mux.Handle("/probe", home.Probe())
//
// # Names
//
// The name of a metric follows from the row of the feature (package catalog):
// wattle_, the id, the base unit of its unit, and _total for counters. Values are
// brought to base units: seconds, joules, celsius, ratios of 0 to 1. On and off
// are 1 and 0. A value that is not known has no sample. Texts, actions and secrets
// have none either. docs/metrics.md lists what is there beside that.
//
// # Labels
//
// Samples have the label device_id, which is [hub.Slug], and nothing that changes
// when a device is renamed: names and models are in wattle_device_info.
//
// # Authentication
//
// There is none here: it is the task of whoever serves the handlers.
package metrics

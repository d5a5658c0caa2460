package metrics

import "wattle/feature"

// Names are the metrics of a reading.
func Names(r *feature.Reading) (out []string) {
	for _, s := range samples(r) {
		out = append(out, s.name)
	}
	return out
}

// Sample is the first metric of a reading.
func Sample(r *feature.Reading) (name string, value float64, ok bool) {
	s := samples(r)
	if len(s) == 0 {
		return "", 0, false
	}
	return s[0].name, s[0].value, true
}

// Help is that of the first metric of a reading.
func Help(r *feature.Reading) string { return samples(r)[0].help }

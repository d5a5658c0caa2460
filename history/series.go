package history

import "wattle/feature"

// Series is a feature over time, in buckets that follow each other without a
// gap; what is not known is empty.
type Series struct {
	Key
	Unit    feature.Unit `json:"unit,omitempty"`
	Buckets []Bucket     `json:"buckets"`
}

// Package energy makes clean series of what meters remember: it knows where
// the hours, days and months of a device begin, how long a span one question
// may cover, and what the answers mean. It is pure: no I/O and no clock.
//
// The same [Series] comes from every family. Kasa devices (IOT) keep days and
// months, see docs/protocol/iot.md section 5; Tapo devices (SMART) keep hours
// too, in arrays that begin where the device wants and are filled up with zeros
// for the future, see docs/protocol/smart.md sections 7.1 and 7.2. What has not
// been measured is unknown here, and never 0.
//
// To get a series of a device call device.Device.EnergySeries; this package is
// what it does between the questions: [Series] is what comes out, a [Step] says
// how long its buckets are, and [Series.Total] adds them up.
package energy

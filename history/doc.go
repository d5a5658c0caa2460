// Package history is what remembering a home means, without the disk: samples
// of features, which of them are worth keeping, roll-ups by minute, hour and
// day, a lifetime energy counter per meter, tariffs and what energy cost, and
// writers for other programs. It is pure: no SQL, no I/O of its own, no clock.
// Package history/store keeps all of it in a database.
//
// Three rules run through it. A value holds until the next sample, but not
// longer than its series says ([Sample.Hold]): after that it is unknown.
// Unknown is a gap and never 0. And what is computed twice from the same
// samples comes out the same.
package history

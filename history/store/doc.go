// Package store keeps a [wattle/history] in a database: SQLite in one file, or
// PostgreSQL where an address is given. Only the command line opens one; hub
// and surfaces know the interfaces that they declare, and package history.
//
// What is stated about keeping:
//
//   - [Store.Write] returns when all of its batch is on the disk (fsync), and what
//     it has acknowledged survives kill -9 and a power cut. A batch is kept
//     whole or not at all.
//   - [Store.Submit] only takes a batch into the queue, never waits for the disk
//     or a lock, and refuses with [history.ErrQueueFull] when the queue has no
//     room: then nothing of it was taken. What waits in the queue is lost if the
//     process dies; its [Receipt] tells when it is kept.
//   - While another program locks the database, or PostgreSQL is away, the one
//     writer goroutine tries again until it succeeds. Writes wait as long as
//     their contexts say, the queue fills up to its limit, reading goes on.
//   - A full disk fails the write that met it with [history.ErrDiskFull]; nothing
//     of it is kept, and the next one is tried anew.
//
// Times are kept to the millisecond, energies to the milliwatt-hour.
package store

-- +goose Up
-- Times are milliseconds since 1970 (UTC), lengths milliseconds, energies
-- milliwatt-hours. What the columns mean is told in package history.
CREATE TABLE facts (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE series (
  id      INTEGER PRIMARY KEY,
  device  TEXT NOT NULL,
  feature TEXT NOT NULL,
  unit    TEXT NOT NULL,
  hold    INTEGER NOT NULL,
  class   INTEGER NOT NULL,
  UNIQUE (device, feature)
);

CREATE TABLE samples (
  series INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  flags  INTEGER NOT NULL,
  number REAL,
  text   TEXT,
  PRIMARY KEY (series, at)
) WITHOUT ROWID;

CREATE TABLE events (
  series INTEGER NOT NULL,
  event  TEXT NOT NULL,
  at     INTEGER NOT NULL,
  flags  INTEGER NOT NULL,
  number REAL,
  text   TEXT,
  PRIMARY KEY (series, event)
) WITHOUT ROWID;
CREATE INDEX events_at ON events (series, at, event);

CREATE TABLE minutes (
  series INTEGER NOT NULL, at INTEGER NOT NULL,
  low REAL NOT NULL, high REAL NOT NULL, mean REAL NOT NULL, last REAL NOT NULL,
  samples INTEGER NOT NULL, known INTEGER NOT NULL, lasts INTEGER NOT NULL,
  PRIMARY KEY (series, at)
) WITHOUT ROWID;

CREATE TABLE hours (
  series INTEGER NOT NULL, at INTEGER NOT NULL,
  low REAL NOT NULL, high REAL NOT NULL, mean REAL NOT NULL, last REAL NOT NULL,
  samples INTEGER NOT NULL, known INTEGER NOT NULL, lasts INTEGER NOT NULL,
  PRIMARY KEY (series, at)
) WITHOUT ROWID;

CREATE TABLE days (
  series INTEGER NOT NULL, at INTEGER NOT NULL,
  low REAL NOT NULL, high REAL NOT NULL, mean REAL NOT NULL, last REAL NOT NULL,
  samples INTEGER NOT NULL, known INTEGER NOT NULL, lasts INTEGER NOT NULL,
  PRIMARY KEY (series, at)
) WITHOUT ROWID;

-- Hours whose roll-ups are to be computed, from the moment low on.
CREATE TABLE dirty (
  series INTEGER NOT NULL,
  hour   INTEGER NOT NULL,
  low    INTEGER NOT NULL,
  PRIMARY KEY (series, hour)
) WITHOUT ROWID;

CREATE TABLE meters (
  id     INTEGER PRIMARY KEY,
  device TEXT NOT NULL UNIQUE,
  state  TEXT NOT NULL
);

CREATE TABLE ledger (
  meter INTEGER NOT NULL,
  hour  INTEGER NOT NULL,
  counted INTEGER NOT NULL, spread INTEGER NOT NULL, estimated INTEGER NOT NULL,
  filled  INTEGER NOT NULL, replaced INTEGER NOT NULL,
  said    INTEGER,
  PRIMARY KEY (meter, hour)
) WITHOUT ROWID;

CREATE TABLE spans (
  meter  INTEGER NOT NULL,
  kind   TEXT NOT NULL,
  begins INTEGER NOT NULL,
  ends   INTEGER NOT NULL,
  energy INTEGER NOT NULL,
  PRIMARY KEY (meter, kind, begins)
) WITHOUT ROWID;

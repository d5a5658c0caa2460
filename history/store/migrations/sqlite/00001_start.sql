-- +goose Up
-- Times are milliseconds since 1970 (UTC), lengths milliseconds, energies
-- milliwatt-hours. What the columns mean is told in package history.
-- Numbers without a type are thousandths where they are stored as integers, and
-- as they are where they are stored as reals: most of what devices measure has
-- three digits after the point, and takes three bytes so instead of eight. The
-- views have them as numbers.
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
  number,
  text   TEXT,
  PRIMARY KEY (series, at)
) WITHOUT ROWID;

CREATE TABLE events (
  series INTEGER NOT NULL,
  event  TEXT NOT NULL,
  at     INTEGER NOT NULL,
  flags  INTEGER NOT NULL,
  number,
  text   TEXT,
  PRIMARY KEY (series, event)
) WITHOUT ROWID;
CREATE INDEX events_at ON events (series, at, event);

CREATE TABLE minutes (
  series INTEGER NOT NULL, at INTEGER NOT NULL,
  low NOT NULL, high NOT NULL, mean NOT NULL, last NOT NULL,
  samples INTEGER NOT NULL, known INTEGER NOT NULL, lasts INTEGER NOT NULL,
  PRIMARY KEY (series, at)
) WITHOUT ROWID;

CREATE TABLE hours (
  series INTEGER NOT NULL, at INTEGER NOT NULL,
  low NOT NULL, high NOT NULL, mean NOT NULL, last NOT NULL,
  samples INTEGER NOT NULL, known INTEGER NOT NULL, lasts INTEGER NOT NULL,
  PRIMARY KEY (series, at)
) WITHOUT ROWID;

CREATE TABLE days (
  series INTEGER NOT NULL, at INTEGER NOT NULL,
  low NOT NULL, high NOT NULL, mean NOT NULL, last NOT NULL,
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

-- For people, with times that they can read.
CREATE VIEW readable_samples AS
  SELECT s.device, s.feature, s.unit, strftime('%Y-%m-%dT%H:%M:%fZ', x.at / 1000.0, 'unixepoch') AS time,
    CASE typeof(x.number) WHEN 'integer' THEN x.number / 1000.0 ELSE x.number END AS number, x.text
  FROM samples x JOIN series s ON s.id = x.series;
CREATE VIEW readable_hours AS
  SELECT s.device, s.feature, s.unit, strftime('%Y-%m-%dT%H:%M:%fZ', x.at / 1000.0, 'unixepoch') AS time,
    CASE typeof(x.low) WHEN 'integer' THEN x.low / 1000.0 ELSE x.low END AS low, CASE typeof(x.high) WHEN 'integer' THEN x.high / 1000.0 ELSE x.high END AS high,
    CASE typeof(x.mean) WHEN 'integer' THEN x.mean / 1000.0 ELSE x.mean END AS mean, CASE typeof(x.last) WHEN 'integer' THEN x.last / 1000.0 ELSE x.last END AS last,
    x.samples, x.known / 1000.0 AS known_seconds
  FROM hours x JOIN series s ON s.id = x.series;
CREATE VIEW readable_energy AS
  SELECT m.device, strftime('%Y-%m-%dT%H:%M:%fZ', l.hour / 1000.0, 'unixepoch') AS time,
    (l.counted + l.spread + l.estimated + l.filled) / 1e6 AS kwh, l.estimated / 1e6 AS estimated_kwh
  FROM ledger l JOIN meters m ON m.id = l.meter;

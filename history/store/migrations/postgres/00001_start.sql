-- +goose Up
-- Times are milliseconds since 1970 (UTC), lengths milliseconds, energies
-- milliwatt-hours. What the columns mean is told in package history.
CREATE TABLE facts (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE series (
  id      BIGSERIAL PRIMARY KEY,
  device  TEXT COLLATE "C" NOT NULL,
  feature TEXT COLLATE "C" NOT NULL,
  unit    TEXT NOT NULL,
  hold    BIGINT NOT NULL,
  class   BIGINT NOT NULL,
  UNIQUE (device, feature)
);

CREATE TABLE samples (
  series BIGINT NOT NULL,
  at     BIGINT NOT NULL,
  flags  BIGINT NOT NULL,
  number DOUBLE PRECISION,
  text   TEXT,
  PRIMARY KEY (series, at)
);

CREATE TABLE events (
  series BIGINT NOT NULL,
  event  TEXT COLLATE "C" NOT NULL,
  at     BIGINT NOT NULL,
  flags  BIGINT NOT NULL,
  number DOUBLE PRECISION,
  text   TEXT,
  PRIMARY KEY (series, event)
);
CREATE INDEX events_at ON events (series, at, event);

CREATE TABLE minutes (
  series BIGINT NOT NULL, at BIGINT NOT NULL,
  low DOUBLE PRECISION NOT NULL, high DOUBLE PRECISION NOT NULL, mean DOUBLE PRECISION NOT NULL, last DOUBLE PRECISION NOT NULL,
  samples BIGINT NOT NULL, known BIGINT NOT NULL, lasts BIGINT NOT NULL,
  PRIMARY KEY (series, at)
);

CREATE TABLE hours (
  series BIGINT NOT NULL, at BIGINT NOT NULL,
  low DOUBLE PRECISION NOT NULL, high DOUBLE PRECISION NOT NULL, mean DOUBLE PRECISION NOT NULL, last DOUBLE PRECISION NOT NULL,
  samples BIGINT NOT NULL, known BIGINT NOT NULL, lasts BIGINT NOT NULL,
  PRIMARY KEY (series, at)
);

CREATE TABLE days (
  series BIGINT NOT NULL, at BIGINT NOT NULL,
  low DOUBLE PRECISION NOT NULL, high DOUBLE PRECISION NOT NULL, mean DOUBLE PRECISION NOT NULL, last DOUBLE PRECISION NOT NULL,
  samples BIGINT NOT NULL, known BIGINT NOT NULL, lasts BIGINT NOT NULL,
  PRIMARY KEY (series, at)
);

-- Hours whose roll-ups are to be computed, from the moment low on.
CREATE TABLE dirty (
  series BIGINT NOT NULL,
  hour   BIGINT NOT NULL,
  low    BIGINT NOT NULL,
  PRIMARY KEY (series, hour)
);

CREATE TABLE meters (
  id     BIGSERIAL PRIMARY KEY,
  device TEXT COLLATE "C" NOT NULL UNIQUE,
  state  TEXT NOT NULL
);

CREATE TABLE ledger (
  meter BIGINT NOT NULL,
  hour  BIGINT NOT NULL,
  counted BIGINT NOT NULL, spread BIGINT NOT NULL, estimated BIGINT NOT NULL,
  filled  BIGINT NOT NULL, replaced BIGINT NOT NULL,
  said    BIGINT,
  PRIMARY KEY (meter, hour)
);

CREATE TABLE spans (
  meter  BIGINT NOT NULL,
  kind   TEXT NOT NULL,
  begins BIGINT NOT NULL,
  ends   BIGINT NOT NULL,
  energy BIGINT NOT NULL,
  PRIMARY KEY (meter, kind, begins)
);

-- For people and for Grafana, with times that they can read.
CREATE VIEW readable_samples AS
  SELECT s.device, s.feature, s.unit, to_timestamp(x.at / 1000.0) AS time, x.number, x.text
  FROM samples x JOIN series s ON s.id = x.series;
CREATE VIEW readable_hours AS
  SELECT s.device, s.feature, s.unit, to_timestamp(x.at / 1000.0) AS time, x.low, x.high, x.mean, x.last, x.samples, x.known / 1000.0 AS known_seconds
  FROM hours x JOIN series s ON s.id = x.series;
CREATE VIEW readable_energy AS
  SELECT m.device, to_timestamp(l.hour / 1000.0) AS time, (l.counted + l.spread + l.estimated + l.filled) / 1e6 AS kwh, l.estimated / 1e6 AS estimated_kwh
  FROM ledger l JOIN meters m ON m.id = l.meter;

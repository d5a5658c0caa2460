package rule

import (
	"math"
	"time"
)

// Place is where a device is, in degrees; the zero Place is none.
type Place struct{ Latitude, Longitude float64 }

// Where a device has no place, or the sun does not rise or set there that day,
// these minutes of the day stand for sunrise and sunset: 6:30 and 18:30.
const (
	assumedSunrise = 6*60 + 30
	assumedSunset  = 18*60 + 30
)

// Sun gives sunrise and sunset of a day as minutes of the local day, by the
// "sunrise equation" (mean anomaly, equation of the centre, hour angle at
// -0.833°), which is good to a minute or two between the polar circles. Without
// a place it is 6:30 and 18:30.
func Sun(date Date, p Place, zone *time.Location) (sunrise, sunset int) {
	if p == (Place{}) {
		return assumedSunrise, assumedSunset
	}
	noon := time.Date(date.Year, date.Month, date.Day, 12, 0, 0, 0, time.UTC)
	const j2000 = 946_728_000 // unix seconds of 2000-01-01 12:00 UTC
	days := math.Round(float64(noon.Unix()-j2000)/86_400) + 0.0008 - p.Longitude/360
	anomaly := math.Mod(357.5291+0.98560028*days, 360)
	center := 1.9148*sin(anomaly) + 0.02*sin(2*anomaly) + 0.0003*sin(3*anomaly)
	ecliptic := math.Mod(anomaly+center+180+102.9372, 360)
	transit := days + 0.0053*sin(anomaly) - 0.0069*sin(2*ecliptic)
	declination := sin(ecliptic) * sin(23.4397)
	cosine := (sin(-0.833) - sin(p.Latitude)*declination) / (cos(p.Latitude) * math.Sqrt(1-declination*declination))
	if !(cosine >= -1 && cosine <= 1) { // the sun stays above or below
		return assumedSunrise, assumedSunset
	}
	half := math.Acos(cosine) / (2 * math.Pi)
	minute := func(day float64) int {
		t := time.Unix(j2000+int64(math.Round(day*86_400)), 0).In(zone)
		return t.Hour()*60 + t.Minute()
	}
	return minute(transit - half), minute(transit + half)
}

func sin(degrees float64) float64 { return math.Sin(degrees * math.Pi / 180) }
func cos(degrees float64) float64 { return math.Cos(degrees * math.Pi / 180) }

// Of is the minute of a day at which a time falls, and whether it does. By the
// sun it stays within the day.
func (a At) Of(date Date, p Place, zone *time.Location) (minute int, ok bool) {
	sunrise, sunset := Sun(date, p, zone)
	switch a.From {
	case Clock:
		minute = a.Minute
	case Sunrise:
		minute = sunrise + a.Offset
	case Sunset:
		minute = sunset + a.Offset
	default:
		return 0, false
	}
	return min(max(minute, 0), day-1), true
}

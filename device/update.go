package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wattle"
	"wattle/method"
	"wattle/method/iot"
	"wattle/method/smart"
)

// UpdateStage is how far an update is.
type UpdateStage string

// The stages of an update, in their order.
const (
	UpdateDownloading UpdateStage = "downloading"
	UpdateFlashing    UpdateStage = "flashing"
	UpdateRestarting  UpdateStage = "restarting"
	UpdateDone        UpdateStage = "done"
)

// UpdateProgress is what is known of an update at one moment.
type UpdateProgress struct {
	Stage   UpdateStage
	Percent int // of the download
}

const (
	updatePoll = time.Second / 2 // between two questions, see docs/protocol/smart.md section 6
	// updateBegin is how long a download may take to begin, updateStuck how long
	// it may stand still, and updateReturn how long the device may be away beyond
	// the time that it named.
	updateBegin  = 20 * time.Second
	updateStuck  = 3 * time.Minute
	updateReturn = 2 * time.Minute
)

// UpdateFirmware makes the device download and install what [Device.Firmware]
// offers, and waits until it is back, which takes minutes. Without power in
// this time it can be broken for good. progress is told of what happens; nil
// is fine. When ctx ends the device goes on by itself.
//
// It gives the version that runs then. Errors wrap [wattle.ErrRefused] where
// there is nothing newer or the download failed, and [wattle.ErrUnreachable]
// where the device did not come back in time.
func (d *Device) UpdateFirmware(ctx context.Context, progress func(UpdateProgress)) (string, error) {
	if d.family == wattle.IOT {
		d = d.root()
	}
	f, err := d.Firmware(ctx)
	switch {
	case err != nil:
		return "", err
	case f.Newer == nil:
		return f.Installed, fmt.Errorf("%s: %w: there is nothing newer than %s", d.label(), wattle.ErrRefused, f.Installed)
	}
	if progress == nil {
		progress = func(UpdateProgress) {}
	}
	u := &updater{Device: d, before: f.Installed, wanted: f.Newer, progress: progress}
	if err := u.start(ctx); err != nil && !lost(ctx, err) {
		return f.Installed, err
	}
	if err := u.download(ctx); err != nil {
		return f.Installed, err
	}
	version, err := u.comeBack(ctx)
	if err != nil {
		return version, err
	}
	progress(UpdateProgress{UpdateDone, 100})
	_, err = d.Poll(ctx)
	return version, err
}

// updater is an update under way.
type updater struct {
	*Device
	before   string
	wanted   *Release
	progress func(UpdateProgress)
	pause    time.Duration // that the device named for flashing and its restart
}

func (u *updater) start(ctx context.Context) error {
	if u.family == wattle.IOT {
		if u.wanted.url == "" {
			return fmt.Errorf("%s: %w: it does not tell where its new firmware is", u.label(), wattle.ErrRefused)
		}
		return order(ctx, u.Device, iot.DownloadFirmware, iot.Download{URL: u.wanted.url})
	}
	return order(ctx, u.Device, smart.FWDownload, method.None{})
}

// download waits until the download is complete. A device that is away by then
// has gone on to its restart.
func (u *updater) download(ctx context.Context) error {
	begun, last, moved := false, 0, time.Now()
	for {
		s, err := u.ask(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && begun && away(err):
			return nil
		case err != nil && !away(err):
			return err
		case err != nil:
		case s.failed:
			return fmt.Errorf("%s: %w: the download failed; try again later", u.label(), wattle.ErrRefused)
		case s.flashing:
			u.progress(UpdateProgress{UpdateFlashing, 100})
			u.pause = s.pause
			return nil
		case s.idle && begun:
			return nil // so fast that it was not seen
		case s.idle:
			if version, err := u.installed(ctx); err == nil && version != u.before {
				return nil
			}
		default:
			if !begun || s.percent != last {
				begun, last, moved = true, s.percent, time.Now()
				u.progress(UpdateProgress{UpdateDownloading, s.percent})
			}
			u.pause = s.pause
		}
		switch waited := time.Since(moved); {
		case !begun && waited > updateBegin:
			return fmt.Errorf("%s: %w: the download does not begin; try again later", u.label(), wattle.ErrRefused)
		case waited > updateStuck:
			return fmt.Errorf("%s: %w: the download stands at %d %%; the device may go on by itself", u.label(), wattle.ErrRefused, last)
		}
		if err := sleep(ctx, updatePoll); err != nil {
			return err
		}
	}
}

// away reports whether an error is that of a device which is not there now.
func away(err error) bool {
	return errors.Is(err, wattle.ErrUnreachable) || errors.Is(err, wattle.ErrSession) || errors.Is(err, wattle.ErrTransport) ||
		errors.Is(err, wattle.ErrBusy)
}

// comeBack waits until the device runs another version.
func (u *updater) comeBack(ctx context.Context) (string, error) {
	limit := time.Now().Add(u.pause + updateReturn)
	told := false
	for {
		version, err := u.installed(ctx)
		switch {
		case ctx.Err() != nil:
			return "", context.Cause(ctx)
		case err == nil && version != u.before:
			return version, nil
		case err != nil && !away(err):
			return "", err
		case err != nil && !told:
			told = true
			u.progress(UpdateProgress{UpdateRestarting, 100})
		}
		if time.Now().After(limit) {
			if err != nil {
				return "", fmt.Errorf("the device got new firmware and is not back yet; look for it again in a while: %w", err)
			}
			return version, fmt.Errorf("%s: %w: it still runs %s", u.label(), wattle.ErrRefused, version)
		}
		if err := sleep(ctx, updatePoll); err != nil {
			return "", err
		}
	}
}

// downloadState is how far a download is.
type downloadState struct {
	idle, flashing, failed bool
	percent                int
	pause                  time.Duration
}

// ask asks for the state of the download.
func (u *updater) ask(ctx context.Context) (downloadState, error) {
	if u.family == wattle.IOT {
		s, err := ask(ctx, u.Device, iot.GetDownloadState, method.None{})
		if err != nil {
			return downloadState{}, fmt.Errorf("%s: %w", u.label(), err)
		}
		status := s.Status.Or(0)
		return downloadState{
			idle: status == 0, flashing: status == 2, failed: status < 0 || status == 6,
			percent: s.Ratio.Or(0), pause: seconds(s.FlashTime.Or(0), s.RebootTime.Or(0)),
		}, nil
	}
	s, err := ask(ctx, u.Device, smart.GetDownloadState, method.None{})
	if err != nil {
		return downloadState{}, fmt.Errorf("%s: %w", u.label(), err)
	}
	status := s.Status.Or(0)
	return downloadState{
		idle: status == 0, flashing: status == 3, failed: status < 0,
		percent: s.Progress.Or(0), pause: seconds(s.UpgradeTime.Or(0), s.RebootTime.Or(0)),
	}, nil
}

// seconds adds up times that a device named, as far as they make sense.
func seconds(times ...int) time.Duration {
	sum := time.Duration(0)
	for _, n := range times {
		sum += time.Duration(min(max(n, 0), 600)) * time.Second
	}
	return sum
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

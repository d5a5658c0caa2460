package cli

import (
	"context"

	"github.com/spf13/cobra"

	"wattle/device"
)

// sirenState is what "hub siren status" prints.
type sirenState struct {
	Sounds *bool  `json:"sounding"`
	Source string `json:"source,omitempty"`
}

func newHubSiren(a *app) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "siren",
		Short: "Sound and silence the siren of a hub",
		Example: `wattle hub siren play "Hallway hub" --sound "Alarm 1" --volume low --for 10s
wattle hub siren stop "Hallway hub"
wattle hub siren sounds "Hallway hub"`,
	})
	cmd.AddCommand(newSirenPlay(a), newSirenStop(a), newSirenSounds(a), newSirenStatus(a))
	return cmd
}

// withSiren does something with the siren of a device.
func withSiren[T any](ctx context.Context, a *app, ref string, do func(context.Context, *device.Siren) (T, error)) (T, error) {
	return single(ctx, a, ref, func(ctx context.Context, d *opened) (T, error) {
		s, err := d.dev.Siren()
		if err != nil {
			var none T
			return none, err
		}
		return do(ctx, s)
	})
}

func newSirenPlay(a *app) *cobra.Command {
	var how device.Sounding
	cmd := &cobra.Command{
		Use:   "play HUB",
		Short: "Let the siren sound",
		Example: `wattle hub siren play "Hallway hub" --for 10s
wattle hub siren play "Hallway hub" --sound "Doorbell Ring 1" --once`,
		Long: `Without flags it sounds as it is set (features alarm_sound and alarm_volume) until
"wattle hub siren stop".`,
		Args:              exactly(1, "the name of a hub"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := withSiren(cmd.Context(), a, args[0], func(ctx context.Context, s *device.Siren) (struct{}, error) {
				return struct{}{}, s.Play(ctx, how)
			})
			if err == nil {
				a.say("%s sounds", args[0])
			}
			return err
		},
	}
	cmd.Flags().StringVar(&how.Sound, "sound", "", "`name` of the sound; \"wattle hub siren sounds\" lists them")
	cmd.Flags().StringVar(&how.Volume, "volume", "", list(device.SirenVolumes()))
	cmd.Flags().DurationVar(&how.Duration, "for", 0, "how long, 1s to 10m (default: until it is stopped)")
	cmd.Flags().BoolVar(&how.Once, "once", false, "play the sound once")
	cmd.MarkFlagsMutuallyExclusive("for", "once")
	_ = cmd.RegisterFlagCompletionFunc("volume", fixed(device.SirenVolumes()...))
	return cmd
}

func newSirenStop(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "stop HUB",
		Short:             "Silence the siren",
		Example:           `wattle hub siren stop "Hallway hub"`,
		Args:              exactly(1, "the name of a hub"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := withSiren(cmd.Context(), a, args[0], func(ctx context.Context, s *device.Siren) (struct{}, error) {
				return struct{}{}, s.Stop(ctx)
			})
			if err == nil {
				a.say("%s is silent", args[0])
			}
			return err
		},
	}
}

func newSirenSounds(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "sounds HUB",
		Short:             "List the sounds of the siren",
		Example:           `wattle hub siren sounds "Hallway hub"`,
		Args:              exactly(1, "the name of a hub"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			sounds, err := withSiren(cmd.Context(), a, args[0], func(ctx context.Context, s *device.Siren) ([]string, error) {
				return s.Sounds(ctx)
			})
			if err != nil {
				return err
			}
			t := &table{head: []string{"sound"}, bare: true}
			for _, name := range sounds {
				t.add(plain(name))
			}
			return a.printRows(sounds, t, args[0]+" tells of no sound")
		},
	}
}

func newSirenStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "status HUB",
		Short:             "Tell whether the siren sounds",
		Example:           `wattle hub siren status "Hallway hub"`,
		Args:              exactly(1, "the name of a hub"),
		ValidArgsFunction: a.completeDevices,
		RunE: func(cmd *cobra.Command, args []string) error {
			state, err := withSiren(cmd.Context(), a, args[0], func(ctx context.Context, s *device.Siren) (out sirenState, err error) {
				on, known, source, err := s.Sounding(ctx)
				if known {
					out = sirenState{&on, source}
				}
				return out, err
			})
			if err != nil {
				return err
			}
			t := &table{head: []string{"siren", "source"}, bare: true}
			switch {
			case state.Sounds == nil:
				t.add(plain("-"), plain(""))
			case *state.Sounds:
				t.add(cell{"sounds", style.red}, plain(state.Source))
			default:
				t.add(plain("silent"), plain(""))
			}
			return a.print(state, t)
		},
	}
}

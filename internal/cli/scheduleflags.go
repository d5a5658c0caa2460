package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"wattle/feature"
	"wattle/method"
	"wattle/rule"
)

// ruleFlags describe a rule on the command line.
type ruleFlags struct {
	at, days, once, until, then, color, name, transition string
	on, off, disabled                                    bool
	brightness, temperature                              int
}

func (f *ruleFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.at, "at", "", "`time`: 18:30, 6:30pm, sunrise, sunset-30m, sunrise+1h15m")
	flags.StringVar(&f.days, "days", "", "`days`: mon-fri, sat,sun, weekdays, weekend, daily")
	flags.StringVar(&f.once, "once", "", "act one time, on this `date`, such as 2026-12-24")
	flags.BoolVar(&f.on, "on", false, "turn on")
	flags.BoolVar(&f.off, "off", false, "turn off")
	flags.IntVar(&f.brightness, "brightness", 0, "turn on with this brightness in `percent`")
	flags.IntVar(&f.temperature, "temp", 0, "turn on with this colour temperature in `kelvin`")
	flags.StringVar(&f.color, "color", "", "turn on in this `colour`: a name, #rrggbb or hue,saturation,value")
	flags.StringVar(&f.transition, "transition", "", "take this `long` to get there, such as 30s or 20m")
	flags.StringVar(&f.until, "until", "", "end of an interval, a `time` as in --at (Kasa only)")
	flags.StringVar(&f.then, "then", "", "what to do at the end: on or `off`")
	flags.StringVar(&f.name, "name", "", "`name` of the rule (Kasa only)")
	cmd.MarkFlagsMutuallyExclusive("on", "off")
	cmd.MarkFlagsMutuallyExclusive("days", "once")
	cmd.MarkFlagsMutuallyExclusive("temp", "color")
	_ = cmd.RegisterFlagCompletionFunc("at", fixed("sunrise", "sunset", "sunset-30m", "18:30"))
	_ = cmd.RegisterFlagCompletionFunc("days", fixed("daily", "weekdays", "weekend", "mon-fri"))
	_ = cmd.RegisterFlagCompletionFunc("then", fixed("off", "on"))
}

// change puts what was given into a rule; the rest stays.
func (f *ruleFlags) change(cmd *cobra.Command, s *rule.Schedule) (err error) {
	given := func(names ...string) bool {
		for _, name := range names {
			if cmd.Flags().Changed(name) {
				return true
			}
		}
		return false
	}
	if given("at") {
		if s.At, err = rule.ParseAt(f.at); err != nil {
			return usage("--at", err)
		}
	}
	if given("days") {
		s.Once, s.Date = false, rule.Date{}
		if s.Days, err = rule.ParseDays(f.days); err != nil {
			return usage("--days", err)
		}
	}
	if given("once") {
		s.Once, s.Days = true, 0
		if s.Date, err = rule.ParseDate(f.once); err != nil {
			return usage("--once", err)
		}
	}
	if given("on", "off", "brightness", "temp", "color") {
		if err := f.action(&s.Action, given); err != nil {
			return err
		}
	}
	if given("transition") {
		d, err := time.ParseDuration(f.transition)
		if err != nil || d < 0 || d > rule.MaxTransition {
			return usagef("", "--transition: %q: want such as 30s or 20m, up to 24h", f.transition)
		}
		s.Action.Transition = method.Some(int(d / time.Millisecond))
	}
	if given("name") {
		s.Name = f.name
	}
	if err := f.end(s, given); err != nil {
		return err
	}
	return usage("the rule", s.Check())
}

func (f *ruleFlags) action(x *rule.Action, given func(...string) bool) error {
	if f.off {
		if given("brightness", "temp", "color") {
			return usagef("", "--off excludes --brightness, --temp and --color")
		}
		*x = rule.Action{Do: rule.Off, Transition: x.Transition}
		return nil
	}
	if x.Do != rule.On {
		*x = rule.Action{Transition: x.Transition}
	}
	x.Do = rule.On
	if given("brightness") {
		x.Brightness = method.Some(f.brightness)
	}
	if given("temp") {
		x.ColorTemp, x.Hue, x.Saturation = method.Some(f.temperature), method.Opt[int]{}, method.Opt[int]{}
	}
	if given("color") {
		c, err := feature.ParseHSV(f.color)
		if err != nil {
			return usage("--color", err)
		}
		x.ColorTemp, x.Hue, x.Saturation = method.Opt[int]{}, method.Some(c.Hue), method.Some(c.Saturation)
		if !given("brightness") && c.Value > 0 {
			x.Brightness = method.Some(c.Value)
		}
	}
	return nil
}

func (f *ruleFlags) end(s *rule.Schedule, given func(...string) bool) error {
	if !given("until", "then") {
		return nil
	}
	if given("until") && f.until == "" && !given("then") {
		s.End = nil
		return nil
	}
	end := rule.End{}
	if s.End != nil {
		end = *s.End
	}
	if given("until") {
		var err error
		if end.At, err = rule.ParseAt(f.until); err != nil {
			return usage("--until", err)
		}
	}
	switch {
	case f.then == "on":
		end.Action = rule.Action{Do: rule.On}
	case f.then == "off", !given("then") && s.End == nil:
		end.Action = rule.Action{Do: rule.Off}
	case given("then"):
		return usagef("", "--then: %q: want on or off", f.then)
	}
	if s.End == nil && !given("until") {
		return usagef("", "--then goes with --until")
	}
	s.End = &end
	return nil
}

// needed checks what a new rule cannot be without.
func (f *ruleFlags) needed(cmd *cobra.Command) error {
	switch changed := cmd.Flags().Changed; {
	case !changed("at"):
		return usagef("for example: "+firstExample(cmd), "when? --at is missing")
	case !f.on && !f.off && !changed("brightness") && !changed("temp") && !changed("color"):
		return usagef("for example: "+firstExample(cmd), "what? --on, --off, --brightness, --temp or --color is missing")
	}
	return nil
}

// describe is a rule in words for messages.
func describe(s *rule.Schedule) string { return fmt.Sprintf("%q", s.String()) }

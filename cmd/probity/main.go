// Command probity answers allegations about the use of a cloud from the
// cloud's own records. Run "probity help" for its commands.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/term"

	"probity/internal/casefile"
	"probity/internal/report"
	"probity/internal/review"
)

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2 // bad usage or a bad case file
	exitUnverified  = 4 // something is not as it was signed, recorded or received
	exitInterrupted = 130
)

// A command is one word after "probity".
type command struct {
	name, args, short, long string
	run                     func(ctx context.Context, t *talk, args []string) error
}

// talk is where a command speaks: the product to out, everything else to err.
type talk struct {
	out, err io.Writer
	terminal bool // err is a terminal
	width    int
	color    bool
}

// errUsage marks an error of the command line.
var errUsage = errors.New("usage")

func commands() []command {
	return []command{initCommand, planCommand, policyCommand, requestCommand, acknowledgeCommand, receiveCommand, refuseCommand, collectCommand,
		reviewCommand, reportCommand, diffCommand, showCommand, exportCommand, keyCommand, signCommand, challengeCommand, redactCommand, publishCommand, verifyCommand, ledgerCommand, witnessCommand, simulateCommand, calibrateCommand}
}

func main() {
	debug.SetGCPercent(50) // a review holds little that lives long: memory rather than time
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], newTalk())
	stop()
	os.Exit(code)
}

func newTalk() *talk {
	t := &talk{out: os.Stdout, err: os.Stderr, terminal: term.IsTerminal(int(os.Stderr.Fd())), width: 100}
	if fd := int(os.Stdout.Fd()); term.IsTerminal(fd) {
		t.color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		if w, _, err := term.GetSize(fd); err == nil && w > 0 {
			t.width = min(w, 200)
		}
	}
	return t
}

// run runs one command and returns its exit code.
func run(ctx context.Context, args []string, t *talk) int {
	if len(args) == 0 {
		usage(t.err)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		return help(args[1:], t)
	case "version", "-v", "-version", "--version":
		fmt.Fprintln(t.out, "probity", review.Version)
		return exitDone
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return exit(c.run(ctx, t, args[1:]), ctx, t, c)
		}
	}
	fmt.Fprintf(t.err, "probity: unknown command %q: run \"probity help\"\n", args[0])
	return exitUsage
}

// exit tells an error and returns its code.
func exit(err error, ctx context.Context, t *talk, c command) int {
	var mistakes *casefile.Mistakes
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, flag.ErrHelp):
		c.help(t.out)
		return exitDone
	case ctx.Err() != nil:
		fmt.Fprintln(t.err, "probity: interrupted; nothing was written")
		return exitInterrupted
	case errors.Is(err, errUsage):
		fmt.Fprintf(t.err, "probity %s: %v\nusage: probity %s %s\n", c.name, err, c.name, c.args)
		return exitUsage
	case errors.As(err, &mistakes):
		fmt.Fprintln(t.err, mistakes)
		return exitUsage
	case errors.Is(err, errUnverified):
		fmt.Fprintf(t.err, "probity: %v\n", err)
		return exitUnverified
	}
	fmt.Fprintf(t.err, "probity: %v\n", err)
	return exitFailed
}

// errUnverified marks an error of a check that did not hold.
var errUnverified = errors.New("verification failed")

func verificationError(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errUnverified, fmt.Errorf(format, args...))
}

// usageError returns an error of the command line.
func usageError(format string, args ...any) error {
	return &badUsage{fmt.Sprintf(format, args...)}
}

type badUsage struct{ text string }

func (e *badUsage) Error() string        { return e.text }
func (e *badUsage) Is(target error) bool { return target == errUsage }

// parse reads flags that may stand before or after the arguments, and checks
// how many arguments there are.
func parse(f *flag.FlagSet, args []string, want int, what string) ([]string, error) {
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	var rest []string
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError("%v", err)
		}
		if f.NArg() == 0 {
			break
		}
		rest, args = append(rest, f.Arg(0)), f.Args()[1:]
	}
	if len(rest) != want {
		return nil, usageError("want %s", what)
	}
	return rest, nil
}

func (c *command) help(w io.Writer) {
	fmt.Fprintf(w, "usage: probity %s %s\n\n%s\n", c.name, c.args, c.long)
}

func help(args []string, t *talk) int {
	if len(args) == 0 {
		usage(t.out)
		return exitDone
	}
	for _, c := range commands() {
		if c.name == args[0] {
			c.help(t.out)
			return exitDone
		}
	}
	fmt.Fprintf(t.err, "probity: unknown command %q: run \"probity help\"\n", args[0])
	return exitUsage
}

func usage(w io.Writer) {
	fmt.Fprint(w, `Probity answers allegations about the use of a cloud from the cloud's own
records, and says what was and was not looked at.

usage: probity COMMAND [arguments]

`)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-11s %s\n", c.name, c.short)
	}
	fmt.Fprint(w, `  version     prints the version
  help        prints this, or the help of a command

example:
  probity review examples/harbour

exit codes: 0 done, 1 failed, 2 bad usage or bad case file, 4 verification failed,
130 interrupted
`)
}

// progress returns a progress line on a terminal, and a silent one elsewhere.
func (t *talk) progress() *report.Progress { return report.NewProgress(t.err, t.terminal) }

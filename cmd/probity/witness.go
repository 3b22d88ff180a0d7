package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"time"

	"probity/internal/ledger"
)

var witnessCommand = command{
	name: "witness", args: "DIR --name NAME --log KEY",
	short: "serves as a witness: cosigns ledgers that only ever grow",
	long: `Witness answers add-checkpoint requests (c2sp.org/tlog-witness) and keeps what
it cosigned in DIR, with its key, which is made if it is not there. It prints
its key and address, and ends when it is interrupted.

  --name NAME      its name, a host name by custom
  --log KEY        the key of a ledger (the file ledger/log.vkey of a case holds
                   it); may be given several times
  --listen ADDR    127.0.0.1:0 if absent: this machine alone, any port

example:
  probity witness /var/lib/witness --name witness.example.org --log "$(cat mycase/ledger/log.vkey)"`,
	run: runWitness,
}

func runWitness(ctx context.Context, t *talk, args []string) (err error) {
	f := flag.NewFlagSet("witness", flag.ContinueOnError)
	name, listen := f.String("name", "", ""), f.String("listen", "127.0.0.1:0", "")
	var logs texts
	f.Var(&logs, "log", "")
	rest, err := parse(f, args, 1, "the folder that keeps what it knows")
	if err != nil {
		return err
	}
	if *name == "" || len(logs) == 0 {
		return usageError("--name and --log are needed")
	}
	host, _, err := net.SplitHostPort(*listen)
	if err != nil || host == "" {
		return usageError("--listen %q: want an address and a port, such as 127.0.0.1:8080; name the address to be reached from elsewhere", *listen)
	}
	s, err := ledger.OpenWitness(rest[0], *name, logs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	at, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "witness %s %s http://%s\n", *name, s.Vkey(), at.Addr())
	server := &http.Server{Handler: s, ReadTimeout: 20 * time.Second, WriteTimeout: 20 * time.Second, MaxHeaderBytes: 1 << 14}
	done := make(chan error, 1)
	go func() { done <- server.Serve(at) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return server.Shutdown(stop)
	}
}

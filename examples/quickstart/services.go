package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// A service wants to be called when something happens to an alert.
type service struct {
	name, url string
}

// startServices starts three of them on loopback. stop ends them.
func startServices() (services []service, stop func(), err error) {
	healthy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusNoContent)
	})

	var calls atomic.Int64
	busy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) <= 2 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		healthy(w, r)
	})

	// It hangs up on everybody. A port where nobody listens any more might be
	// somebody else's a moment later.
	down := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })

	healthyURL, stopHealthy, err := serve(healthy)
	if err != nil {
		return nil, nil, err
	}
	busyURL, stopBusy, err := serve(busy)
	if err != nil {
		stopHealthy()
		return nil, nil, err
	}
	downURL, stopDown, err := serve(down)
	if err != nil {
		stopHealthy()
		stopBusy()
		return nil, nil, err
	}

	services = []service{
		{"tickets", healthyURL + "/hook"},
		{"chatbot", busyURL + "/hook"},
		{"oldpager", downURL + "/hook"},
	}
	return services, func() { stopHealthy(); stopBusy(); stopDown() }, nil
}

// serve starts a server for h on a free port of the loopback interface.
func serve(h http.Handler) (url string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close()
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the listener broke: nothing that follows would be true
		}
	}
	return "http://" + l.Addr().String(), stop, nil
}

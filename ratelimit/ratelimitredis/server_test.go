package ratelimitredis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alertwire/alertwire/ratelimit/ratelimitredis"
)

// patience is for what does not fail, on a machine that is busy.
const patience = time.Minute

// A server is a redis-server process on a loopback port.
type server struct {
	addr string
	args []string
	dir  string
	cmd  *exec.Cmd
	// ended is closed when the process of cmd has ended.
	ended <-chan struct{}
}

// startServer starts redis-server with the given arguments, and skips the test if
// it is not installed (Debian: apt-get install redis-server).
func startServer(tb testing.TB, args ...string) *server {
	tb.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		tb.Skip("needs redis-server, which is not installed")
	}
	s := &server{addr: freeAddr(tb), args: args, dir: tb.TempDir()}
	s.start(tb)
	tb.Cleanup(s.kill)
	return s
}

// freeAddr returns an address that nobody uses just now. Its port is below those
// that systems give to clients, so that no connection takes it before the server
// listens there, or while it is gone; and a node of a cluster takes one that is
// 10,000 above.
func freeAddr(tb testing.TB) string {
	tb.Helper()
	const low, high = 2_000, 12_000
	for range high - low {
		port := low + rand.IntN(high-low)
		if _, taken := takenPorts.LoadOrStore(port, true); taken {
			continue
		}
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	require.Fail(tb, "no port is free")
	return ""
}

// takenPorts are those that a test of this process has been given.
var takenPorts sync.Map

// nobody returns an address where nobody listens, and can as long as the test
// lasts: it belongs to one end of a connection.
func nobody(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	tb.Cleanup(func() { l.Close() })
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(tb, err)
	tb.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String()
}

func (s *server) port() string {
	_, port, _ := net.SplitHostPort(s.addr)
	return port
}

// start starts the process and waits until it answers.
func (s *server) start(tb testing.TB) {
	tb.Helper()
	args := append([]string{"--port", s.port(), "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no"}, s.args...)
	s.run(tb, args...)
}

func (s *server) run(tb testing.TB, args ...string) {
	tb.Helper()
	c := redis.NewClient(&redis.Options{Addr: s.addr, MaxRetries: -1})
	defer c.Close()
	// Between the choice of the port, or the end of the process before, and the
	// start, another process of this machine may use it for a moment.
	eventually(tb, func() bool {
		if s.cmd == nil {
			s.cmd = exec.Command("redis-server", args...)
			require.NoError(tb, s.cmd.Start())
			cmd, ended := s.cmd, make(chan struct{})
			s.ended = ended
			go func() { _ = cmd.Wait(); close(ended) }()
		}
		select {
		case <-s.ended:
			s.cmd = nil
			return false
		default:
		}
		info, err := c.Info(context.Background(), "server").Result()
		return err == nil && strings.Contains(info, fmt.Sprintf("\nprocess_id:%d\r\n", s.cmd.Process.Pid))
	}, "redis-server does not start")
}

// kill is kill -9.
func (s *server) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		<-s.ended
		s.cmd = nil
	}
}

// hang stops the process without closing its connections, and resume lets it go on.
func (s *server) hang(tb testing.TB)   { s.signal(tb, "STOP") }
func (s *server) resume(tb testing.TB) { s.signal(tb, "CONT") }

func (s *server) signal(tb testing.TB, name string) {
	tb.Helper()
	require.NoError(tb, exec.Command("kill", "-"+name, strconv.Itoa(s.cmd.Process.Pid)).Run())
}

func (s *server) client(tb testing.TB) *redis.Client {
	tb.Helper()
	return client(tb, s.addr)
}

// unhurried returns the options of a client for a machine that is busy. The
// deadlines of its callers hold all the same.
func unhurried(addr string) *redis.UniversalOptions {
	o := ratelimitredis.Defaults(addr)
	o.DialTimeout, o.ReadTimeout, o.PoolTimeout = patience, patience, patience
	return o
}

func client(tb testing.TB, addr string) *redis.Client {
	tb.Helper()
	o := unhurried(addr)
	c := redis.NewUniversalClient(o).(*redis.Client)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// startCluster starts a cluster of one node that has all slots.
func startCluster(tb testing.TB) redis.UniversalClient {
	tb.Helper()
	s := startServer(tb, "--cluster-enabled", "yes")
	ctx := context.Background()
	c := s.client(tb)
	require.NoError(tb, c.Do(ctx, "CLUSTER", "ADDSLOTSRANGE", 0, 16383).Err())
	eventually(tb, func() bool {
		info, err := c.ClusterInfo(ctx).Result()
		return err == nil && len(info) > 16 && info[:16] == "cluster_state:ok"
	}, "the cluster does not begin")
	o := unhurried(s.addr)
	o.IsClusterMode = true
	cluster := redis.NewUniversalClient(o)
	tb.Cleanup(func() { _ = cluster.Close() })
	return cluster
}

// startSentinel starts a server and a sentinel that watches it.
func startSentinel(tb testing.TB) redis.UniversalClient {
	tb.Helper()
	master := startServer(tb)
	s := &server{addr: freeAddr(tb), dir: tb.TempDir()}
	conf := filepath.Join(s.dir, "sentinel.conf")
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor main 127.0.0.1 %s 1\n", s.port(), s.dir, master.port())
	require.NoError(tb, os.WriteFile(conf, []byte(text), 0o600))
	s.run(tb, conf, "--sentinel")
	tb.Cleanup(s.kill)
	o := unhurried(s.addr)
	o.MasterName = "main"
	c := redis.NewUniversalClient(o)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// anyServer returns a client of a real server, or of miniredis if none is
// installed.
func anyServer(tb testing.TB) *redis.Client {
	tb.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		return client(tb, miniredis.RunT(tb).Addr())
	}
	return startServer(tb).client(tb)
}

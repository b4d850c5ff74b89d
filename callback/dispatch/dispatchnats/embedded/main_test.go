package embedded_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// The test binary is also what its tests run in other processes: a NATS server,
// and a program whose disk is full.
func TestMain(m *testing.M) {
	for variable, run := range map[string]func(string){serverVariable: serve, diskVariable: fillDisk} {
		if arg := os.Getenv(variable); arg != "" {
			run(arg)
			return
		}
	}
	os.Exit(m.Run())
}

const (
	serverVariable = "ALERTWIRE_TEST_SERVER"
	saysReady      = "ready"
)

// A node is a NATS server in a process of its own.
type node struct {
	Name   string
	Dir    string
	Port   int
	Route  int   // the port of this one in the cluster; 0 if it is alone
	Routes []int // of all

	MaxConsumers int   // of a stream; 0 is what NATS allows
	MaxPayload   int32 // likewise

	cmd   *exec.Cmd
	stdin io.Closer
}

// serve is such a process. It ends when its input does.
func serve(arg string) {
	var n node
	if err := json.Unmarshal([]byte(arg), &n); err != nil {
		panic(err)
	}
	o := &server.Options{
		ServerName: n.Name, Host: "127.0.0.1", Port: n.Port,
		JetStream: true, StoreDir: n.Dir, NoLog: true, NoSigs: true, MaxPayload: n.MaxPayload,
	}
	o.JetStreamLimits.DefaultMaxConsumers = n.MaxConsumers
	if n.Route != 0 {
		o.Cluster = server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: n.Route}
		for _, port := range n.Routes {
			o.Routes = append(o.Routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", port)})
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		panic(err)
	}
	go s.Start()
	if !s.ReadyForConnections(soon) {
		panic("the server is not ready")
	}
	fmt.Println(saysReady)
	_, _ = io.Copy(io.Discard, os.Stdin)
	s.Shutdown()
	s.WaitForShutdown()
}

// start starts the process, again if need be, and waits until it is there.
func (n *node) start(t testing.TB) {
	t.Helper()
	arg, err := json.Marshal(n)
	require.NoError(t, err)
	n.cmd = exec.Command(os.Args[0])
	n.cmd.Env = append(os.Environ(), serverVariable+"="+string(arg))
	n.cmd.Stderr = os.Stderr
	n.stdin, err = n.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := n.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, n.cmd.Start())
	t.Cleanup(n.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, saysReady, strings.TrimSpace(line))
}

// kill ends the process as the kernel does.
func (n *node) kill() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
	n.cmd = nil
}

// alone returns a server that runs by itself.
func alone(t testing.TB) *node {
	t.Helper()
	n := &node{Name: "alone", Dir: t.TempDir(), Port: freePorts(t, 1)[0]}
	n.start(t)
	return n
}

// cluster returns three servers that make up a cluster.
func cluster(t testing.TB) []*node {
	t.Helper()
	nodes := unstarted(t)
	for _, n := range nodes {
		n.start(t)
	}
	return nodes
}

// unstarted returns servers that would make up a cluster, if they were started.
func unstarted(t testing.TB) []*node {
	t.Helper()
	ports := freePorts(t, 6)
	var nodes []*node
	for i := range 3 {
		nodes = append(nodes, &node{
			Name: fmt.Sprint("n", i), Dir: t.TempDir(), Port: ports[i], Route: ports[3+i], Routes: ports[3:],
		})
	}
	return nodes
}

// takenPorts are those that a test of this process has been given.
var takenPorts sync.Map

// freePorts returns ports of the loopback interface that nobody uses just now.
// They are below those that systems give to clients, so that no connection takes
// one before the server listens there, or while it is gone.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	const low, high = 2_000, 12_000
	var ports []int
	for tries := 0; len(ports) < n; tries++ {
		require.Less(t, tries, high-low, "no port is free")
		port := low + rand.IntN(high-low)
		if _, taken := takenPorts.LoadOrStore(port, true); taken {
			continue
		}
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			ports = append(ports, port)
		}
	}
	return ports
}

func addresses(nodes ...*node) string {
	var all []string
	for _, n := range nodes {
		all = append(all, fmt.Sprintf("nats://127.0.0.1:%d", n.Port))
	}
	return strings.Join(all, ",")
}

// connect connects to servers, as a program should that means to stay.
func connect(t testing.TB, urls string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(urls, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond),
		nats.Timeout(soon), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

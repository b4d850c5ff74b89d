package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"github.com/alertwire/alertwire/ratelimit"
	"github.com/alertwire/alertwire/ratelimit/ratelimitredis"
)

// redisGroups decide in a Redis server that they start, on loopback.
func redisGroups(ctx context.Context, _ bool) ([]group, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		fmt.Fprintln(os.Stderr, "redis: redis-server is not installed, left out")
		return nil, nil
	}
	address, stop, err := startRedis(ctx, binary)
	if err != nil {
		return nil, err
	}
	var groups []group
	for _, senders := range []int{1, 64} {
		g, err := redisGroup(address, senders)
		if err != nil {
			return nil, err
		}
		if senders > 1 {
			g.headlines = []headline{{work: "decide in Redis, 64 callers", ours: "alertwire", theirs: []string{"PING", "redis_rate"}}}
		}
		groups = append(groups, g)
	}
	groups[len(groups)-1].close = stop
	return groups, nil
}

func redisGroup(address string, senders int) (group, error) {
	options := ratelimitredis.Defaults(address)
	options.PoolSize = senders
	client := redis.NewUniversalClient(options)
	store, err := ratelimitredis.New(client, ratelimitredis.Options{Prefix: "bench" + strconv.Itoa(senders), Timeout: 5 * time.Second})
	if err != nil {
		return group{}, err
	}
	perIP, err := ratelimit.New(ratelimit.Rate{Events: 1_000_000, Per: time.Second}, ratelimit.Options{Store: store, Name: "ip"})
	if err != nil {
		return group{}, err
	}
	peer := redis_rate.NewLimiter(redis.NewClient(&redis.Options{Addr: address, PoolSize: senders}))
	nothing := redis.NewScript("return 1")
	least := redis.NewScript(leastScript)
	key := func() func() string {
		var i atomic.Int64
		return func() string { return keys[int(i.Add(1))%1000] }
	}
	pick := key()
	often := ratelimit.Rate{Events: 1_000_000, Per: time.Second}
	return group{
		title: fmt.Sprintf("Decide in Redis, %d callers, 1,000 keys", senders),
		note:  "Time on the wall: half of the work is the server's.",
		wall:  true,
		cases: []bench{
			spreadOver(senders, "PING", false, func(ctx context.Context) error { return client.Ping(ctx).Err() }),
			spreadOver(senders, "alertwire", true, func(ctx context.Context) error {
				d, err := perIP.Take(ctx, pick(), 1)
				if err == nil && !d.OK {
					err = errRefused
				}
				return err
			}),
			spreadOver(senders, "alertwire, address and global", true, func(ctx context.Context) error {
				reqs := [2]ratelimit.Request{{Name: "a", Key: pick(), Rate: often, N: 1}, {Name: "g", Key: "all", Rate: often, N: 1}}
				var out [2]ratelimit.Decision
				err := store.Take(ctx, reqs[:], out[:])
				if err == nil && (!out[0].OK || !out[1].OK) {
					err = errRefused
				}
				return err
			}),
			spreadOver(senders, "a script that does nothing", false, func(ctx context.Context) error {
				return nothing.Run(ctx, client, []string{pick()}).Err()
			}),
			spreadOver(senders, "a script with TIME, GET and SET", false, func(ctx context.Context) error {
				return least.Run(ctx, client, []string{"least" + pick()}, 60).Err()
			}),
			spreadOver(senders, "redis_rate", false, func(ctx context.Context) error {
				r, err := peer.Allow(ctx, pick(), redis_rate.PerSecond(1_000_000))
				if err == nil && r.Allowed == 0 {
					err = errRefused
				}
				return err
			}),
		},
		goals: []goal{{"alertwire", rateOf, "PING", 0.6}},
	}, nil
}

// leastScript is the least that a decision needs: the time of the server, the
// state, and the new state with its end.
const leastScript = `
local t = redis.call('TIME')
local state = redis.call('GET', KEYS[1])
local now = t[1] * 1000000 + t[2]
local next = math.max(tonumber(state or '0'), now) + ARGV[1]
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', 1000)
return next - now`

// startRedis starts a server on a free port that keeps nothing on disk.
func startRedis(ctx context.Context, binary string) (address string, stop func(), err error) {
	// Below the ports that systems give to clients, of which one might take it
	// before the server does.
	var port string
	for tries := 1; ; tries++ {
		port = strconv.Itoa(2_000 + rand.IntN(10_000))
		address = net.JoinHostPort("127.0.0.1", port)
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err == nil {
			_ = l.Close()
			break
		}
		if tries == 100 {
			return "", nil, err
		}
	}
	cmd := exec.CommandContext(ctx, binary, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	client := redis.NewClient(&redis.Options{Addr: address})
	defer func() { _ = client.Close() }()
	for range 3000 { // a minute
		if client.Ping(ctx).Err() == nil {
			return address, stop, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	return "", nil, errors.New("redis-server does not answer")
}

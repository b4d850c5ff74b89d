package ratelimitredis_test

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/alertwire/alertwire/ratelimit"
	"github.com/alertwire/alertwire/ratelimit/ratelimitredis"
)

func ExampleNew() {
	server, err := miniredis.Run() // in a program: the address of a Redis
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	client := redis.NewUniversalClient(ratelimitredis.Defaults(server.Addr()))
	defer client.Close()
	store, err := ratelimitredis.New(client, ratelimitredis.Options{Prefix: "myapp", Timeout: 5 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	perTeam, err := ratelimit.New(ratelimit.Rate{Events: 2, Per: time.Hour}, ratelimit.Options{
		Name:  "team",
		Store: &ratelimit.Fallback{Store: store, Instances: 3},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(perTeam.Allow("a"), perTeam.Allow("a"), perTeam.Allow("a"))
	// Output: true true false
}

func ExampleNewDedup() {
	server, err := miniredis.Run()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client := redis.NewUniversalClient(ratelimitredis.Defaults(server.Addr()))
	defer client.Close()

	dedup, err := ratelimitredis.NewDedup(client, ratelimitredis.DedupOptions{Window: time.Hour, Timeout: 5 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	done, fresh, err := dedup.Reserve(context.Background(), "delivery-1")
	fmt.Println(fresh, err)
	done(nil)
	_, fresh, err = dedup.Reserve(context.Background(), "delivery-1") // in any process
	fmt.Println(fresh, err)
	// Output:
	// true <nil>
	// false <nil>
}

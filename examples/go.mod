module github.com/alertwire/alertwire/examples

go 1.26

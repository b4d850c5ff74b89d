module github.com/alertwire/alertwire/examples

go 1.26

require (
	github.com/alertwire/alertwire v0.0.0
	github.com/stretchr/testify v1.11.1
)

replace github.com/alertwire/alertwire => ../

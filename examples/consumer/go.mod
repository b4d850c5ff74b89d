module example.com/oncall

go 1.26

require (
	github.com/alertwire/alertwire v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)

// For development inside this repository. Leave it out in yours.
replace github.com/alertwire/alertwire => ../..

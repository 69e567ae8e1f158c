module miosa.dev/agent

go 1.26

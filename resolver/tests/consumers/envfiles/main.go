// Reads an env file from standard input as Docker's own programs do, and writes its variables as
// JSON. The argument says which of them: compose or docker.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/docker/cli/pkg/kvfile"
)

func main() {
	variables := map[string]string{}
	switch program := os.Args[1]; program {
	case "compose":
		read, err := dotenv.Parse(os.Stdin)
		if err != nil {
			log.Fatal(err)
		}
		variables = read
	case "docker":
		lines, err := kvfile.ParseFromReader(os.Stdin, nil)
		if err != nil {
			log.Fatal(err)
		}
		for _, line := range lines {
			name, value, _ := strings.Cut(line, "=")
			variables[name] = value
		}
	default:
		log.Fatalf("%q is not known", program)
	}
	if err := json.NewEncoder(os.Stdout).Encode(variables); err != nil {
		log.Fatal(err)
	}
}

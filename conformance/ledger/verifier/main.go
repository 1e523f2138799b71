// Command ledger-verifier checks a log with Go's own implementation of notes and transparency trees, which shares no
// code with ours. It reads one JSON document and prints one: what it found wrong, nothing if all is right.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Index int64       `json:"index"`
	Proof []tlog.Hash `json:"proof"`
}

type consistency struct {
	From  int64       `json:"from"`
	Root  tlog.Hash   `json:"root"`
	Proof []tlog.Hash `json:"proof"`
}

type question struct {
	VerifierKey string        `json:"verifier_key"`
	Note        string        `json:"note"`
	Leaves      [][]byte      `json:"leaves"`
	Inclusions  []inclusion   `json:"inclusions"`
	Consistency []consistency `json:"consistency"`
}

func main() {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	problems := check(asked)
	if err := json.NewEncoder(os.Stdout).Encode(problems); err != nil {
		os.Exit(2)
	}
}

func check(asked question) []string {
	problems := []string{}
	verifier, err := note.NewVerifier(asked.VerifierKey)
	if err != nil {
		return append(problems, "key: "+err.Error())
	}
	opened, err := note.Open([]byte(asked.Note), note.VerifierList(verifier))
	if err != nil {
		return append(problems, "note: "+err.Error())
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return append(problems, "size: "+err.Error())
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return append(problems, "root: "+err.Error())
	}
	if lines[0] != verifier.Name() {
		problems = append(problems, "the origin is not the key's name")
	}
	if built := rootOf(asked.Leaves); int64(len(asked.Leaves)) != size || built != root {
		problems = append(problems, "the entries do not give the signed root")
	}
	for _, each := range asked.Inclusions {
		hash := tlog.RecordHash(asked.Leaves[each.Index])
		if err := tlog.CheckRecord(each.Proof, size, root, each.Index, hash); err != nil {
			problems = append(problems, fmt.Sprintf("inclusion of %d: %v", each.Index, err))
		}
	}
	for _, each := range asked.Consistency {
		if each.Root != rootOf(asked.Leaves[:each.From]) {
			problems = append(problems, fmt.Sprintf("the root at %d is another", each.From))
		}
		if err := tlog.CheckTree(each.Proof, size, root, each.From, each.Root); err != nil {
			problems = append(problems, fmt.Sprintf("consistency from %d: %v", each.From, err))
		}
	}
	return problems
}

func rootOf(leaves [][]byte) tlog.Hash {
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for at, index := range indexes {
			hashes[at] = stored[index]
		}
		return hashes, nil
	})
	for number, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(number), leaf, read)
		if err != nil {
			panic(err)
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(int64(len(leaves)), read)
	if err != nil {
		panic(err)
	}
	return root
}

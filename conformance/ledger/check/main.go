// Command check verifies an exported log, directory and public key alone, with Go's own implementation of notes and
// transparency trees, which shares no code with ours: every entry, proofs at random positions, consistency between
// random sizes. It also checks proof files and packs' range proofs given as further arguments.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

func main() {
	directory := flag.String("dir", "", "the exported directory")
	keyFile := flag.String("keys", "", "file with the public keys of the log, one a line")
	rounds := flag.Int("rounds", 100, "random proofs of each kind")
	seed := flag.Uint64("seed", 1, "seed of the random positions")
	flag.Parse()
	keys, err := os.ReadFile(*keyFile)
	if err != nil {
		fail(err)
	}
	verifiers, err := readKeys(string(keys))
	if err != nil {
		fail(err)
	}
	if *directory != "" {
		size, err := checkDirectory(*directory, verifiers, *rounds, *seed)
		if err != nil {
			fail(err)
		}
		fmt.Printf("%d entries\n", size)
	}
	for _, path := range flag.Args() {
		if err := checkProofFile(path, verifiers); err != nil {
			fail(fmt.Errorf("%s: %w", path, err))
		}
		fmt.Printf("%s ok\n", filepath.Base(path))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func readKeys(text string) ([]note.Verifier, error) {
	var verifiers []note.Verifier
	for _, line := range strings.Fields(text) {
		verifier, err := note.NewVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		verifiers = append(verifiers, verifier)
	}
	return verifiers, nil
}

func openCheckpoint(text []byte, verifiers []note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifiers[0].Name() {
		return tlog.Tree{}, errors.New("checkpoint: of another log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

func checkDirectory(directory string, verifiers []note.Verifier, rounds int, seed uint64) (int64, error) {
	text, err := os.ReadFile(filepath.Join(directory, "checkpoint"))
	if err != nil {
		return 0, err
	}
	tree, err := openCheckpoint(text, verifiers)
	if err != nil {
		return 0, err
	}
	hashes := tlog.TileHashReader(tree, &tiles{directory: directory, size: tree.N})
	if err := checkEntries(directory, tree, hashes); err != nil {
		return 0, err
	}
	random := rand.New(rand.NewPCG(seed, 0))
	for range rounds {
		if err := checkRandom(tree, hashes, random); err != nil {
			return 0, err
		}
	}
	return tree.N, nil
}

func checkEntries(directory string, tree tlog.Tree, hashes tlog.HashReader) error {
	for first := int64(0); first < tree.N; first += width {
		count := min(width, tree.N-first)
		bundle, err := os.ReadFile(filepath.Join(directory, "tile", "entries", tilePath(first/width, int(count))))
		if err != nil {
			return err
		}
		indexes := make([]int64, count)
		for at := range indexes {
			indexes[at] = tlog.StoredHashIndex(0, first+int64(at))
		}
		stored, err := hashes.ReadHashes(indexes)
		if err != nil {
			return fmt.Errorf("hashes of entries %d to %d: %w", first, first+count-1, err)
		}
		for at := range stored {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("entry %d is cut off", first+int64(at))
			}
			length := int(binary.BigEndian.Uint16(bundle))
			if tlog.RecordHash(bundle[2:2+length]) != stored[at] {
				return fmt.Errorf("entry %d is not the one in the tree", first+int64(at))
			}
			bundle = bundle[2+length:]
		}
		if len(bundle) > 0 {
			return fmt.Errorf("more than %d entries stand at %d", count, first)
		}
	}
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the entries do not give the signed root")
	}
	return nil
}

func checkRandom(tree tlog.Tree, hashes tlog.HashReader, random *rand.Rand) error {
	index := random.Int64N(tree.N)
	record, err := tlog.ProveRecord(tree.N, index, hashes)
	if err != nil {
		return err
	}
	leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(record, tree.N, tree.Hash, index, leaf[0]); err != nil {
		return fmt.Errorf("inclusion of %d: %w", index, err)
	}
	to := 1 + random.Int64N(tree.N)
	from := 1 + random.Int64N(to)
	toRoot, err := tlog.TreeHash(to, hashes)
	if err != nil {
		return err
	}
	fromRoot, err := tlog.TreeHash(from, hashes)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(to, from, hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(proof, to, toRoot, from, fromRoot); err != nil {
		return fmt.Errorf("consistency of %d and %d: %w", from, to, err)
	}
	return nil
}

// checkProofFile checks a file `c2sp.org/tlog-proof@v1` whose extra data is the entry.
func checkProofFile(path string, verifiers []note.Verifier) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a proof file")
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, err := openCheckpoint([]byte(checkpoint), verifiers)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

// tiles reads tiles as C2SP tlog-tiles lays them out.
type tiles struct {
	directory string
	size      int64
}

func (t *tiles) Height() int { return 8 }

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t *tiles) ReadTiles(asked []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(asked))
	for at, tile := range asked {
		// The directory holds the newest form of each tile: a smaller one is its beginning.
		count := t.size >> (8 * tile.L)
		held := int(min(width, count-tile.N*width))
		path := filepath.Join(t.directory, "tile", strconv.Itoa(tile.L), tilePath(tile.N, held))
		bytes, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if len(bytes) != held*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", path, len(bytes))
		}
		data[at] = bytes[:tile.W*tlog.HashSize]
	}
	return data, nil
}

func tilePath(number int64, count int) string {
	path := fmt.Sprintf("%03d", number%1000)
	for number >= 1000 {
		number /= 1000
		path = fmt.Sprintf("x%03d/%s", number%1000, path)
	}
	if count < width {
		path = fmt.Sprintf("%s.p/%d", path, count)
	}
	return path
}

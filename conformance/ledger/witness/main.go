// Command witness is a witness of one log (C2SP tlog-witness) on code that is not ours: it cosigns a checkpoint that
// continues the one it cosigned before, and refuses every other. It prints its address and its public key.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

const bodyMax = 1 << 20

type witness struct {
	lock   sync.Mutex
	origin string
	keys   []note.Verifier
	signer note.Signer
	size   uint64
	root   []byte
}

func main() {
	keyFile := flag.String("keys", "", "file with the public keys of the log, one a line")
	name := flag.String("name", "witness.test/go", "name of the witness")
	flag.Parse()
	text, err := os.ReadFile(*keyFile)
	if err != nil {
		fail(err)
	}
	w := &witness{}
	for _, line := range strings.Fields(string(text)) {
		verifier, err := note.NewVerifier(line)
		if err != nil {
			fail(err)
		}
		w.keys = append(w.keys, verifier)
		w.origin = verifier.Name()
	}
	signer, vkey, err := makeKey(*name)
	if err != nil {
		fail(err)
	}
	w.signer = signer
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	fmt.Printf("http://%s %s\n", listener.Addr(), vkey)
	http.HandleFunc("POST /add-checkpoint", w.addCheckpoint)
	fail(http.Serve(listener, nil))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// makeKey makes an Ed25519 key of type cosignature/v1 and its public form.
func makeKey(name string) (note.Signer, string, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, "", err
	}
	typed := append([]byte{4}, public...)
	sum := sha256.Sum256(append([]byte(name+"\n"), typed...))
	id := binary.BigEndian.Uint32(sum[:4])
	seed := append([]byte{4}, private.Seed()...)
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, id, base64.StdEncoding.EncodeToString(seed))
	signer, err := fnote.NewSignerForCosignatureV1(skey)
	return signer, fmt.Sprintf("%s+%08x+%s", name, id, base64.StdEncoding.EncodeToString(typed)), err
}

func (w *witness) addCheckpoint(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, bodyMax))
	if err != nil {
		http.Error(response, "unreadable", http.StatusBadRequest)
		return
	}
	head, checkpointText, found := bytes.Cut(body, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	old, err := strconv.ParseUint(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if !found || !strings.HasPrefix(lines[0], "old ") || err != nil {
		http.Error(response, "malformed", http.StatusBadRequest)
		return
	}
	checkpoint, _, signed, err := log.ParseCheckpoint(checkpointText, w.origin, w.keys[0], w.keys[1:]...)
	if err != nil {
		http.Error(response, err.Error(), http.StatusForbidden)
		return
	}
	hashes := make([][]byte, 0, len(lines)-1)
	for _, line := range lines[1:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			http.Error(response, "malformed proof", http.StatusBadRequest)
			return
		}
		hashes = append(hashes, hash)
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	if old > checkpoint.Size {
		http.Error(response, "old is larger than the checkpoint", http.StatusBadRequest)
		return
	}
	if old != w.size || (old == checkpoint.Size && w.root != nil && !bytes.Equal(w.root, checkpoint.Hash)) {
		response.Header().Set("Content-Type", "text/x.tlog.size")
		response.WriteHeader(http.StatusConflict)
		fmt.Fprintf(response, "%d\n", w.size)
		return
	}
	if w.size > 0 {
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, w.size, checkpoint.Size, hashes, w.root, checkpoint.Hash); err != nil {
			http.Error(response, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	}
	cosigned, err := note.Sign(&note.Note{Text: signed.Text}, w.signer)
	if err != nil {
		http.Error(response, err.Error(), http.StatusInternalServerError)
		return
	}
	w.size, w.root = checkpoint.Size, checkpoint.Hash
	_, _ = response.Write(cosigned[len(signed.Text)+1:])
}

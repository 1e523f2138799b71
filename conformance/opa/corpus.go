package main

import (
	"errors"
	"path/filepath"
	"sort"

	"github.com/open-policy-agent/opa/v1/test/cases"
)

// corpus gives OPA's evaluation cases under a directory of its module: {cases: [{file, case}]}, sorted by note.
func corpus(request *Request) (Answer, error) {
	if request.Directory == "" {
		return nil, errors.New("cases needs a directory")
	}
	set, err := cases.Load(request.Directory)
	if err != nil {
		return nil, err
	}
	all := make([]Answer, 0, len(set.Cases))
	for _, each := range set.Cases {
		file, err := filepath.Rel(request.Directory, each.Filename)
		if err != nil {
			return nil, err
		}
		all = append(all, Answer{"file": filepath.ToSlash(file), "case": each})
	}
	sort.SliceStable(all, func(i, j int) bool {
		return all[i]["case"].(cases.TestCase).Note < all[j]["case"].(cases.TestCase).Note
	})
	return Answer{"cases": all}, nil
}

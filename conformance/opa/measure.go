package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/util"
)

// measure times a prepared query over all inputs, one round after another, for some milliseconds: {nanos: [per answer]}.
// Parsed inputs are OPA's own values; with text each answer begins with reading JSON, as OPA's server does.
func measure(request *Request) (Answer, error) {
	_, made, err := query(request)
	if err != nil {
		return nil, err
	}
	if len(request.Inputs) == 0 {
		return nil, errors.New("measure needs inputs")
	}
	one, err := answerer(request, made)
	if err != nil {
		return nil, err
	}
	nanos := []float64{}
	end := time.Now().Add(time.Duration(request.Millis) * time.Millisecond)
	for len(nanos) == 0 || time.Now().Before(end) {
		start := time.Now()
		for index := range request.Inputs {
			if err := one(index); err != nil {
				return nil, err
			}
		}
		nanos = append(nanos, float64(time.Since(start).Nanoseconds())/float64(len(request.Inputs)))
	}
	return Answer{"nanos": nanos}, nil
}

func answerer(request *Request, made *rego.PreparedEvalQuery) (func(int) error, error) {
	ctx := context.Background()
	if request.Text {
		return func(index int) error {
			var input any
			if err := util.UnmarshalJSON(request.Inputs[index], &input); err != nil {
				return err
			}
			_, err := made.Eval(ctx, rego.EvalInput(input))
			return err
		}, nil
	}
	values := make([]ast.Value, len(request.Inputs))
	for index, text := range request.Inputs {
		var input any
		err := util.UnmarshalJSON(text, &input)
		if err == nil {
			values[index], err = ast.InterfaceToValue(input)
		}
		if err != nil {
			return nil, err
		}
	}
	return func(index int) error {
		_, err := made.Eval(ctx, rego.EvalParsedInput(values[index]))
		return err
	}, nil
}

// weigh prepares a query anew: {millis, heapBytes (kept, after collection), residentBytes (this process's peak)}.
func weigh(request *Request) (Answer, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	made, err := newQuery(request)
	if err != nil {
		return nil, err
	}
	millis := float64(time.Since(start).Microseconds()) / 1000
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(made)
	return Answer{
		"millis":        millis,
		"heapBytes":     int64(after.HeapAlloc) - int64(before.HeapAlloc),
		"residentBytes": residentPeak(),
	}, nil
}

// residentPeak is 0 where the system does not tell.
func residentPeak() int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	count, err := strconv.Atoi(kilobytes)
	if err != nil {
		return 0
	}
	return count * 1024
}

// A shop on net/http, instrumented with the official X-Ray SDK for Go and nothing else.
//
// The daemon's address comes from AWS_XRAY_DAEMON_ADDRESS, as in any deployment. The first line on
// standard output is the port it listens on.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/aws/aws-xray-sdk-go/v2/strategy/ctxmissing"
	"github.com/aws/aws-xray-sdk-go/v2/xray"
)

var errShelf = errors.New("the shelf is empty: Überraschung")

type shop struct {
	// What the shop calls and nobody traces.
	neighbour string
	own       string
	client    *http.Client
}

func (s *shop) get(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func (s *shop) checkout(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	xray.GetSegment(ctx).User = "user-4711"
	must(xray.AddAnnotation(ctx, "order", "o-1"))
	must(xray.AddAnnotation(ctx, "amount", 19.99))
	must(xray.AddAnnotation(ctx, "is_gift", true))
	cart := map[string]interface{}{
		"items": []interface{}{1, 2, map[string]string{"sku": "x"}},
		"note":  "Grüße",
	}
	must(xray.AddMetadataToNamespace(ctx, "shop", "cart", cart))
	must(xray.Capture(ctx, "price", func(ctx context.Context) error {
		must(xray.AddAnnotation(ctx, "currency", "EUR"))
		return xray.Capture(ctx, "discount", func(ctx context.Context) error {
			return xray.AddMetadata(ctx, "steps", []string{"a", "b"})
		})
	}))
	must(s.get(ctx, s.neighbour+"/stock?item=1"))
	// The shop's own other half: its segment's parent is the subsegment of this call.
	must(s.get(ctx, s.own+"/pay"))
	fmt.Fprint(w, "done")
}

// Over the SDK's threshold of 20: it packs the subsegments into documents of their own.
func many(w http.ResponseWriter, r *http.Request) {
	for number := 0; number < 40; number++ {
		name := fmt.Sprintf("step %d", number)
		must(xray.Capture(r.Context(), name, func(context.Context) error { return nil }))
	}
	fmt.Fprint(w, "done")
}

func broken(w http.ResponseWriter, r *http.Request) {
	err := xray.Capture(r.Context(), "inner", func(context.Context) error { return errShelf })
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

func answers(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}

func measured(w http.ResponseWriter, r *http.Request) {
	if xray.GetSegment(r.Context()).Sampled {
		fmt.Fprint(w, "1")
	} else {
		fmt.Fprint(w, "0")
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	must(xray.Configure(xray.Config{
		ContextMissingStrategy: ctxmissing.NewDefaultLogErrorStrategy(),
	}))
	neighbour := httptest.NewServer(answers(http.StatusOK, "hello"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	port := listener.Addr().(*net.TCPAddr).Port
	s := &shop{
		neighbour: neighbour.URL,
		own:       fmt.Sprintf("http://127.0.0.1:%d", port),
		client:    xray.Client(&http.Client{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/checkout", s.checkout)
	mux.HandleFunc("/pay", answers(http.StatusOK, "paid"))
	mux.HandleFunc("/many", many)
	mux.HandleFunc("/broken", broken)
	mux.HandleFunc("/missing", answers(http.StatusNotFound, "no such item"))
	mux.HandleFunc("/busy", answers(http.StatusTooManyRequests, "slow down"))
	mux.HandleFunc("/measured", measured)
	fmt.Println(port)
	must(http.Serve(listener, xray.Handler(xray.NewFixedSegmentNamer("go-shop"), mux)))
}

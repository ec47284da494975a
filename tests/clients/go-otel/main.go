// A shop on net/http with OpenTelemetry's SDK for Go and nothing else; ids and propagation are X-Ray's.
//
// Where spans go comes from OTEL_… variables, as in any deployment. The first line on standard output is
// the port it listens on. `/flushed` answers when all spans have left.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var errShelf = errors.New("the shelf is empty: Überraschung")

type shop struct {
	// What the shop calls and nobody traces.
	neighbour string
	own       string
	client    *http.Client
	provider  *sdk.TracerProvider
}

func (s *shop) get(ctx context.Context, url string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	must(err)
	response, err := s.client.Do(request)
	must(err)
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	must(err)
}

func (s *shop) checkout(w http.ResponseWriter, r *http.Request) {
	span := trace.SpanFromContext(r.Context())
	span.SetAttributes(
		attribute.String("order", "o-1"),
		attribute.Float64("amount", 19.99),
		attribute.Bool("is_gift", true),
		attribute.StringSlice("aws.xray.annotations", []string{"order", "amount", "is_gift"}),
		attribute.String("note", "Grüße"),
	)
	_, price := otel.Tracer("shop").Start(r.Context(), "price")
	price.End()
	s.get(r.Context(), s.neighbour+"/stock?item=1")
	// The shop's own other half: its segment's parent is the subsegment of this call.
	s.get(r.Context(), s.own+"/pay")
	say(w, r, http.StatusOK)
}

func broken(w http.ResponseWriter, r *http.Request) {
	span := trace.SpanFromContext(r.Context())
	span.RecordError(errShelf, trace.WithStackTrace(true))
	span.SetStatus(codes.Error, errShelf.Error())
	say(w, r, http.StatusInternalServerError)
}

func (s *shop) flushed(w http.ResponseWriter, r *http.Request) {
	must(s.provider.ForceFlush(r.Context()))
	fmt.Fprint(w, `{"flushed": true}`)
}

// Answers with the ids of the request's span.
func say(w http.ResponseWriter, r *http.Request, status int) {
	span := trace.SpanFromContext(r.Context()).SpanContext()
	w.WriteHeader(status)
	must(json.NewEncoder(w).Encode(map[string]any{
		"trace":   span.TraceID().String(),
		"span":    span.SpanID().String(),
		"sampled": span.IsSampled(),
	}))
}

func answers(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { say(w, r, status) }
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func exporter(ctx context.Context) *otlptrace.Exporter {
	create := func() (*otlptrace.Exporter, error) { return otlptracehttp.New(ctx) }
	if os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc" {
		create = func() (*otlptrace.Exporter, error) { return otlptracegrpc.New(ctx) }
	}
	made, err := create()
	must(err)
	return made
}

func main() {
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter(context.Background())),
		sdk.WithIDGenerator(xray.NewIDGenerator()),
	)
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(xray.Propagator{})
	neighbour := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "hello")
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	port := listener.Addr().(*net.TCPAddr).Port
	s := &shop{
		neighbour: neighbour.URL,
		own:       fmt.Sprintf("http://127.0.0.1:%d", port),
		client:    &http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport)},
		provider:  provider,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/checkout", s.checkout)
	mux.HandleFunc("/pay", answers(http.StatusOK))
	mux.HandleFunc("/broken", broken)
	mux.HandleFunc("/missing", answers(http.StatusNotFound))
	mux.HandleFunc("/busy", answers(http.StatusTooManyRequests))
	mux.HandleFunc("/flushed", s.flushed)
	isTraced := func(r *http.Request) bool { return !strings.HasPrefix(r.URL.Path, "/flushed") }
	handler := otelhttp.NewHandler(mux, "server", otelhttp.WithFilter(isTraced))
	fmt.Println(port)
	must(http.Serve(listener, handler))
}

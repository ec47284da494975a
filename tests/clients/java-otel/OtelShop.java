import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executors;

/**
 * A shop on the JDK's own HTTP server and client, under OpenTelemetry's agent for Java.
 *
 * <p>Where spans go comes from OTEL_… variables, as in any deployment; the agent keeps its exporter to itself, so
 * nothing here can wait for it. The first line on standard output is the port it listens on.
 */
final class OtelShop {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private final String own;

    private OtelShop(String own) {
        this.own = own;
    }

    private static void get(String url) throws IOException {
        try {
            CLIENT.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.discarding());
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        }
    }

    private void checkout(HttpExchange exchange) throws IOException {
        Span span = Span.current();
        span.setAttribute("order", "o-1");
        span.setAttribute("amount", 19.99);
        span.setAttribute("is_gift", true);
        span.setAttribute(AttributeKey.stringArrayKey("aws.xray.annotations"), List.of("order", "amount", "is_gift"));
        span.setAttribute("note", "Grüße");
        GlobalOpenTelemetry.getTracer("shop").spanBuilder("price").startSpan().end();
        // The shop's own other half: its segment's parent is the subsegment of this call.
        get(own + "/pay");
        say(exchange, 200);
    }

    private static void broken(HttpExchange exchange) throws IOException {
        try {
            throw new IllegalStateException("the shelf is empty: Überraschung");
        } catch (IllegalStateException exception) {
            Span.current().recordException(exception);
        }
        say(exchange, 500);
    }

    /** Answers with the ids of the request's span. */
    private static void say(HttpExchange exchange, int status) throws IOException {
        SpanContext span = Span.current().getSpanContext();
        String text = String.format("{\"trace\": \"%s\", \"span\": \"%s\"}", span.getTraceId(), span.getSpanId());
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static HttpHandler answers(int status) {
        return exchange -> say(exchange, status);
    }

    public static void main(String[] arguments) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        int port = server.getAddress().getPort();
        OtelShop shop = new OtelShop("http://127.0.0.1:" + port);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/checkout", shop::checkout);
        server.createContext("/pay", answers(200));
        server.createContext("/broken", OtelShop::broken);
        server.createContext("/missing", answers(404));
        server.createContext("/busy", answers(429));
        server.start();
        System.out.println(port);
    }
}

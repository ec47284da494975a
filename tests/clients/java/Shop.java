import com.amazonaws.xray.AWSXRay;
import com.amazonaws.xray.AWSXRayRecorderBuilder;
import com.amazonaws.xray.entities.Segment;
import com.amazonaws.xray.entities.Subsegment;
import com.amazonaws.xray.javax.servlet.AWSXRayServletFilter;
import com.amazonaws.xray.proxies.apache.http.HttpClientBuilder;
import com.amazonaws.xray.strategy.LogErrorContextMissingStrategy;
import com.amazonaws.xray.strategy.sampling.CentralizedSamplingStrategy;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.servlet.DispatcherType;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpGet;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.util.EntityUtils;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.AbstractHandler;
import org.eclipse.jetty.servlet.FilterHolder;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * A shop on servlets, instrumented with the official X-Ray SDK for Java and nothing else.
 *
 * <p>The daemon's address comes from AWS_XRAY_DAEMON_ADDRESS, as in any deployment. The first line on
 * standard output is the port it listens on.
 */
public final class Shop extends HttpServlet {
    private static final CloseableHttpClient CLIENT = HttpClientBuilder.create().build();

    private static String neighbour;
    private static String own;

    public static void main(String[] arguments) throws Exception {
        AWSXRay.setGlobalRecorder(
                AWSXRayRecorderBuilder.standard()
                        .withSamplingStrategy(new CentralizedSamplingStrategy())
                        .withContextMissingStrategy(new LogErrorContextMissingStrategy())
                        .build());
        neighbour = "http://127.0.0.1:" + start(new Neighbour());
        ServletContextHandler shop = new ServletContextHandler();
        shop.addFilter(
                new FilterHolder(new AWSXRayServletFilter("java-shop")),
                "/*",
                EnumSet.of(DispatcherType.REQUEST));
        shop.addServlet(new ServletHolder(new Shop()), "/*");
        int port = start(shop);
        own = "http://127.0.0.1:" + port;
        PrintStream out = System.out;
        out.println(port);
        out.flush();
    }

    private static int start(Handler handler) throws Exception {
        Server server = new Server(new QueuedThreadPool(8));
        ServerConnector connector = new ServerConnector(server, 1, 1);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(handler);
        server.start();
        return connector.getLocalPort();
    }

    /** What the shop calls and nobody traces. */
    private static final class Neighbour extends AbstractHandler {
        @Override
        public void handle(
                String target, Request base, HttpServletRequest request, HttpServletResponse response)
                throws IOException {
            answer(response, 200, "hello");
            base.setHandled(true);
        }
    }

    private static void answer(HttpServletResponse response, int status, String text)
            throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        switch (request.getRequestURI()) {
            case "/checkout":
                checkout(response);
                break;
            case "/pay":
                answer(response, 200, "paid");
                break;
            case "/many":
                many(response);
                break;
            case "/broken":
                broken(response);
                break;
            case "/busy":
                answer(response, 429, "slow down");
                break;
            case "/measured":
                answer(response, 200, AWSXRay.getCurrentSegment().isSampled() ? "1" : "0");
                break;
            default:
                answer(response, 404, "no such item");
        }
    }

    private static void checkout(HttpServletResponse response) throws IOException {
        Segment segment = AWSXRay.getCurrentSegment();
        segment.setUser("user-4711");
        segment.putAnnotation("order", "o-1");
        segment.putAnnotation("amount", 19.99);
        segment.putAnnotation("is_gift", true);
        Map<String, Object> cart = new LinkedHashMap<>();
        cart.put("items", Arrays.asList(1, 2, Map.of("sku", "x")));
        cart.put("note", "Grüße");
        segment.putMetadata("shop", "cart", cart);
        try (Subsegment price = AWSXRay.beginSubsegment("price")) {
            price.putAnnotation("currency", "EUR");
            try (Subsegment discount = AWSXRay.beginSubsegment("discount")) {
                discount.putMetadata("steps", Arrays.asList("a", "b"));
            }
        }
        get(neighbour + "/stock?item=1");
        // The shop's own other half: its segment's parent is the subsegment of this call.
        get(own + "/pay");
        answer(response, 200, "done");
    }

    /** Over the SDK's threshold of 100: finished subsegments leave before their segment does. */
    private static void many(HttpServletResponse response) throws IOException {
        for (int number = 0; number < 130; number++) {
            AWSXRay.beginSubsegment("step " + number).close();
        }
        answer(response, 200, "done");
    }

    private static void broken(HttpServletResponse response) throws IOException {
        try {
            AWSXRay.createSubsegment(
                    "inner",
                    (Runnable)
                            () -> {
                                throw new IllegalStateException("the shelf is empty: Überraschung");
                            });
        } catch (IllegalStateException expected) {
            answer(response, 500, "broken");
        }
    }

    private static void get(String url) throws IOException {
        try (CloseableHttpResponse response = CLIENT.execute(new HttpGet(url))) {
            EntityUtils.consume(response.getEntity());
        }
    }
}

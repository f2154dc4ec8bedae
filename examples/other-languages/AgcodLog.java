// Calls AGCOD, and writes one line per call for `agcod-guard ingest`.
// Java 17 or newer; nothing to install. The standard library cannot parse JSON, so
// the few fields that are logged are looked for by their names.
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public final class AgcodLog {
    private static final Set<String> HEADERS =
        Set.of("x-amzn-requestid", "x-amzn-errortype", "date");
    private static final Set<String> ASKED = Set.of("partnerId", "creationRequestId",
        "activationRequestId", "statusCheckRequestId", "loadBalanceRequestId",
        "requestId", "currencyCode", "amount");
    private static final Set<String> ANSWERED =
        Set.of("__type", "status", "errorCode", "errorType", "message");
    // "name": "text", or "name": a number.
    private static final Pattern FIELD = Pattern.compile(
        "\"(\\w{1,40})\"\\s*:\\s*(\"(?:[^\"\\\\]|\\\\.){0,300}+\"|-?\\d{1,15}(?:\\.\\d{1,9})?+)");

    private final HttpClient client;
    private final Path log;

    public AgcodLog(HttpClient client, Path log) {
        this.client = client;
        this.log = log;
    }

    /** Sends `body`, a JSON text. `headers` are yours, signature included. */
    public HttpResponse<String> call(URI url, Map<String, String> headers, String body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(url)
            .timeout(Duration.ofSeconds(6))
            .POST(HttpRequest.BodyPublishers.ofString(body));
        headers.forEach(request::header);
        StringBuilder line = new StringBuilder("{\"v\":1");
        add(line, "event_id", text(UUID.randomUUID().toString()));
        add(line, "started_at", text(Instant.now().toString()));
        add(line, "url", text(url.toString()));
        add(line, "request_body", asked(body));
        long begun = System.nanoTime();
        try {
            HttpResponse<String> answer =
                client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            add(line, "status", String.valueOf(answer.statusCode()));
            add(line, "response_headers", picked(answer));
            add(line, "response_body", answered(answer.body()));
            return answer;
        } catch (IOException error) {
            add(line, "exception", text(error.getClass().getSimpleName()));
            add(line, "error", text(String.valueOf(error)));
            throw error;
        } catch (InterruptedException | RuntimeException gaveUp) {
            add(line, "outcome", text("ABANDONED"));
            throw gaveUp;
        } finally {
            double took = (System.nanoTime() - begun) / 1e9;
            add(line, "duration_s", String.valueOf(took));
            append(line.append("}\n").toString());
        }
    }

    private static String asked(String body) {
        Map<String, String> kept = fields(body, ASKED);
        String amount = kept.remove("amount"), currency = kept.remove("currencyCode");
        if (amount != null && currency != null) {
            kept.put("value",
                "{\"amount\":" + amount + ",\"currencyCode\":" + currency + "}");
        }
        return object(kept);
    }

    private static String answered(String body) {
        if (body.isBlank()) {
            return text("");
        }
        return body.stripLeading().startsWith("{")
            ? object(fields(body, ANSWERED)) : text("not JSON");
    }

    private static String picked(HttpResponse<?> answer) {
        Map<String, String> kept = new TreeMap<>();
        for (String name : HEADERS) {
            answer.headers().firstValue(name).ifPresent(it -> kept.put(name, text(it)));
        }
        return object(kept);
    }

    // Only named fields are logged: a claim code, a card's number or a customer's
    // name stands in none of them.
    private static Map<String, String> fields(String json, Set<String> names) {
        Map<String, String> kept = new TreeMap<>();
        Matcher field = FIELD.matcher(json);
        while (field.find()) {
            if (names.contains(field.group(1))) {
                kept.putIfAbsent(field.group(1), field.group(2));
            }
        }
        return kept;
    }

    private static void add(StringBuilder line, String name, String json) {
        line.append(',').append(text(name)).append(':').append(json);
    }

    private static String object(Map<String, String> fields) {
        StringBuilder json = new StringBuilder("{");
        fields.forEach((name, value) -> json.append(json.length() > 1 ? "," : "")
            .append(text(name)).append(':').append(value));
        return json.append('}').toString();
    }

    private static String text(String value) {
        StringBuilder json = new StringBuilder("\"");
        for (char each : value.toCharArray()) {
            if (each == '"' || each == '\\') {
                json.append('\\').append(each);
            } else if (each < ' ' || Character.isSurrogate(each)) {
                json.append(String.format("\\u%04x", (int) each));
            } else {
                json.append(each);
            }
        }
        return json.append('"').toString();
    }

    // One write a line, so that lines of several processes do not mix.
    private void append(String line) {
        try (FileChannel file = FileChannel.open(
                log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            file.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException error) {
            System.err.println("agcod log: " + error); // an order goes on without it
        }
    }
}

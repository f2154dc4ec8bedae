// Calls AGCOD, and writes one line per call for `agcod-guard ingest`.
// .NET 8 or newer; nothing to install.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;

public sealed class AgcodLog : DelegatingHandler
{
    private static readonly string[] Asked =
    {
        "partnerId", "creationRequestId", "activationRequestId", "statusCheckRequestId",
        "loadBalanceRequestId", "requestId", "value", "amount",
    };
    private static readonly string[] Answered =
        { "__type", "status", "errorCode", "errorType", "message" };
    private static readonly string[] Headers =
        { "x-amzn-RequestId", "x-amzn-ErrorType", "Date" };
    private static readonly object Turn = new();

    private readonly string _log;

    /// <summary>
    /// Use it as <c>new HttpClient(new AgcodLog(path)) { Timeout = ... }</c>; the
    /// rest of your client stays as it is.
    /// </summary>
    public AgcodLog(string log) : base(new HttpClientHandler()) => _log = log;

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancel)
    {
        var line = new JsonObject
        {
            ["v"] = 1,
            ["event_id"] = Guid.NewGuid().ToString(),
            ["started_at"] = DateTime.UtcNow.ToString("o"),
            ["url"] = request.RequestUri!.AbsoluteUri,
        };
        var watch = Stopwatch.StartNew();
        try
        {
            if (request.Content != null)
            {
                var sent = await request.Content.ReadAsStringAsync(cancel);
                line["request_body"] = Picked(sent, Asked);
            }
            var answer = await base.SendAsync(request, cancel);
            line["status"] = (int)answer.StatusCode;
            line["response_headers"] = PickedHeaders(answer);
            await answer.Content.LoadIntoBufferAsync(); // whoever reads it reads a copy
            var text = await answer.Content.ReadAsStringAsync(cancel);
            line["response_body"] = Picked(text, Answered);
            return answer;
        }
        catch (Exception error)
        {
            // A client's own timeout is a cancellation, too.
            line["exception"] = error.GetType().Name;
            line["error"] = $"{error.GetType().Name}: {error.Message}";
            throw;
        }
        finally
        {
            line["duration_s"] = watch.Elapsed.TotalSeconds;
            Append(line.ToJsonString());
        }
    }

    // Only named fields are logged: a claim code, a card's checksum or a customer's
    // name stands in none of them.
    private static JsonNode Picked(string text, string[] names)
    {
        try
        {
            var json = JsonNode.Parse(text)!.AsObject();
            var kept = new JsonObject();
            foreach (var from in new[] { json["agcodResponse"] as JsonObject, json })
            {
                foreach (var name in names)
                {
                    var value = from?[name];
                    if (value != null)
                    {
                        kept[name] = JsonNode.Parse(value.ToJsonString());
                    }
                }
            }
            var card = json["cardNumber"]?.ToString();
            if (card != null)
            {
                kept["cardNumber"] = card[..Math.Min(16, card.Length)];
            }
            return kept;
        }
        catch (Exception) // whatever stands there, the call goes on
        {
            return JsonValue.Create(text.Length == 0 ? "" : "not JSON")!;
        }
    }

    private static JsonObject PickedHeaders(HttpResponseMessage answer)
    {
        var kept = new JsonObject();
        foreach (var name in Headers)
        {
            if (answer.Headers.TryGetValues(name, out IEnumerable<string>? values))
            {
                kept[name] = values.First();
            }
        }
        return kept;
    }

    // One process a log: .NET has no append that several processes could share.
    private void Append(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        try
        {
            lock (Turn)
            {
                using var file = new FileStream(
                    _log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 1);
                file.Write(bytes);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"agcod log: {error.Message}"); // the order goes on
        }
    }
}

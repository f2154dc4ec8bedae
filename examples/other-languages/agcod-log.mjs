// Calls AGCOD with fetch, and writes one line per call for `agcod-guard ingest`.
// Node 18 or newer; nothing to install.
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";

const LOG = process.env.AGCOD_LOG ?? "agcod.ndjson";
const ASKED = ["partnerId", "creationRequestId", "activationRequestId",
  "statusCheckRequestId", "loadBalanceRequestId", "requestId", "value", "amount"];
const ANSWERED = ["__type", "status", "errorCode", "errorType", "message"];
const HEADERS = ["x-amzn-requestid", "x-amzn-errortype", "date"];

/** Sends `body`, a JSON text; resolves to {status, headers, text}. */
export async function callAgcod(url, headers, body, timeoutMs = 6000) {
  const line = { v: 1, event_id: randomUUID(), started_at: new Date().toISOString(),
    url, request_body: picked(body, ASKED) };
  const begun = performance.now();
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(url, { method: "POST", headers, body, signal });
    line.status = answer.status;
    line.response_headers = Object.fromEntries(
      HEADERS.filter((name) => answer.headers.has(name))
        .map((name) => [name, answer.headers.get(name)]));
    const text = await answer.text();
    line.response_body = picked(text, ANSWERED);
    return { status: answer.status, headers: answer.headers, text };
  } catch (error) {
    line.exception = error.cause?.code ?? error.name;
    line.error = `${line.exception}: ${error.cause?.message ?? error.message}`;
    throw error;
  } finally {
    line.duration_s = (performance.now() - begun) / 1000;
    append(line);
  }
}

// Only named fields are logged: a claim code, a card's checksum or a customer's
// name stands in none of them.
function picked(text, names) {
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    return text === "" ? "" : "not JSON";
  }
  const kept = {};
  for (const from of [json?.agcodResponse, json]) {
    for (const name of names) {
      if (from?.[name] != null) kept[name] = from[name];
    }
  }
  if (json?.cardNumber) kept.cardNumber = String(json.cardNumber).slice(0, 16);
  return kept;
}

// One write a line, so that lines of several processes do not mix.
function append(line) {
  try {
    appendFileSync(LOG, JSON.stringify(line) + "\n", { mode: 0o600 });
  } catch (error) {
    console.error(`agcod log: ${error.message}`); // an order goes on without it
  }
}

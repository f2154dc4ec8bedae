<?php
// Calls AGCOD with curl, and writes one line per call for `agcod-guard ingest`.
// PHP 8.1 or newer with its curl extension; nothing else to install.

const AGCOD_ASKED = ['partnerId', 'creationRequestId', 'activationRequestId',
    'statusCheckRequestId', 'loadBalanceRequestId', 'requestId', 'value', 'amount'];
const AGCOD_ANSWERED = ['__type', 'status', 'errorCode', 'errorType', 'message'];
const AGCOD_HEADERS = ['x-amzn-requestid', 'x-amzn-errortype', 'date'];

/**
 * Sends $body, a JSON text. $headers are yours, signature included.
 *
 * @param list<string> $headers as curl takes them: "name: value"
 * @return array{status: int, text: string}
 */
function call_agcod(string $url, array $headers, string $body, string $log): array
{
    $line = [
        'v' => 1,
        'event_id' => bin2hex(random_bytes(16)),
        'started_at' => (new DateTimeImmutable())->format('Y-m-d\TH:i:s.vP'),
        'url' => $url,
        'request_body' => agcod_picked($body, AGCOD_ASKED),
    ];
    $answered = [];
    $begun = hrtime(true);
    $call = curl_init($url);
    curl_setopt_array($call, [
        CURLOPT_POST => true,
        CURLOPT_POSTFIELDS => $body,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 6,
        CURLOPT_HEADERFUNCTION => function ($call, string $header) use (&$answered) {
            [$name, $value] = array_pad(explode(':', $header, 2), 2, '');
            if (in_array(strtolower($name), AGCOD_HEADERS, true)) {
                $answered[strtolower($name)] = trim($value);
            }
            return strlen($header);
        },
    ]);
    try {
        $text = curl_exec($call);
        if ($text === false) {
            $line['exception'] = 'CURLE_' . curl_errno($call);
            $line['error'] = $line['exception'] . ': ' . curl_error($call);
            throw new RuntimeException($line['error']);
        }
        $line['status'] = curl_getinfo($call, CURLINFO_RESPONSE_CODE);
        $line['response_headers'] = (object) $answered;
        $line['response_body'] = agcod_picked($text, AGCOD_ANSWERED);
        return ['status' => $line['status'], 'text' => $text];
    } finally {
        $line['duration_s'] = (hrtime(true) - $begun) / 1e9;
        agcod_append($log, $line);
    }
}

// Only named fields are logged: a claim code, a card's checksum or a customer's
// name stands in none of them.
function agcod_picked(string $text, array $names): object|string
{
    $json = json_decode($text, true);
    if (!is_array($json)) {
        return $text === '' ? '' : 'not JSON';
    }
    $kept = [];
    foreach ([$json['agcodResponse'] ?? [], $json] as $from) {
        foreach ($names as $name) {
            if (is_array($from) && isset($from[$name])) {
                $kept[$name] = $from[$name];
            }
        }
    }
    if (is_string($json['cardNumber'] ?? null)) {
        $kept['cardNumber'] = substr($json['cardNumber'], 0, 16);
    }
    return (object) $kept;
}

// One write a line, so that lines of several processes do not mix.
function agcod_append(string $log, array $line): void
{
    $json = json_encode($line, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE);
    $written = $json !== false
        && @file_put_contents($log, $json . "\n", FILE_APPEND | LOCK_EX);
    if (!$written) {
        error_log('agcod log: a line could not be written to ' . $log);
    }
}

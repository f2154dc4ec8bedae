// Sells cards through agcod-log.mjs: node shop.mjs URL FIRST COUNT
// It signs nothing, so it is for a simulator that does not ask for signatures.
import { setTimeout as pause } from "node:timers/promises";
import { callAgcod } from "./agcod-log.mjs";

const [url, first, count] = process.argv.slice(2);

for (let number = Number(first); number < Number(first) + Number(count); number++) {
  const body = JSON.stringify({
    partnerId: "Acmes",
    creationRequestId: `Acmes${number}`,
    value: { currencyCode: "GBP", amount: 25 },
  });
  const headers = { accept: "application/json", "content-type": "application/json" };
  try {
    const answer = await callAgcod(`${url}/CreateGiftCard`, headers, body);
    console.log(`Acmes${number}: HTTP ${answer.status}`);
  } catch (error) {
    console.log(`Acmes${number}: ${error.name}`);
  }
  await pause(40);
}

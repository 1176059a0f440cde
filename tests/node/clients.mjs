// What mail programs make of mails, by the data of caniemail.com: {name: HTML} in, as JSON; {name: {feature: [clients
// that do not know it]}} out.
import { caniemail } from "caniemail";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const [clients, mails] = JSON.parse(Buffer.concat(chunks).toString());

const judged = ([name, html]) => {
  const unknown = {};
  for (const [client, issues] of caniemail({ clients, html }).issues.errors) {
    for (const { title } of issues) (unknown[title] ??= new Set()).add(client);
  }
  return [name, Object.fromEntries(Object.entries(unknown).map(([title, found]) => [title, [...found].sort()]))];
};
process.stdout.write(JSON.stringify(Object.fromEntries(Object.entries(mails).map(judged))));

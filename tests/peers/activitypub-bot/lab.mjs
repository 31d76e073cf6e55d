// No test leaves the machine: names of the lab are dialled at the address they are mapped to, anything else is
// refused. To be imported before whatever makes requests.
import diagnostics from "node:diagnostics_channel";
import dns from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import net from "node:net";

const lab = new Map(); // name → {host, port}
export const asked = []; // every request this process made and got an answer to, in order

export function hostPort(text, what) {
  const m = /^(127\.\d+\.\d+\.\d+):(\d{1,5})$/.exec(text);
  if (!m) throw new Error(`${what} ${text}: expected a loopback address and a port, e.g. 127.0.0.1:8080`);
  return { host: m[1], port: Number(m[2]) };
}

export function addNames(names) {
  for (const [name, address] of Object.entries(names)) lab.set(name, hostPort(address, `the address of ${name}`));
}

function placeOf(name) {
  const place = lab.get(name);
  if (place == null) throw new Error(`${name} is not a name of this lab`);
  return place;
}

// The lab has no TLS: WebFinger, which the peer asks over https, is carried as http too.
for (const agent of [http.globalAgent, https.globalAgent]) {
  agent.createConnection = (options) => net.connect(placeOf(options.host));
}
// Asked before a request over http, which must be to a private address.
dns.lookup = async (name) => ({ address: placeOf(name).host, family: 4 });
// What fetches JSON-LD contexts that the peer does not carry.
globalThis.fetch = async (url) => {
  throw new Error(`${url}: the lab has no such place`);
};

/** Which HTTP signature a message carries. */
export function signatureOf(headers) {
  if (headers["signature-input"]) return "rfc9421";
  return headers.signature ? "cavage" : "none";
}

diagnostics.subscribe("http.client.response.finish", ({ request, response }) => {
  asked.push({
    method: request.method, url: `http://${request.host}${request.path}`, status: response.statusCode,
    signature: signatureOf(request.getHeaders()),
  });
});

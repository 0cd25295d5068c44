// HTTP as it is: any verb, any body with it, and an answer that is cut off when there is enough of it.
import http from "node:http";

const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
const mostBytes = 4 * 1024 * 1024;

export function send(base, { verb, url, headers = {}, body = null, seconds = 20 }) {
  return new Promise((resolve, reject) => {
    const target = new URL(base);
    // Node sends a body without its length for GET, which nobody could tell from the next request.
    const framed = body === null ? headers : { ...headers, "content-length": Buffer.byteLength(body) };
    const request = http.request({ host: target.hostname, port: target.port, method: verb, path: url, headers: framed, agent }, (response) => {
      const parts = [];
      let size = 0;
      const end = (isCut) => {
        clearTimeout(timer);
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts), isCut });
      };
      response.on("data", (part) => {
        parts.push(part);
        size += part.length;
        if (size > mostBytes) {
          response.removeAllListeners("end");
          end(true);
          request.destroy();
        }
      });
      response.on("end", () => end(false));
      response.on("error", () => end(true));
    });
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${seconds} s`)), seconds * 1000);
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end(body);
  });
}

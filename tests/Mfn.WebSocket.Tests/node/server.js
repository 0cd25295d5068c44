// The real server, with a file of keys, for the time of a test.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const { SOCKET_DLL: dll, SOCKET_WORK: work } = process.env;

/** Starts it; resolves to its address, without the scheme, a key, and what stops it. */
export async function serve() {
    const keys = join(mkdtempSync(join(work, 'keys-')), 'keys.json');
    const made = execFileSync('dotnet', [dll, 'key', 'create', 'tester', '--role', 'operator', '--keys', keys, '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const settings = ['Web:Url=http://127.0.0.1:0', 'Metrics:Url=off', `Auth:ApiKeys:File=${keys}`].flatMap((setting) => ['--set', setting]);
    const server = spawn('dotnet', [dll, 'serve', '--urls', 'http://127.0.0.1:0', ...settings], { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = once(server, 'exit');
    const stop = () => (server.kill(), ended);
    const address = await new Promise((resolve, reject) => {
        ended.then(() => reject(new Error('The server has not started.')));
        createInterface({ input: server.stderr }).on('line', (line) => {
            const found = /REST at http:\/\/(\S+)/.exec(line);
            if (found) {
                resolve(found[1]);
            }
        });
    });
    return { address, key: JSON.parse(made).key, stop };
}

/** Calls a method over HTTP. */
export async function post({ address, key }, path, body) {
    const answer = await fetch(`http://${address}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': key },
        body: JSON.stringify(body),
    });
    return answer.json();
}

// Watching a live run over a WebSocket: cut anywhere and resumed, it is every message in its place, by the chain that a client can compute.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { post, serve } from './server.js';
import { Socket } from './socket.js';

const kinds = { snapshot: 7, delta: 8, caught_up: 9, fell_behind: 10, heartbeat: 11, gap: 12, end: 13 };
let server;

before(async () => {
    server = await serve();
});
after(() => server?.stop());

function sha256(...parts) {
    const hash = createHash('sha256');
    parts.forEach((part) => hash.update(part));
    return hash.digest();
}

/** The chain after a message. */
function link(chain, message) {
    const kind = Object.keys(kinds).find((name) => name in message);
    const place = Buffer.alloc(33);
    place.writeBigUInt64LE(BigInt(message.epoch), 0);
    ['sequence', 'step', 'revision'].forEach((name, i) => place.writeBigInt64LE(BigInt(message[name]), 8 * (i + 1)));
    place[32] = kinds[kind];
    return sha256(chain, place, sha256(Buffer.from(message[kind].field?.values ?? '', 'base64')));
}

function watch(run, fields, subprotocol) {
    return new Socket(`ws://${server.address}/v1/runs/${run}/watch?${new URLSearchParams(fields)}`, subprotocol).open();
}

test('a watch is cut and resumed', async () => {
    const { run } = await post(server, '/v1/runs', { spec: { grid_size: 16, seed: 1 }, stop: { after_step: 60 }, steps_per_second: 100 });
    let [chain, sequence, token, code] = [Buffer.alloc(32), 0, undefined, undefined];
    const steps = [];
    while (code === undefined) {
        const start = token === undefined ? { from_step: 0 } : { resume_token: token };
        const socket = await watch(run.run_id, { ...start, field_encoding: 'FIELD_ENCODING_FLOAT64' }, 'mfn.v1.json');
        socket.send({ authorization: `Bearer ${server.key}` });
        for (let i = 0; i < 13; i++) {
            const received = await socket.receive();
            if (!received) {
                code = await socket.closed;
                break;
            }
            const message = JSON.parse(received.data);
            assert.deepEqual([message.error, message.sequence], [undefined, `${sequence++}`]);
            chain = link(chain, message);
            assert.equal(message.chain, chain.toString('base64'));
            token = message.token;
            if (message.snapshot) {
                steps.push(Number(message.step));
            }
        }
        socket.inner.terminate();
    }
    assert.equal(code, 1000);
    assert.deepEqual(steps, Array.from({ length: 61 }, (_, i) => i));
});

test('binary messages are binary, and errors are not', async () => {
    const { run } = await post(server, '/v1/runs', { spec: { grid_size: 8 }, paused: true });
    const socket = await watch(run.run_id, {}, 'mfn.v1.protobuf');
    socket.send({ api_key: server.key });
    assert.equal((await socket.receive()).isBinary, true);
    socket.inner.close(4321, 'enough');
    assert.equal(await socket.closed, 4321);

    const unknown = await watch('none', {}, 'mfn.v1.protobuf');
    unknown.send({ api_key: server.key });
    const { data, isBinary } = await unknown.receive();
    assert.deepEqual([isBinary, JSON.parse(data).error.code, await unknown.closed], [false, 5, 4005]);
});

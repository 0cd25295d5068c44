import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { status } from '@grpc/grpc-js';
import { call, connect, contracts, errorDetail } from './server.js';

const { AggregationService } = contracts.mfn.v1;

// The example in ByzFL's documentation.
const ramp = [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
];

test('Aggregate, published example: selects as published, and lists who was refused', async (t) => {
    const response = await call(connect(t, AggregationService), 'Aggregate', {
        spec: { length: 3, byzantine_count: 1, rule: { krum: { variant: 'KRUM_VARIANT_BYZFL_COMPAT' } } },
        updates: [
            ...ramp.map((row, i) => ({ client_id: `client-${i}`, values: bytes(row) })),
            { client_id: 'nan', values: bytes([1, NaN, 3]) },
        ],
    });

    assert.deepEqual(floats(response.values), [1, 2, 3]);
    assert.deepEqual(response.decision.selected, ['client-0']);
    assert.deepEqual([response.decision.received_count, response.decision.update_count], [4, 3]);
    assert.deepEqual(response.decision.excluded[0], {
        client_id: 'nan',
        reason: 'EXCLUSION_REASON_NOT_FINITE',
        description: 'has a component 1 that is not finite',
    });
});

test('AggregateStream, updates interleaved in odd chunks: answers with the decision, then the aggregate', async (t) => {
    const stream = connect(t, AggregationService).AggregateStream({ deadline: Date.now() + 30_000 });
    const answer = collect(stream);
    stream.write({ spec: { length: 3, byzantine_count: 1, rule: { median: {} } } });
    stream.write({ declarations: ramp.map((_, i) => ({ client_id: `${i}`, length: 3 })) });
    for (let start = 0; start < 12; start += 5) {
        stream.write({ chunks: ramp.map((row, i) => ({ client_id: `${i}`, values: bytes(row).subarray(start, start + 5) })) });
    }
    stream.end();

    const { decision, vector } = await answer;
    assert.deepEqual(vector, [4, 5, 6]);
    assert.deepEqual([decision.rule, decision.update_count], ['median', 3]);
});

test('AggregateStream, too few updates: is refused with the numbers', async (t) => {
    const stream = connect(t, AggregationService).AggregateStream({ deadline: Date.now() + 30_000 });
    stream.resume();
    stream.write({
        spec: { length: 1, byzantine_count: 2, rule: { krum: {} } },
        declarations: [{ client_id: 'a', length: 1 }],
        chunks: [{ client_id: 'a', values: bytes([1]) }],
    });
    stream.end();

    const [error] = await once(stream, 'error');

    assert.equal(error.code, status.FAILED_PRECONDITION);
    assert.deepEqual(errorDetail(error, 'google.rpc.ErrorInfo').metadata, { rule: 'krum (blanchard2017)', n: '1', f: '2' });
});

async function collect(stream) {
    const parts = [];
    const vector = [];
    for await (const { decision, chunk } of stream) {
        if (decision) {
            parts.push(decision);
        } else {
            assert.equal(Number(chunk.offset), vector.length);
            vector.push(...floats(chunk.values));
        }
    }

    return { decision: parts[0], vector };
}

function bytes(components) {
    return Buffer.from(Float32Array.from(components).buffer);
}

function floats(buffer) {
    return Array.from({ length: buffer.length / 4 }, (_, i) => buffer.readFloatLE(4 * i));
}

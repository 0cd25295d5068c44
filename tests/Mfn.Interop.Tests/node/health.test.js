import assert from 'node:assert/strict';
import test from 'node:test';
import { status } from '@grpc/grpc-js';
import { call, connect, contracts, next, stream } from './server.js';

const { Health } = contracts.grpc.health.v1;

test('Check, server and each service: is SERVING', async (t) => {
    const client = connect(t, Health);

    for (const service of ['', 'mfn.v1.SimulationService', 'mfn.v1.MembraneService']) {
        assert.equal((await call(client, 'Check', { service })).status, 'SERVING', service);
    }
});

test('Unknown service: Check is NOT_FOUND and Watch says so', async (t) => {
    const client = connect(t, Health);
    const watch = stream(client, 'Watch', { service: 'mfn.v1.Nothing' });
    const statuses = watch.iterator();

    await assert.rejects(call(client, 'Check', { service: 'mfn.v1.Nothing' }), {
        code: status.NOT_FOUND,
        details: "The server has no service 'mfn.v1.Nothing'.",
    });
    assert.equal((await next(statuses)).status, 'SERVICE_UNKNOWN');
    await cancel(watch, statuses);
});

test('Watch, 150 on one connection: all are answered while all are open', async (t) => {
    const client = connect(t, Health);
    const watches = Array.from({ length: 150 }, () => stream(client, 'Watch', {}));
    const statuses = watches.map((watch) => watch.iterator());

    const first = await Promise.all(statuses.map(next));

    assert.deepEqual(first, Array(150).fill({ status: 'SERVING' }));
    await Promise.all(watches.map((watch, index) => cancel(watch, statuses[index])));
});

async function cancel(watch, statuses) {
    watch.cancel();
    await assert.rejects(next(statuses), { code: status.CANCELLED });
}

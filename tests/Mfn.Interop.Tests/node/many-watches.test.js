import assert from 'node:assert/strict';
import test from 'node:test';
import { status } from '@grpc/grpc-js';
import { addresses, call, connect, contracts, deleteAfter, next, retryDelayMilliseconds, stream } from './server.js';

const { RunService } = contracts.mfn.v1;
const count = 150;

test('WatchRun, 150 on one connection: all are served', async (t) => {
    const { served, refused } = await watchFromOneConnection(t, addresses.plaintext);

    assert.deepEqual([served, refused.length], [count, 0]);
});

test('WatchRun, 150 on one connection that may have 100: 50 are refused', async (t) => {
    const { served, refused } = await watchFromOneConnection(t, addresses.hundredStreams);

    assert.deepEqual([served, refused.length], [100, 50]);
    for (const error of refused) {
        assert.equal(error.code, status.RESOURCE_EXHAUSTED);
        assert.match(error.details, /already has 100 open calls/);
        assert.equal(retryDelayMilliseconds(error), 1000);
    }
});

/** Opens the watches, lets the run go a step once each has its first frame or a refusal, and counts who gets that step. */
async function watchFromOneConnection(t, address) {
    const steerer = connect(t, RunService, { address, 'grpc.use_local_subchannel_pool': 1 });
    const watcher = connect(t, RunService, { address, 'grpc.use_local_subchannel_pool': 1 });
    const run = await deleteAfter(t, call(steerer, 'CreateRun', { spec: { grid_size: 16 }, paused: true }), address);
    const request = { run_id: run.run_id, field_encoding: 'FIELD_ENCODING_FLOAT32' };

    const watches = Array.from({ length: count }, () => stream(watcher, 'WatchRun', request).iterator());
    const begun = await Promise.allSettled(watches.map(next));
    const steering = steerer.SteerRun({ deadline: Date.now() + 30_000 });
    steering.end({ run_id: run.run_id, command: { command_id: 'one', take_steps: { steps: 1 } } });
    const served = watches.filter((_, index) => begun[index].status === 'fulfilled');
    for (const message of await Promise.all(served.map(next))) {
        assert.deepEqual([message.sequence, message.step], ['1', '1']);
        assert.ok(message.snapshot);
    }

    await steering.toArray();
    await Promise.all(served.map((messages) => messages.return()));
    const refused = begun.filter((each) => each.status === 'rejected').map((each) => each.reason);
    return { served: served.length, refused };
}

import assert from 'node:assert/strict';
import test from 'node:test';
import { status } from '@grpc/grpc-js';
import { call, connect, contracts, errorDetail, next, stream } from './server.js';

const { SimulationService } = contracts.mfn.v1;
const { Health } = contracts.grpc.health.v1;

test('Simulate, grid of 3: is refused with the field, its range and its value', async (t) => {
    await assert.rejects(call(connect(t, SimulationService), 'Simulate', { spec: { grid_size: 3 } }), (error) => {
        assert.equal(error.code, status.INVALID_ARGUMENT);
        assert.equal(error.details, 'spec.grid_size must be between 4 and 1024, but was 3.');
        assert.deepEqual(errorDetail(error, 'google.rpc.BadRequest').field_violations, [
            { field: 'spec.grid_size', description: 'must be between 4 and 1024, but was 3' },
        ]);
        return true;
    });
});

test('StreamSimulation, two problems: are both named', async (t) => {
    const messages = stream(connect(t, SimulationService), 'StreamSimulation', {
        spec: { alpha: NaN },
        every_n_steps: 0,
    }).iterator();

    await assert.rejects(next(messages), (error) => {
        const violations = [
            { field: 'spec.alpha', description: 'must be at least 0 and below 0.25, but was NaN' },
            { field: 'every_n_steps', description: 'must be between 1 and 10000, but was 0' },
        ];
        assert.equal(error.code, status.INVALID_ARGUMENT);
        assert.equal(error.details, violations.map(({ field, description }) => `${field} ${description}.`).join(' '));
        assert.deepEqual(errorDetail(error, 'google.rpc.BadRequest').field_violations, violations);
        return true;
    });
});

test('Any call, request of more than 4 MiB: is refused with the limit', async (t) => {
    const client = connect(t, Health);

    await assert.rejects(call(client, 'Check', { service: 'x'.repeat(5 * 1024 * 1024) }), {
        code: status.RESOURCE_EXHAUSTED,
        details: "The request message exceeds the server's limit of 4194304 bytes.",
    });

    assert.equal((await call(client, 'Check', {})).status, 'SERVING');
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { status } from '@grpc/grpc-js';
import { call, connect, contracts, golden } from './server.js';

const { SimulationService } = contracts.mfn.v1;

test('Simulate, empty request: runs the defaults and says what they were', async (t) => {
    const client = connect(t, SimulationService);

    const first = await call(client, 'Simulate', {});
    const again = await call(client, 'Simulate', { spec: first.summary.spec });

    assert.deepEqual(first.summary.spec, {
        variant: 'SIMULATION_VARIANT_MODEL',
        grid_size: 64,
        steps: 64,
        seed: '42',
        alpha: 0.18,
        spike_probability: 0.25,
        turing_enabled: true,
        turing_threshold: 0.75,
        jitter_enabled: false,
        jitter_variance_volts_squared: 0.0005,
        precision: 'PRECISION_BINARY64',
        allow_unstable: false,
        engine: null,

        // Of kinetics, which these are not.
        domain: null,
        initial: null,
        integrator: 'INTEGRATOR_UNSPECIFIED',
        millivolt_scales: [],
        noise: null,
    });
    assert.deepEqual(again, first);
    assert.equal(first.field, null);
});

for (const id of ['model_00', 'model_09', 'model_25']) {
    test(`Simulate, ${id} of the reference: has the same bits`, async (t) => {
        const { inputs, outputs } = golden('field_model.json', id);

        const { summary, field } = await call(connect(t, SimulationService), 'Simulate', {
            spec: modelSpec(inputs),
            field_encoding: 'FIELD_ENCODING_FLOAT64',
        });

        assert.equal(createHash('sha256').update(field.values).digest('hex'), outputs.field_sha256);
        assert.deepEqual(
            [field.rows, field.columns, field.encoding],
            [inputs.grid_size, inputs.grid_size, 'FIELD_ENCODING_FLOAT64'],
        );
        assert.equal(summary.growth_event_count, String(outputs.growth_events));
        assert.deepEqual(summary.statistics, {
            min_potential_millivolts: outputs.stats.pot_min_mV,
            max_potential_millivolts: outputs.stats.pot_max_mV,
            mean_potential_millivolts: outputs.stats.pot_mean_mV,
            potential_standard_deviation_millivolts: outputs.stats.pot_std_mV,
        });
        const millivolts = doubles(field).map((volts) => volts * 1000);
        assert.deepEqual(
            [Math.min(...millivolts), Math.max(...millivolts)],
            [outputs.stats.pot_min_mV, outputs.stats.pot_max_mV],
        );
    });
}

test('Simulate, engine_17 of the reference: has the same bits', async (t) => {
    const { inputs, outputs } = golden('field_engine.json', 'engine_17');

    const { summary, field } = await call(connect(t, SimulationService), 'Simulate', {
        spec: {
            variant: 'SIMULATION_VARIANT_ENGINE',
            grid_size: inputs.grid_size,
            steps: inputs.steps,
            seed: inputs.seed,
            turing_threshold: inputs.turing_threshold,
            engine: {
                boundary: 'BOUNDARY_DIRICHLET',
                activator_diffusion: inputs.d_activator,
                inhibitor_diffusion: inputs.d_inhibitor,
                activator_rate: inputs.r_activator,
                inhibitor_rate: inputs.r_inhibitor,
            },
        },
        field_encoding: 'FIELD_ENCODING_FLOAT64',
    });

    assert.equal(inputs.boundary_condition, 'dirichlet');
    assert.equal(createHash('sha256').update(field.values).digest('hex'), outputs.field_sha256);
    assert.deepEqual(
        [summary.growth_event_count, summary.turing_activation_count, summary.clamping_event_count].map(Number),
        [outputs.metrics.growth_events, outputs.metrics.turing_activations, outputs.metrics.clamping_events],
    );
    assert.equal(summary.mean_activator, outputs.metrics.activator_mean);
    assert.equal(summary.mean_inhibitor, outputs.metrics.inhibitor_mean);
});

test('Simulate, single precision: is the field rounded to nearest', async (t) => {
    const client = connect(t, SimulationService);
    const { inputs, outputs } = golden('field_model.json', 'model_00');
    const spec = modelSpec(inputs);

    const double = (await call(client, 'Simulate', { spec, field_encoding: 'FIELD_ENCODING_FLOAT64' })).field;
    const single = (await call(client, 'Simulate', { spec, field_encoding: 'FIELD_ENCODING_FLOAT32' })).field;

    assert.equal(createHash('sha256').update(double.values).digest('hex'), outputs.field_sha256);
    assert.equal(single.encoding, 'FIELD_ENCODING_FLOAT32');
    assert.deepEqual(singles(single), doubles(double).map(Math.fround));
});

test('Simulate, model without Turing coupling: has no means of activator and inhibitor', async (t) => {
    const { summary } = await call(connect(t, SimulationService), 'Simulate', {
        spec: { grid_size: 8, turing_enabled: false },
    });

    assert.equal(summary.spec.turing_enabled, false);
    assert.ok(!('mean_activator' in summary) && !('mean_inhibitor' in summary));
});

test('Simulate, field of 8 MiB: needs a client that takes more than 4 MiB', async (t) => {
    const request = { spec: { grid_size: 1024, steps: 1 }, field_encoding: 'FIELD_ENCODING_FLOAT64' };
    const usual = connect(t, SimulationService);
    const roomy = connect(t, SimulationService, { 'grpc.max_receive_message_length': 16 * 1024 * 1024 });

    await assert.rejects(call(usual, 'Simulate', request), {
        code: status.RESOURCE_EXHAUSTED,
        details: /larger than max/,
    });
    const { field } = await call(roomy, 'Simulate', request);

    assert.equal(field.values.length, 8 * 1024 * 1024);
});

function modelSpec(inputs) {
    return {
        grid_size: inputs.grid_size,
        steps: inputs.steps,
        seed: inputs.seed,
        alpha: inputs.alpha,
        spike_probability: inputs.spike_probability,
        turing_enabled: inputs.turing_enabled,
        turing_threshold: inputs.turing_threshold,
        jitter_enabled: inputs.quantum_jitter,
        jitter_variance_volts_squared: inputs.jitter_var,
    };
}

function doubles({ rows, columns, values }) {
    assert.equal(values.length, rows * columns * 8);
    return Array.from({ length: rows * columns }, (_, cell) => values.readDoubleLE(cell * 8));
}

function singles({ rows, columns, values }) {
    assert.equal(values.length, rows * columns * 4);
    return Array.from({ length: rows * columns }, (_, cell) => values.readFloatLE(cell * 4));
}

import assert from 'node:assert/strict';
import test from 'node:test';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { call, connect, contracts, loaderOptions } from './server.js';

const { FileDescriptorResponse, ServerReflection } = contracts.grpc.reflection.v1;

test('ListServices: names all services', async (t) => {
    const { list_services_response: services } = await ask(connect(t, ServerReflection), { list_services: '' });

    assert.deepEqual(
        services.service.map(({ name }) => name).sort(),
        [
            'grpc.health.v1.Health',
            'grpc.reflection.v1.ServerReflection',
            'grpc.reflection.v1alpha.ServerReflection',
            'mfn.v1.AggregationService',
            'mfn.v1.FeatureService',
            'mfn.v1.FractalService',
            'mfn.v1.MembraneService',
            'mfn.v1.RunService',
            'mfn.v1.SimulationService',
            'mfn.v1.ValidationService',
        ],
    );
});

test('FileContainingSymbol, unknown symbol: is not found', async (t) => {
    const client = connect(t, ServerReflection);

    const { error_response: error } = await ask(client, { file_containing_symbol: 'mfn.v1.Nothing' });

    assert.equal(error.error_code, 5);
});

test('FileContainingSymbol: its answer makes a client that simulates like one of the contract files', async (t) => {
    const { file_descriptor_response: files } = await ask(connect(t, ServerReflection), {
        file_containing_symbol: 'mfn.v1.SimulationService',
    });

    // On the wire, the answer is what protobuf calls a FileDescriptorSet: files in field 1.
    const fileDescriptorSet = FileDescriptorResponse.serialize(files);
    const reflected = loadPackageDefinition(loadFileDescriptorSetFromBuffer(fileDescriptorSet, loaderOptions));
    const request = { spec: { grid_size: 12, steps: 9 }, field_encoding: 'FIELD_ENCODING_FLOAT64' };
    const response = await call(connect(t, reflected.mfn.v1.SimulationService), 'Simulate', request);

    assert.deepEqual(Object.keys(reflected.mfn.v1.SimulationService.service), Object.keys(contracts.mfn.v1.SimulationService.service));
    assert.deepEqual(response, await call(connect(t, contracts.mfn.v1.SimulationService), 'Simulate', request));
    assert.equal(response.field.values.length, 12 * 12 * 8);
});

async function ask(client, request) {
    const reflection = client.ServerReflectionInfo({ deadline: Date.now() + 30_000 });
    reflection.end(request);
    const answers = await reflection.toArray();
    assert.equal(answers.length, 1);
    return answers[0];
}

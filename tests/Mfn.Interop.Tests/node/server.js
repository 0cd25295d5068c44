// The servers that `run` started, and clients for them made from the contract files alone.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { credentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const root = join(import.meta.dirname, '../../..');

export const addresses = {
    plaintext: setting('INTEROP_PLAINTEXT'),
    singleRun: setting('INTEROP_SINGLE_RUN'),
    hundredStreams: setting('INTEROP_HUNDRED_STREAMS'),
    tls: setting('INTEROP_TLS'),
};

/** How proto-loader represents messages: names as in the contract, 64-bit integers as strings. */
export const loaderOptions = { keepCase: true, longs: String, enums: String, defaults: true };

const definitions = loadSync(
    [
        'mfn/v1/aggregation_service.proto',
        'mfn/v1/simulation_service.proto',
        'mfn/v1/run_service.proto',
        'mfn/v1/membrane_service.proto',
        'grpc/health/v1/health.proto',
        'grpc/reflection/v1/reflection.proto',
        'google/rpc/error_details.proto',
        'google/rpc/status.proto',
    ],
    { ...loaderOptions, includeDirs: [join(root, 'protos')] },
);

export const contracts = loadPackageDefinition(definitions);

/** A run that outlasts every test, so that only its client or the server can end it. */
export const longRun = { grid_size: 512, steps: 10_000 };

/** Makes a client and closes it when the test ends. */
export function connect(test, Service, { address = addresses.plaintext, tls, ...options } = {}) {
    const client = new Service(address, tls ?? credentials.createInsecure(), options);
    test.after(() => client.close());
    return client;
}

/** The live run that a call has started; it is deleted when the test ends. */
export async function deleteAfter(test, starting, address = addresses.plaintext) {
    const { run } = await starting;
    test.after(async () => {
        // The test's own client has been closed by now.
        const client = new contracts.mfn.v1.RunService(address, credentials.createInsecure());
        await call(client, 'DeleteRun', { run_id: run.run_id });
        client.close();
    });
    return run;
}

/** Calls a unary method; resolves to its response, rejects with its status. */
export function call(client, method, request, options = {}) {
    return new Promise((resolve, reject) => {
        client[method](request, within30Seconds(options), (error, response) =>
            error ? reject(error) : resolve(response),
        );
    });
}

/** Starts a server-streaming call. */
export function stream(client, method, request, options = {}) {
    return client[method](request, within30Seconds(options));
}

/** The next message of a streaming call; rejects with the call's status if there is none. */
export async function next(messages) {
    const { done, value } = await messages.next();
    if (done) {
        throw new Error('The stream ended.');
    }

    return value;
}

/** Simulates as soon as the server has a free run: waits as long as the refusal says, and gives up at the tenth. */
export async function simulateWhenFree(client, request) {
    for (let attempt = 1; ; attempt++) {
        try {
            return await call(client, 'Simulate', request);
        } catch (error) {
            if (error.code !== status.RESOURCE_EXHAUSTED || attempt === 10) {
                throw error;
            }

            await setTimeout(retryDelayMilliseconds(error));
        }
    }
}

/** How long a refusal asks the client to wait. */
export function retryDelayMilliseconds(error) {
    const { seconds, nanos } = errorDetail(error, 'google.rpc.RetryInfo').retry_delay;
    return Number(seconds) * 1000 + nanos / 1e6;
}

/** The only detail of an error, which must be of this type. */
export function errorDetail(error, type) {
    const [trailer] = error.metadata.get('grpc-status-details-bin');
    const { code, message, details } = definitions['google.rpc.Status'].deserialize(trailer);
    if (
        code !== error.code ||
        message !== error.details ||
        details.length !== 1 ||
        details[0].type_url !== `type.googleapis.com/${type}`
    ) {
        throw new Error(`The details do not go with the status: ${JSON.stringify({ code, message, details })}`);
    }

    return definitions[type].deserialize(details[0].value);
}

/** A recorded run of the reference. */
export function golden(file, id) {
    const { cases } = JSON.parse(readFileSync(join(root, 'tests/Mfn.Core.Tests/Golden', file)));
    return cases.find((each) => each.id === id);
}

/** A file that `run` issued: <name>.pem or <name>.key. */
export function certificate(file) {
    return readFileSync(join(setting('INTEROP_CERTIFICATES'), file));
}

function within30Seconds(options) {
    return { deadline: Date.now() + 30_000, ...options };
}

function setting(name) {
    const value = process.env[name];
    if (!value) {
        throw new Error(`${name} is not set: start the tests with 'run'.`);
    }

    return value;
}
